//! A sale in a snapshot.

use super::Sale;
use crate::snapshot::saved;

saved!(Sale { earning, minor_units, lead, next_of_lead });
