//! The Merkle tree over all records (RFC 6962, SHA-256), kept as its frontier: the roots of its full subtrees.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The state of the Merkle tree over all records (RFC 6962, SHA-256).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many records the tree holds; also the position of the last one.
    pub size: u64,
    /// The tree's root hash.
    pub root: Hash,
}

/// The version byte in front of every record's bytes in its leaf, so that a later format can never be taken for
/// this one.
pub const LEAF_VERSION: u8 = 1;

/// The most peaks that a frontier can have: one for each bit of the size.
pub(crate) const MAX_PEAKS: usize = 64;

/// The hash of a record's leaf: `SHA-256(0x00 || version || record)`.
#[must_use]
pub fn leaf_hash(record: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00, LEAF_VERSION]);
    hasher.update(record);
    hasher.finalize().into()
}

/// The hash of a node of two subtrees: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [0x01; 65];
    input[1..33].copy_from_slice(left);
    input[33..].copy_from_slice(right);
    Sha256::digest(input).into()
}

/// The tree's size and the roots of its full subtrees, the largest (leftmost) first. All that is needed to append.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds a frontier from its parts; `None` if the number of peaks does not match the size.
    pub(crate) fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a record.
    pub fn push(&mut self, record: &[u8]) {
        self.push_leaf(leaf_hash(record));
    }

    /// Appends a record by its leaf's hash.
    pub fn push_leaf(&mut self, leaf: Hash) {
        let mut node = leaf;
        let mut rest = self.size;
        while rest & 1 == 1 {
            // A set bit of the size stands for a peak, so there is one to take.
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            rest >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Returns the tree's root; for the empty tree the hash of the empty string.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(smallest) = peaks.next() else {
            return Sha256::digest([]).into();
        };
        peaks.fold(*smallest, |right, left| node_hash(left, &right))
    }

    /// Size and root together.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    fn record(index: u64) -> Vec<u8> {
        format!("record {index}").repeat(index as usize % 5).into_bytes()
    }

    /// The recursive definition of RFC 6962, section 2.1, word for word.
    fn rfc_root(records: &[Vec<u8>]) -> Hash {
        match records {
            [] => Sha256::digest([]).into(),
            [one] => leaf_hash(one),
            many => {
                let split = many.len().next_power_of_two() / 2;
                node_hash(&rfc_root(&many[..split]), &rfc_root(&many[split..]))
            }
        }
    }

    #[test]
    fn roots_follow_the_rfc() {
        let records: Vec<_> = (0..200).map(record).collect();
        let mut frontier = Frontier::new();
        for size in 0..=records.len() {
            assert_eq!(frontier.root(), rfc_root(&records[..size]), "size {size}");
            assert_eq!(frontier.size(), size as u64);
            if let Some(next) = records.get(size) {
                frontier.push(next);
            }
        }
    }

    #[test]
    fn roots_agree_with_another_implementation() {
        let mut frontier = Frontier::new();
        let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        for index in 0..1_000 {
            let record = record(index);
            frontier.push(&record);
            oracle.push([&[LEAF_VERSION][..], &record].concat());
            assert_eq!(frontier.root()[..], oracle.root().as_bytes()[..]);
        }
    }

    #[test]
    fn parts_must_fit() {
        assert!(Frontier::from_parts(3, vec![[0; 32]]).is_none());
        assert!(Frontier::from_parts(3, vec![[0; 32]; 2]).is_some());
    }
}
