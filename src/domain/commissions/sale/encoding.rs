//! A sale in a snapshot.

use super::Sale;
use crate::encoding::codec;

codec!(Sale { earning, minor_units, lead, next_of_lead });
