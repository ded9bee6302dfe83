//! The Merkle tree over what was copied or read so far: by it every copy is checked.

use super::Page;
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

    /// Position and root.
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// The hash of the last record's leaf; none if there is no record.
    pub fn last_leaf(&self) -> Option<Hash> {
        self.last_leaf
    }

    /// Adds a page. False, and nothing is added, if it does not follow.
    #[must_use]
    pub fn push(&mut self, page: &Page) -> bool {
        if page.first != self.position() + 1 || page.records.is_empty() {
            return false;
        }
        page.records.records().for_each(|record| self.frontier.push(record));
        self.last_leaf = page.records.records().last().map(leaf_hash);
        true
    }
}
