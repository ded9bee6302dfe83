//! Holdings in a snapshot.

use super::{Holding, Holdings, Part};
use crate::snapshot::saved;

saved!(Holding { partner, agreement, position, amount, available_at, entry });
saved!(Holdings(all));
saved!(Part { partner, agreement, amount, available_at });
