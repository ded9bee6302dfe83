//! The names in a journal's directory.

/// The store's directory.
pub(crate) const STORE_DIR: &str = "store";
/// The directory of the log's segments.
pub(crate) const WAL_DIR: &str = "wal";
/// The directories of a data directory whose files are opened: the journal's own, and that of the snapshots.
pub(crate) const OPENED_DIRS: [&str; 3] = [STORE_DIR, WAL_DIR, "snapshots"];
/// Left behind by a read that found the store damaged: the next opening rebuilds it.
pub(crate) const SUSPECT_FILE: &str = "store.suspect";
