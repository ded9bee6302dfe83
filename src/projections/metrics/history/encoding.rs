//! A history in a snapshot.

use super::{Block, History};
use crate::encoding::codec;

codec!(Block { sums, earliest, latest, effective_by, first, last });
codec!(History { full, open, open_block, levels });
