//! A lead in a snapshot.

use super::{ColdFields, Lead, WarmFields};
use crate::snapshot::saved;

saved!(Lead { first, match_key, sales, sales_count, warm });
saved!(WarmFields { earning, protected, cold });
saved!(ColdFields { decisions, declined, losses, aliases, match_keys, first_sales, disputes, qualifications });
