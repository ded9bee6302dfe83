//! Event ids in a snapshot: the fingerprints' key, and each shard's slots in the order of their positions.

use super::{EventIds, SHARD_BITS, Seed, Shard};
use crate::encoding::{Codec, Damaged, Input, LoadOne, Loader, Output, Section, Sink, keep_chunk};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;

/// Shards per part.
const AT_ONCE: usize = 64;
const SHARDS: usize = 1 << SHARD_BITS;
/// The lower half of a slot is the position.
const POSITION: u64 = u32::MAX as u64;

impl Codec for Seed {
    fn encode(&self, out: &mut Output) {
        out.raw(&self.0.to_le_bytes());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let bytes = input.raw(16)?.try_into().expect("that many were read");
        Ok(Self(u128::from_le_bytes(bytes)))
    }
}

impl Shard {
    /// The slots of records up to a position, in the order of their positions.
    fn until(&self, position: u64) -> Vec<u64> {
        let mut slots: Vec<u64> = self.slots.iter().copied().filter(|slot| *slot != 0 && slot & POSITION <= position).collect();
        slots.sort_unstable_by_key(|slot| slot & POSITION);
        slots
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        // Room for a tenth more, as a table has on average.
        let mut shard = Self { slots: vec![0; count * 5 / 4 + 8].into_boxed_slice(), len: 0 };
        for _ in 0..count {
            let position = input.position()?;
            let kept = u32::from_le_bytes(input.raw(4)?.try_into().expect("four bytes"));
            if !(1..=POSITION).contains(&position) {
                return Err(Damaged("a position is too large"));
            }
            shard.insert(u64::from(kept) << u32::BITS | position);
        }
        Ok(shard)
    }
}

impl EventIds {
    /// Writes the ids of the records up to a position, while later ones may be added: ids are never taken out again.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save_until<S: Sink>(ids: &RwLock<Self>, position: u64, seed: Seed, sink: &mut S) -> Result<(), S::Error> {
        sink.one(Section::EventIdSeed, &seed)?;
        for first in (0..SHARDS).step_by(AT_ONCE) {
            sink.begin();
            for shard in first..first + AT_ONCE {
                let slots = ids.read().shards[shard].until(position);
                let out = sink.out();
                out.number(slots.len() as u64);
                for slot in slots {
                    out.position(slot & POSITION);
                    out.raw(&slot.to_le_bytes()[4..]);
                }
                sink.pause()?;
            }
            sink.end(Section::EventIds, first, AT_ONCE)?;
        }
        Ok(())
    }
}

/// Event ids that are being loaded.
#[derive(Default)]
pub struct EventIdsLoad {
    seed: LoadOne<Seed>,
    shards: Shards,
}

#[derive(Default)]
struct Shards(Mutex<BTreeMap<usize, Vec<Shard>>>);

impl EventIdsLoad {
    /// The part that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        match section {
            Section::EventIdSeed => Some(&self.seed),
            Section::EventIds => Some(&self.shards),
            _ => None,
        }
    }

    /// The fingerprints' key and the ids of so many records, once all parts are loaded.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self, records: u64) -> Result<(Seed, EventIds), Damaged> {
        let shards: Vec<Shard> = std::mem::take(&mut *self.shards.0.lock()).into_values().flatten().collect();
        let known: usize = shards.iter().map(|shard| shard.len).sum();
        if known as u64 != records {
            return Err(Damaged("there is not an event id for every record"));
        }
        Ok((self.seed.take()?, EventIds { shards }))
    }
}

impl Loader for Shards {
    fn add_chunk(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        if count != AT_ONCE {
            return Err(Damaged("event ids are missing"));
        }
        let shards: Result<Vec<Shard>, Damaged> = (0..count).map(|_| Shard::decode(input)).collect();
        keep_chunk(&self.0, first, shards?)
    }

    fn finish(&self) -> Result<(), Damaged> {
        let is_whole = self.0.lock().keys().copied().eq((0..SHARDS).step_by(AT_ONCE));
        if is_whole { Ok(()) } else { Err(Damaged("event ids are missing")) }
    }
}
