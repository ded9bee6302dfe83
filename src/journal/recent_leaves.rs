//! The leaf hashes of the last records, worked out when these were committed, so that nobody hashes a record a second time who follows
//! closely.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::merkle::Hash;

/// How many are kept: 4 MiB.
const KEPT: usize = 1 << 17;

/// The leaf hashes of the last records that were committed by this process. Who commits never waits for who reads, which may be a thread
/// of a low priority.
#[derive(Debug, Default)]
pub(crate) struct RecentLeaves {
    /// What could not be added yet, because somebody was reading. Locked by who commits alone.
    pending: Mutex<Vec<Hash>>,
    recent: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    /// The position behind the last that is kept.
    end: u64,
    hashes: VecDeque<Hash>,
}

impl RecentLeaves {
    /// Keeps the hashes of a commit whose first record has position `first`. Commits follow each other without a gap.
    pub fn push(&self, first: u64, hashes: &[Hash]) {
        let mut pending = self.pending.lock();
        pending.extend_from_slice(hashes);
        let surplus = pending.len().saturating_sub(KEPT);
        pending.drain(..surplus);
        let Some(mut recent) = self.recent.try_lock() else { return };
        let surplus = (recent.hashes.len() + pending.len()).saturating_sub(KEPT);
        // After a surplus of pending ones the kept ones are too old, and go as well.
        recent.hashes.drain(..surplus);
        recent.hashes.extend(pending.drain(..));
        recent.end = first + hashes.len() as u64;
    }

    /// Returns at most `max` hashes from position `from` on; `None` if that one is not kept, or not yet.
    pub fn get(&self, from: u64, max: usize) -> Option<Vec<Hash>> {
        let recent = self.recent.lock();
        let first = recent.end - recent.hashes.len() as u64;
        let skipped = usize::try_from(from.checked_sub(first)?).ok().filter(|skipped| *skipped < recent.hashes.len())?;
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

    #[test]
    fn who_commits_does_not_wait_for_who_reads_and_nothing_is_lost() {
        let recent = RecentLeaves::default();
        recent.push(1, &[hash(1)]);
        let reading = recent.recent.lock();
        recent.push(2, &[hash(2), hash(3)]);
        recent.push(4, &[hash(4)]);
        drop(reading);
        assert_eq!((recent.get(1, 10), recent.get(2, 10)), (Some(vec![hash(1)]), None));
        recent.push(5, &[hash(5)]);
        assert_eq!(recent.get(1, 10), Some((1..=5).map(hash).collect()));
        let reading = recent.recent.lock();
        recent.push(6, &(6..=KEPT as u64 + 10).map(hash).collect::<Vec<_>>());
        drop(reading);
        recent.push(KEPT as u64 + 11, &[hash(KEPT as u64 + 11)]);
        assert_eq!(recent.get(11, 10), None);
        assert_eq!(recent.get(12, 2), Some(vec![hash(12), hash(13)]));
    }
}
