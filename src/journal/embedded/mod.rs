//! The embedded journal: the log with the store behind it, in a directory of this machine that one process owns.
//!
//! Imports run one way: `journal` → {`feed_store`, `maintenance`} → {`seal`, `scrub`, `read`} → `shared` →
//! {`maintenance_signal`, `queue`}.

mod feed_store;
mod journal;
mod maintenance;
mod maintenance_signal;
mod queue;
mod read;
mod scrub;
mod seal;
mod shared;

use super::store::{CHECKPOINT_FILE, FoundCheckpoint, STORE_FILE, read_checkpoint};
use std::path::Path;

pub use super::options::{Options, Step, StepHook};
pub use super::recovery::{Inspection, OpenReport, Problem, inspect, inspect_records};
pub use super::store::Checkpoint;
pub use journal::EmbeddedJournal;

/// Whether a directory holds a ledger: whether an embedded journal was ever opened in it.
pub fn is_ledger(dir: &Path) -> bool {
    dir.join(super::recovery::WAL_DIR).is_dir()
}

/// Whether a directory holds a ledger or a part of one: its log, its store, or the checkpoint that says how many records there were.
pub fn has_remains(dir: &Path) -> bool {
    is_ledger(dir) || dir.join(super::recovery::STORE_DIR).join(STORE_FILE).is_file() || has_checkpoint(dir)
}

/// Whether it has a whole checkpoint; other programs have files of that name.
fn has_checkpoint(dir: &Path) -> bool {
    dir.join(CHECKPOINT_FILE).is_file() && matches!(read_checkpoint(dir), Ok(FoundCheckpoint::Checkpoint(_)))
}
