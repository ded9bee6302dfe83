//! The embedded journal: the log with the store behind it, in a directory of this machine that one process owns.
//!
//! Imports run one way: `journal` → {`feed_store`, `maintenance`} → {`seal`, `scrub`, `read`} → `shared` →
//! {`cache`, `maintenance_signal`, `queue`, `recent_leaves`}.

mod cache;
mod feed_store;
mod journal;
mod maintenance;
mod maintenance_signal;
mod queue;
mod read;
mod recent_leaves;
mod scrub;
mod seal;
mod shared;

use std::path::Path;

pub use super::options::{Options, Step, StepHook};
pub use super::recovery::{Inspection, OpenReport, Problem, inspect, inspect_records};
pub use super::store::Checkpoint;
pub use journal::EmbeddedJournal;

/// Whether a directory holds a ledger: whether an embedded journal was ever opened in it.
pub fn is_ledger(dir: &Path) -> bool {
    dir.join(super::recovery::WAL_DIR).is_dir()
}
