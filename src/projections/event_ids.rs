//! The event ids of all records, as a hash table from fingerprints to positions (rules 2.1).
//!
//! A hit is a hint only: the caller reads the record at the position and compares the id itself.

pub mod encoding;

use crate::domain::ids::EventId;
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;

/// How many bits of a fingerprint choose its shard: shards grow one by one, so that no append waits for a whole rehash.
const SHARD_BITS: u32 = 12;
/// How many bits of a fingerprint are kept in its shard.
const KEPT_BITS: u32 = u32::BITS;
/// A shard grows by a fourth when it is full to seven eighths.
const FULL_NUMERATOR: usize = 7;
const FULL_DENOMINATOR: usize = 8;

/// The fingerprint of an event id, with a secret of the ledger's own so that nobody can aim at collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    fn shard(self) -> usize {
        usize::try_from(self.0 >> KEPT_BITS).expect("twelve bits are left")
    }

    fn kept(self) -> u64 {
        self.0 & u64::from(u32::MAX)
    }
}

/// The key of the fingerprints: drawn at random without a snapshot, and kept in snapshots.
#[derive(Clone, Copy)]
pub struct Seed(u128);

impl Default for Seed {
    /// A new random key.
    fn default() -> Self {
        Self(uuid::Uuid::new_v4().as_u128())
    }
}

impl Seed {
    /// The fingerprint of an event id.
    pub fn fingerprint(&self, event_id: EventId) -> Fingerprint {
        let hash = SipHasher13::new_with_key(&self.0.to_le_bytes()).hash(&event_id.0.to_le_bytes());
        Fingerprint(hash >> (u64::BITS - SHARD_BITS - KEPT_BITS))
    }
}

/// Positions of records that may have an event id; mostly none or one.
pub type Candidates = SmallVec<[u64; 1]>;

/// A hash table with linear probing. Slots have 64 bits: 32 of the fingerprint, 32 of the position; 0 is free.
#[derive(Default)]
struct Shard {
    slots: Box<[u64]>,
    len: usize,
}

impl Shard {
    /// The place of a fingerprint: fingerprints are spread over all slots in proportion.
    fn place(kept: u64, slots: usize) -> usize {
        usize::try_from((kept * slots as u64) >> KEPT_BITS).expect("a place lies within the slots")
    }

    fn slots_from(&self, kept: u64) -> impl Iterator<Item = u64> {
        let (before, after) = self.slots.split_at(Self::place(kept, self.slots.len()));
        after.iter().chain(before).copied().take_while(|slot| *slot != 0)
    }

    fn insert(&mut self, slot: u64) {
        if self.len * FULL_DENOMINATOR >= self.slots.len() * FULL_NUMERATOR {
            let more = vec![0; (self.slots.len() + self.slots.len() / 4).max(8)].into_boxed_slice();
            for slot in std::mem::replace(&mut self.slots, more).into_iter().filter(|slot| *slot != 0) {
                self.put(slot);
            }
        }
        self.put(slot);
        self.len += 1;
    }

    fn put(&mut self, slot: u64) {
        let mut place = Self::place(slot >> u32::BITS, self.slots.len());
        while self.slots[place] != 0 {
            place = if place + 1 == self.slots.len() { 0 } else { place + 1 };
        }
        self.slots[place] = slot;
    }
}

/// All recorded event ids, as fingerprints with positions: 8 bytes each, and some room to grow.
pub struct EventIds {
    shards: Vec<Shard>,
}

impl Default for EventIds {
    fn default() -> Self {
        Self { shards: std::iter::repeat_with(Shard::default).take(1 << SHARD_BITS).collect() }
    }
}

impl EventIds {
    /// The positions of records whose event id has this fingerprint.
    pub fn candidates(&self, fingerprint: Fingerprint) -> Candidates {
        let slots = self.shards[fingerprint.shard()].slots_from(fingerprint.kept());
        slots.filter(|slot| slot >> u32::BITS == fingerprint.kept()).map(|slot| slot & u64::from(u32::MAX)).collect()
    }

    /// Vec<Update> that the record at a position has an event id of this fingerprint.
    pub fn insert(&mut self, fingerprint: Fingerprint, position: u64) {
        assert!((1..=u64::from(u32::MAX)).contains(&position), "a ledger holds fewer than 2^32 records");
        self.shards[fingerprint.shard()].insert(fingerprint.kept() << u32::BITS | position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_where_it_is() {
        let (seed, mut ids) = (Seed::default(), EventIds::default());
        for position in 1..=100_000_u64 {
            ids.insert(seed.fingerprint(EventId(u128::from(position) << 64)), position);
        }
        assert_eq!(ids.shards.iter().map(|shard| shard.len).sum::<usize>(), 100_000);
        for position in 1..=100_000_u64 {
            assert!(ids.candidates(seed.fingerprint(EventId(u128::from(position) << 64))).contains(&position));
        }
        let strangers = (1..=100_000_u128).filter(|id| !ids.candidates(seed.fingerprint(EventId(*id))).is_empty()).count();
        assert!(strangers < 10, "{strangers} strangers were taken for known ids");
    }

    #[test]
    fn slots_hold_all_bits_and_collisions_are_all_found() {
        let mut ids = EventIds::default();
        let last = u64::from(u32::MAX);
        for fingerprint in [Fingerprint((1 << (SHARD_BITS + KEPT_BITS)) - 1), Fingerprint(0)] {
            for position in [7, 8, last] {
                ids.insert(fingerprint, position);
            }
            let mut found = ids.candidates(fingerprint);
            found.sort_unstable();
            assert_eq!(found.as_slice(), [7, 8, last]);
        }
        assert!(ids.candidates(Fingerprint(1)).is_empty());
    }
}
