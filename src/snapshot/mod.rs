//! Snapshots: all that replay makes of the records up to a position, in a file, so that a start need not begin at the
//! first record.
//!
//! A snapshot is never the truth. It names the head of the Merkle tree at its position, which the journal's must equal;
//! what is damaged, of another version or of other records is ignored, and the records are replayed instead.

mod containers;
mod directory;
mod encoding;
mod file;
mod macros;
mod parts;
mod section;
mod values;

pub use directory::{Checked, Found, SNAPSHOT_DIR, Snapshots};
pub use encoding::{Damaged, Input, Output, Saved};
pub use file::{FORMAT_VERSION, LoadError, SaveError, SnapshotFile, Writer};
pub(crate) use macros::{saved, saved_enum};
pub use parts::{Many, One, Part, keep};
pub use section::{MOST_AT_ONCE, Section, Sink, save_many};
