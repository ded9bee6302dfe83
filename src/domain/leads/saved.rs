//! Leads in a snapshot.

use super::{Alias, Owner};
use crate::snapshot::{saved, saved_enum};

saved!(Alias { lead, stamp });
saved_enum!(Owner { 0 => House, 1 => Partner(row) });
