//! Backups: copies of the records, checked by the Merkle tree's root, made while the ledger runs, and restored into a new
//! ledger with the same root.
//!
//! A copy is a *stream* of parts (`format`), which may lie in a *folder* of files that grows with the ledger
//! (`folder`). A copy is never committed before the tree over all of its records has the root that
//! the ledger announced, and an interrupted copy or restore leaves nothing that could be taken for a complete one.

#![allow(clippy::cast_possible_truncation, reason = "a page is smaller than 2^32 bytes, which is checked, and a usize has 64 bits")]

mod chain;
mod error;
mod folder;
mod format;
mod index;
mod page;
mod restore;
mod wire;

pub use chain::Chain;
pub use error::BackupError;
pub use folder::{Added, Addition, Folder, Growth};
pub use format::{Writer, check};
pub use index::{Index, IndexedFile};
pub use page::{PageCursor, RecordPage};
pub use restore::{OpenJournal, Origin, Restored, check_backup, restore, restore_into};
pub use wire::{FORMAT_VERSION, message_of, page_of};

use crate::journal::Hash;
use std::fmt::Write as _;

/// A hash as 64 hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    let mut text = String::with_capacity(2 * hash.len());
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
