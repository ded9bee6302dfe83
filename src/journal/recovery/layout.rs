//! The names in a journal's directory.

use crate::journal::store::{CHECKPOINT_FILE, NEW_CHECKPOINT_FILE};

/// The store's directory.
pub(crate) const STORE_DIR: &str = "store";
/// The directory of the log's segments.
pub(crate) const WAL_DIR: &str = "wal";
/// The directory of the snapshots.
const SNAPSHOT_DIR: &str = "snapshots";
/// The directories of a data directory whose files are opened: the journal's own, and that of the snapshots.
pub(crate) const OPENED_DIRS: [&str; 3] = [STORE_DIR, WAL_DIR, SNAPSHOT_DIR];
/// The lock of the directory.
pub(crate) const LOCK_FILE: &str = "lock";
/// What of a data directory is opened.
pub(crate) const OPENED: [&str; 6] = [LOCK_FILE, CHECKPOINT_FILE, NEW_CHECKPOINT_FILE, STORE_DIR, WAL_DIR, SNAPSHOT_DIR];
/// Left behind by a read that found the store damaged: the next opening rebuilds it.
pub(crate) const SUSPECT_FILE: &str = "store.suspect";
