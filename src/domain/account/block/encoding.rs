//! A block of entries in a snapshot: packed as it is.

use super::Block;
use crate::encoding::codec;

codec!(Block { settled_by, summary, entries });
