//! Snapshots: all that replay makes of the records up to a position, in a file, so that a start need not begin at the
//! first record.
//!
//! A snapshot is never the truth. It names the head of the Merkle tree at its position, which the journal's must equal;
//! what is damaged, of another version or of other records is ignored, and the records are replayed instead.

mod directory;
mod file;

pub use directory::{Checked, Found, SNAPSHOT_DIR, Snapshots};
pub use file::{FORMAT_VERSION, LoadError, SaveError, SnapshotFile, Writer};
