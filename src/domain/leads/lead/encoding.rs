//! A lead in a snapshot.

use super::{ColdFields, Lead, WarmFields};
use crate::encoding::codec;

codec!(Lead { first, match_key, sales, sales_count, warm });
codec!(WarmFields { earning, protected, cold });
codec!(ColdFields { decisions, declined, losses, aliases, match_keys, first_sales, disputes, qualifications, voids_since, accrued });
