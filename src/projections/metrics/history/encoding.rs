//! A history in a snapshot.

use super::{History, Run};
use crate::encoding::codec;

codec!(Run { sums, earliest, latest, effective_by, first, last });
codec!(History { full, open, open_run, levels });
