//! A history in a snapshot.

use super::{History, Run};
use crate::snapshot::saved;

saved!(Run { sums, earliest, latest, effective_by, first, last });
saved!(History { full, open, open_run, levels });
