//! Event ids in a snapshot: what makes the fingerprints, and each table's slots in the order of their positions.

use super::{FINGERPRINT_BITS, Fingerprint, Idempotency, POSITION_BITS, SHARDS, Seed, Slot, shard_of, spread};
use crate::snapshot::{Damaged, Input, One, Output, Part, Saved, Section, Sink};
use hashbrown::HashTable;
use parking_lot::{Mutex, RwLock};

/// Bytes of a fingerprint.
const FINGERPRINT_BYTES: usize = FINGERPRINT_BITS as usize / 8;

impl Saved for Seed {
    fn save(&self, out: &mut Output) {
        out.raw(&self.0.to_le_bytes());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let bytes = input.raw(16)?.try_into().expect("that many were read");
        Ok(Self(u128::from_le_bytes(bytes)))
    }
}

impl Idempotency {
    /// Writes the ids of the records up to a position, while later ones may be added: ids are never taken out again.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save_until<S: Sink>(ids: &RwLock<Self>, position: u64, sink: &mut S) -> Result<(), S::Error> {
        let seed = ids.read().seed;
        sink.one(Section::EventIdSeed, &seed)?;
        for shard in 0..SHARDS {
            let mut slots: Vec<Slot> = ids.read().shards[shard].iter().copied().filter(|slot| slot.position() <= position).collect();
            slots.sort_unstable_by_key(|slot| (slot.position(), slot.fingerprint().0));
            let out = sink.begin();
            for slot in &slots {
                out.position(slot.position());
                out.raw(&slot.fingerprint().0.to_le_bytes()[..FINGERPRINT_BYTES]);
            }
            sink.end(Section::EventIds, shard, slots.len())?;
        }
        Ok(())
    }
}

/// Event ids that are being loaded.
pub struct IdempotencyLoad {
    seed: One<Seed>,
    shards: Shards,
}

struct Shards(Mutex<Vec<Option<HashTable<Slot>>>>);

impl Default for IdempotencyLoad {
    fn default() -> Self {
        Self { seed: One::default(), shards: Shards(Mutex::new((0..SHARDS).map(|_| None).collect())) }
    }
}

impl IdempotencyLoad {
    /// The part that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Part> {
        match section {
            Section::EventIdSeed => Some(&self.seed),
            Section::EventIds => Some(&self.shards),
            _ => None,
        }
    }

    /// The ids, once all parts are finished: those of so many records.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self, records: u64) -> Result<Idempotency, Damaged> {
        let shards: Option<Vec<_>> = std::mem::take(&mut *self.shards.0.lock()).into_iter().collect();
        let shards = shards.filter(|shards| shards.len() == SHARDS).ok_or(Damaged("event ids are missing"))?;
        let known: usize = shards.iter().map(HashTable::len).sum();
        if known as u64 != records {
            return Err(Damaged("there is not an event id for every record"));
        }
        Ok(Idempotency { seed: self.seed.take()?, shards })
    }
}

impl Part for Shards {
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut table = HashTable::with_capacity(count.min(input.left() / (FINGERPRINT_BYTES + 1)));
        for _ in 0..count {
            let position = input.position()?;
            let mut fingerprint = [0; 8];
            fingerprint[..FINGERPRINT_BYTES].copy_from_slice(input.raw(FINGERPRINT_BYTES)?);
            let fingerprint = Fingerprint(u64::from_le_bytes(fingerprint));
            if position >= 1 << POSITION_BITS || shard_of(fingerprint) != first {
                return Err(Damaged("an event id is out of place"));
            }
            table.insert_unique(spread(fingerprint), Slot::new(fingerprint, position), |slot| spread(slot.fingerprint()));
        }
        let mut shards = self.0.lock();
        match shards.get_mut(first).map(|shard| shard.replace(table)) {
            Some(None) => Ok(()),
            _ => Err(Damaged("event ids are there twice")),
        }
    }

    fn finish(&self) -> Result<(), Damaged> {
        if self.0.lock().iter().all(Option::is_some) { Ok(()) } else { Err(Damaged("event ids are missing")) }
    }
}
