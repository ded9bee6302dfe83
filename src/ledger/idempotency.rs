//! Which event ids are recorded, for good: a fingerprint and a position per record (rules 2.1).
//!
//! A hit is a hint only: the caller reads the record at the position and compares the id itself.

pub mod saved;

use crate::domain::ids::EventId;
use hashbrown::HashTable;
use smallvec::SmallVec;
use siphasher::sip::SipHasher13;

/// Tables that grow apart, so that no append waits for all of it to be moved.
const SHARDS: usize = 256;
/// How many bits of a fingerprint are kept.
const FINGERPRINT_BITS: u32 = 56;
/// How many bits a position may have.
const POSITION_BITS: u32 = 40;

/// The fingerprint of an event id, with a secret of the ledger's own so that nobody can aim at collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

/// What makes fingerprints: drawn at random when the first record is replayed, and kept with snapshots of them.
#[derive(Clone, Copy)]
pub struct Seed(u128);

impl Seed {
    /// The fingerprint of an event id.
    pub fn fingerprint(&self, event_id: EventId) -> Fingerprint {
        Fingerprint(SipHasher13::new_with_key(&self.0.to_le_bytes()).hash(&event_id.0.to_le_bytes()) >> (u64::BITS - FINGERPRINT_BITS))
    }
}

/// Where records with a fingerprint may be.
pub type Candidates = SmallVec<[u64; 1]>;

/// 96 bits: a fingerprint and a position.
#[derive(Clone, Copy)]
struct Slot([u32; 3]);

impl Slot {
    #[expect(clippy::cast_possible_truncation, reason = "the parts are cut to 32 bits, and the rest is kept in the third")]
    fn new(Fingerprint(fingerprint): Fingerprint, position: u64) -> Self {
        assert!(position < 1 << POSITION_BITS, "a ledger holds fewer than 2^40 records");
        let high = (fingerprint >> 32) << 8 | position >> 32;
        Self([fingerprint as u32, position as u32, high as u32])
    }

    fn fingerprint(self) -> Fingerprint {
        Fingerprint(u64::from(self.0[2] >> 8) << 32 | u64::from(self.0[0]))
    }

    fn position(self) -> u64 {
        u64::from(self.0[2] & 0xff) << 32 | u64::from(self.0[1])
    }
}

/// All recorded event ids, as fingerprints with positions: 12 bytes each, and room to grow.
pub struct Idempotency {
    seed: Seed,
    shards: Vec<HashTable<Slot>>,
}

impl Default for Idempotency {
    fn default() -> Self {
        Self { seed: Seed(uuid::Uuid::new_v4().as_u128()), shards: (0..SHARDS).map(|_| HashTable::new()).collect() }
    }
}

impl Idempotency {
    /// What makes the fingerprints.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The fingerprint of an event id.
    pub fn fingerprint(&self, event_id: EventId) -> Fingerprint {
        self.seed.fingerprint(event_id)
    }

    /// The positions of records whose event id has this fingerprint.
    pub fn candidates(&self, fingerprint: Fingerprint) -> Candidates {
        let slots = self.shards[shard_of(fingerprint)].iter_hash(spread(fingerprint));
        slots.filter(|slot| slot.fingerprint() == fingerprint).map(|slot| slot.position()).collect()
    }

    /// Notes that the record at a position has an event id of this fingerprint.
    pub fn insert(&mut self, fingerprint: Fingerprint, position: u64) {
        let slot = Slot::new(fingerprint, position);
        self.shards[shard_of(fingerprint)].insert_unique(spread(fingerprint), slot, |slot| spread(slot.fingerprint()));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "eight bits are left")]
fn shard_of(Fingerprint(fingerprint): Fingerprint) -> usize {
    (fingerprint >> (FINGERPRINT_BITS - SHARDS.trailing_zeros())) as usize
}

/// A table takes its buckets from the low bits and its tags from the high ones: both must vary.
fn spread(Fingerprint(fingerprint): Fingerprint) -> u64 {
    fingerprint.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_where_it_is() {
        let mut ids = Idempotency::default();
        for position in 1..=20_000_u64 {
            ids.insert(ids.fingerprint(EventId(u128::from(position) << 64)), position);
        }
        assert_eq!(ids.shards.iter().map(HashTable::len).sum::<usize>(), 20_000);
        for position in 1..=20_000_u64 {
            assert!(ids.candidates(ids.fingerprint(EventId(u128::from(position) << 64))).contains(&position));
        }
        let strangers = (1..=20_000_u128).filter(|id| !ids.candidates(ids.fingerprint(EventId(*id))).is_empty()).count();
        assert!(strangers < 10, "{strangers} strangers were taken for known ids");
    }

    #[test]
    fn slots_hold_all_bits_and_collisions_are_all_found() {
        let (fingerprint, position) = (Fingerprint((1 << FINGERPRINT_BITS) - 3), (1 << POSITION_BITS) - 5);
        let slot = Slot::new(fingerprint, position);
        assert_eq!((slot.fingerprint(), slot.position()), (fingerprint, position));
        let mut ids = Idempotency::default();
        for position in [7, 8, position] {
            ids.insert(fingerprint, position);
        }
        let mut found = ids.candidates(fingerprint);
        found.sort_unstable();
        assert_eq!(found.as_slice(), [7, 8, position]);
    }
}
