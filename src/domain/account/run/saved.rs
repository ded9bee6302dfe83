//! A run of entries in a snapshot: packed as it is.

use super::Run;
use crate::snapshot::saved;

saved!(Run { settled_by, sums, entries });
