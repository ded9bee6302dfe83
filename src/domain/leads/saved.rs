//! Leads in a snapshot.

use super::{Alias, Owner, Sharing};
use crate::snapshot::{saved, saved_enum};

saved!(Alias { lead, stamp });
saved!(Sharing { first, more });
saved_enum!(Owner { 0 => House, 1 => Partner(row) });
