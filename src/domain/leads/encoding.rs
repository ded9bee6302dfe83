//! Leads in a snapshot.

use super::{Alias, Owner};
use crate::encoding::{codec, codec_enum};

codec!(Alias { lead, stamp });
codec_enum!(Owner { 0 => House, 1 => Partner(row) });
