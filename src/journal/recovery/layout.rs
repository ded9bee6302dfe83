//! The names in a journal's directory.

/// The store's directory.
pub(crate) const STORE_DIR: &str = "store";
/// The directory of the log's segments.
pub(crate) const WAL_DIR: &str = "wal";
/// Left behind by a read that found the store damaged: the next opening rebuilds it.
pub(crate) const SUSPECT_FILE: &str = "store.suspect";
