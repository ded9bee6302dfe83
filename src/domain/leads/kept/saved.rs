//! A lead in a snapshot.

use super::{Lead, Rare, Rest};
use crate::snapshot::saved;

saved!(Lead { first, match_key, sales, sales_count, rest });
saved!(Rest { earning, protected, rare });
saved!(Rare { decisions, declined, losses, aliases, match_keys, first_sales, disputes, qualifications });
