//! The Merkle tree over the records copied or read so far, by which every copy is checked.

use super::RecordPage;
use crate::journal::{Frontier, Hash, TreeHead, leaf_hash};

/// The tree over the records from the first on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    frontier: Frontier,
    last_leaf: Option<Hash>,
}

impl Chain {
    /// The last position.
    pub fn position(&self) -> u64 {
        self.frontier.size()
    }

    /// The last position and the root there.
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// Returns the leaf hash of the last record; `None` without records.
    pub fn last_leaf(&self) -> Option<Hash> {
        self.last_leaf
    }

    /// Adds a page. Returns false, and adds nothing, if it does not follow or is empty.
    #[must_use]
    pub fn push(&mut self, page: &RecordPage) -> bool {
        if page.first != self.position() + 1 || page.records.is_empty() {
            return false;
        }
        page.records.records().for_each(|record| self.frontier.push(record));
        self.last_leaf = page.records.records().last().map(leaf_hash);
        true
    }
}
