//! Proofs about the Merkle tree of RFC 6962: made from the hashes of its complete subtrees, and checked without them.
//!
//! Leaves are counted from 0, so the record at position 1 is leaf 0. What is made follows RFC 6962, sections 2.1.1 and 2.1.2; what is
//! checked follows the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2, so that making and checking share no code.

use crate::journal::{Hash, node_hash};
use sha2::{Digest as _, Sha256};
use std::ops::Range;

/// The root of a tree without leaves: the hash of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The largest power of two that is less than `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Returns the hash of the leaves of a range that is a subtree of some tree: one that begins where RFC 6962 splits. `node` returns the
/// hash of a complete subtree by its height and its number at that height: leaves `number << height` to `(number + 1) << height`.
///
/// # Errors
/// Those of `node`.
pub fn range_hash<E>(range: Range<u64>, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let count = range.end - range.start;
    if count == 0 {
        return Ok(empty_root());
    }
    if count.is_power_of_two() {
        let height = count.trailing_zeros();
        return node(height, range.start >> height);
    }
    let middle = range.start + split(count);
    let left = range_hash(range.start..middle, node)?;
    Ok(node_hash(&left, &range_hash(middle..range.end, node)?))
}

/// Returns the inclusion proof of a leaf in the tree of `size` leaves, the leaf's sibling first.
///
/// # Errors
/// Those of `node`, which is as in `range_hash`.
///
/// # Panics
/// If the leaf is not in the tree.
pub fn inclusion<E>(leaf: u64, size: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    assert!(leaf < size, "leaf {leaf} of a tree of {size}");
    let (mut range, mut siblings) = (0..size, Vec::new());
    while range.end - range.start > 1 {
        let middle = range.start + split(range.end - range.start);
        let sibling = if leaf < middle { middle..range.end } else { range.start..middle };
        range = if leaf < middle { range.start..middle } else { middle..range.end };
        siblings.push(sibling);
    }
    siblings.into_iter().rev().map(|sibling| range_hash(sibling, node)).collect()
}

/// Returns the consistency proof from the tree of `first` leaves to that of `second`; empty if they are the same, or the first is empty.
///
/// # Errors
/// Those of `node`, which is as in `range_hash`.
///
/// # Panics
/// If `first` is more than `second`.
pub fn consistency<E>(first: u64, second: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    assert!(first <= second, "from {first} leaves to {second}");
    if first == 0 || first == second {
        return Ok(Vec::new());
    }
    let (mut range, mut parts) = (0..second, Vec::new());
    // Down to the subtree that ends where the first tree does.
    while range.end != first {
        let middle = range.start + split(range.end - range.start);
        let other = if first <= middle { middle..range.end } else { range.start..middle };
        range = if first <= middle { range.start..middle } else { middle..range.end };
        parts.push(other);
    }
    // The first tree's own root is known to who checks the proof.
    if range.start > 0 {
        parts.push(range);
    }
    parts.into_iter().rev().map(|part| range_hash(part, node)).collect()
}

/// Returns the root that an inclusion proof leads to; `None` if the proof cannot be of that leaf in a tree of that size.
#[must_use]
pub fn root_of_inclusion(leaf_hash: &Hash, leaf: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if leaf >= size {
        return None;
    }
    let (mut number, mut last, mut root) = (leaf, size - 1, *leaf_hash);
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if number & 1 == 1 || number == last {
            root = node_hash(sibling, &root);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Whether a consistency proof shows that the tree of `second` leaves begins with that of `first`, by their roots.
#[must_use]
pub fn is_consistent(first: u64, first_root: &Hash, second: u64, second_root: &Hash, proof: &[Hash]) -> bool {
    if first > second {
        return false;
    }
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    if first == 0 {
        return proof.is_empty() && *first_root == empty_root();
    }
    leads_to_both(first, first_root, second, second_root, proof).unwrap_or(false)
}

fn leads_to_both(first: u64, first_root: &Hash, second: u64, second_root: &Hash, proof: &[Hash]) -> Option<bool> {
    let mut proof = proof.iter();
    let start = if first.is_power_of_two() { first_root } else { proof.next()? };
    let (mut number, mut last) = (first - 1, second - 1);
    while number & 1 == 1 {
        number >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*start, *start);
    for hash in proof {
        if last == 0 {
            return Some(false);
        }
        if number & 1 == 1 || number == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        number >>= 1;
        last >>= 1;
    }
    Some(last == 0 && old == *first_root && new == *second_root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Frontier, leaf_hash};
    use std::convert::Infallible;
    use tlog_tiles::tlog;

    fn leaf(number: u64) -> Hash {
        leaf_hash(format!("record {number}").as_bytes())
    }

    /// A complete subtree's hash, by definition.
    fn node(height: u32, number: u64) -> Result<Hash, Infallible> {
        Ok(match height {
            0 => leaf(number),
            _ => node_hash(&node(height - 1, 2 * number)?, &node(height - 1, 2 * number + 1)?),
        })
    }

    fn root(size: u64) -> Hash {
        let mut frontier = Frontier::new();
        (0..size).for_each(|number| frontier.push_leaf(leaf(number)));
        frontier.root()
    }

    /// The same nodes for the oracle, which numbers them in its own way.
    struct Stored;

    impl tlog::HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
            let of = |index: &u64| {
                let (height, number) = tlog::split_stored_hash_index(*index);
                let Ok(hash) = node(height.into(), number);
                tlog::Hash(hash)
            };
            Ok(indexes.iter().map(of).collect())
        }
    }

    const SIZES: [u64; 16] = [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100, 129];

    #[test]
    fn roots_and_proofs_of_inclusion_are_those_of_another_implementation() {
        for size in SIZES {
            let Ok(hash) = range_hash(0..size, &mut node);
            assert_eq!(hash, root(size), "{size}");
            for number in 0..size {
                let Ok(proof) = inclusion(number, size, &mut node);
                let theirs = tlog::prove_record(size, number, &Stored).expect("a proof");
                assert_eq!(proof, theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(), "{number} of {size}");
                assert_eq!(root_of_inclusion(&leaf(number), number, size, &proof), Some(root(size)), "{number} of {size}");
            }
        }
        assert_eq!(range_hash(0..0, &mut node), Ok(empty_root()));
        assert_eq!(empty_root(), Frontier::new().root());
    }

    #[test]
    fn proofs_of_consistency_are_those_of_another_implementation() {
        for second in SIZES {
            for first in 1..=second {
                let Ok(proof) = consistency(first, second, &mut node);
                assert!(is_consistent(first, &root(first), second, &root(second), &proof), "{first} to {second}");
                let theirs = tlog::prove_tree(second, first, &Stored).expect("a proof");
                assert_eq!(proof, theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(), "{first} to {second}");
            }
            assert!(is_consistent(0, &empty_root(), second, &root(second), &[]));
            assert!(!is_consistent(0, &root(1), second, &root(second), &[]));
        }
    }

    #[test]
    fn a_proof_of_anything_else_leads_elsewhere() {
        for size in SIZES {
            for number in 0..size {
                let Ok(proof) = inclusion(number, size, &mut node);
                let leads = |hash: &Hash, number, size, proof: &[Hash]| root_of_inclusion(hash, number, size, proof) == Some(root(size));
                assert!(!leads(&leaf(number + 1), number, size, &proof));
                assert!(!leads(&leaf(number), number, size, &[&proof[..], &[leaf(0)]].concat()), "longer");
                assert_eq!(root_of_inclusion(&leaf(number), size, size, &proof), None);
                for at in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[at][0] ^= 1;
                    assert!(!leads(&leaf(number), number, size, &changed));
                    changed.remove(at);
                    assert!(!leads(&leaf(number), number, size, &changed), "shorter");
                }
            }
        }
    }

    #[test]
    fn a_changed_past_is_not_consistent() {
        for (first, second) in [(1, 2), (3, 7), (4, 8), (6, 8), (33, 100), (64, 129), (100, 129)] {
            let Ok(proof) = consistency(first, second, &mut node);
            let holds =
                |first_root: &Hash, second_root: &Hash, proof: &[Hash]| is_consistent(first, first_root, second, second_root, proof);
            assert!(!holds(&root(first + 1), &root(second), &proof) && !holds(&root(first), &root(second + 1), &proof));
            assert!(!is_consistent(second, &root(second), first, &root(first), &proof), "backwards");
            assert!(!holds(&root(first), &root(second), &[&proof[..], &[leaf(0)]].concat()));
            for at in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at][31] ^= 1;
                assert!(!holds(&root(first), &root(second), &changed));
                changed.remove(at);
                assert!(!holds(&root(first), &root(second), &changed));
            }
        }
        assert!(is_consistent(5, &root(5), 5, &root(5), &[]) && !is_consistent(5, &root(5), 5, &root(6), &[]));
    }
}
