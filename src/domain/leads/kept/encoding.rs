//! A lead in a snapshot.

use super::{Lead, Rare, Rest};
use crate::encoding::codec;

codec!(Lead { first, match_key, sales, sales_count, rest });
codec!(Rest { earning, protected, rare });
codec!(Rare { decisions, declined, losses, aliases, match_keys, first_sales, disputes, qualifications });
