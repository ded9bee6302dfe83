//! The leaf hashes of the last records, worked out when these were committed, so that nobody hashes a record a second time who follows
//! closely.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::journal::merkle::Hash;

/// How many are kept: 4 MiB.
const KEPT: usize = 1 << 17;

/// The leaf hashes of the last records that were committed by this process.
#[derive(Debug, Default)]
pub(super) struct RecentLeaves(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    /// The position of the first that is kept.
    first: u64,
    hashes: VecDeque<Hash>,
}

impl RecentLeaves {
    /// Keeps the hashes of a commit whose first record has position `first`.
    pub fn push(&self, first: u64, hashes: &[Hash]) {
        let last = first + hashes.len() as u64 - 1;
        let hashes = &hashes[hashes.len().saturating_sub(KEPT)..];
        let mut recent = self.0.lock();
        let surplus = (recent.hashes.len() + hashes.len()).saturating_sub(KEPT);
        recent.hashes.drain(..surplus);
        recent.hashes.extend(hashes);
        // Commits follow each other without a gap, so all that is kept ends where this one ends.
        recent.first = last + 1 - recent.hashes.len() as u64;
    }

    /// Returns at most `max` hashes from position `from` on; `None` if that one is not kept.
    pub fn get(&self, from: u64, max: usize) -> Option<Vec<Hash>> {
        let recent = self.0.lock();
        let skipped = usize::try_from(from.checked_sub(recent.first)?).ok().filter(|skipped| *skipped < recent.hashes.len())?;
        Some(recent.hashes.range(skipped..).take(max).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(position: u64) -> Hash {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&position.to_le_bytes());
        hash
    }

    #[test]
    fn the_last_ones_are_kept_by_their_positions() {
        let recent = RecentLeaves::default();
        assert_eq!(recent.get(1, 10), None);
        let mut next = 11;
        for count in [1, 5, KEPT as u64 / 2, KEPT as u64 / 2, 3, KEPT as u64 + 7, 2] {
            recent.push(next, &(next..next + count).map(hash).collect::<Vec<_>>());
            next += count;
        }
        let first = next - KEPT as u64;
        assert_eq!(recent.get(first - 1, 10), None);
        assert_eq!(recent.get(first, 2), Some(vec![hash(first), hash(first + 1)]));
        assert_eq!(recent.get(next - 1, 10), Some(vec![hash(next - 1)]));
        assert_eq!(recent.get(next, 10), None);
    }
}
