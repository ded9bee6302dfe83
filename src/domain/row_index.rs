//! Where rows are, by the hashes of their keys.
//!
//! A copy shares the hash table with the writer and is never out of date: it ignores rows beyond those of its own table, so
//! those that the writer adds later do not disturb it, and rows that it has are never removed. For that alone slots are atomic.

use super::table::{Row, row_of};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many rows are found by one shard. More are spread over many, which grow apart, so that no write waits for all of it to
/// be moved.
const FEW: usize = 1 << 10;
/// How many bits of a hash choose its shard, once there are many rows.
const SHARD_BITS: u32 = 10;
/// A shard grows by a fourth when it is full to four fifths.
const FULL_NUMERATOR: usize = 4;
const FULL_DENOMINATOR: usize = 5;

/// A slot has 32 bits of the hash, and below them the row plus 1. This one was never taken.
const FREE: u64 = 0;
/// The slot of a row that was removed: no row.
const REMOVED: u64 = (u32::MAX as u64) << u32::BITS;

fn slot(kept: u64, row: Row) -> u64 {
    kept << u32::BITS | (u64::from(row) + 1)
}

fn kept_in(slot: u64) -> u64 {
    slot >> u32::BITS
}

fn row_in(slot: u64) -> Option<Row> {
    u32::try_from(slot & u64::from(u32::MAX)).ok()?.checked_sub(1)
}

/// The bits of a hash that are kept.
fn kept_of(hash: u64) -> u64 {
    hash >> u32::BITS
}

/// The shard of a hash among `1 << bits`: the upper bits of those that are kept.
fn shard_of(kept: u64, bits: u32) -> usize {
    usize::try_from(kept >> (u32::BITS - bits)).expect("a few bits are left")
}

/// A hash table with linear probing, whose place is chosen by the bits that did not choose the shard. One slot at least is free.
#[derive(Clone)]
struct Shard(Arc<[AtomicU64]>);

impl Shard {
    /// A shard with so many slots, and these in it. Returns how many those are as well.
    fn of(slots: impl Iterator<Item = u64>, room: usize, bits: u32) -> (Self, usize) {
        let shard = Self(std::iter::repeat_with(|| AtomicU64::new(FREE)).take(room).collect());
        let count = slots.map(|slot| shard.put(slot, bits)).count();
        (shard, count)
    }

    fn place(&self, kept: u64, bits: u32) -> usize {
        let left = kept << bits & u64::from(u32::MAX);
        usize::try_from((left * self.0.len() as u64) >> u32::BITS).expect("a place lies within the slots")
    }

    fn after(&self, place: usize) -> usize {
        if place + 1 == self.0.len() { 0 } else { place + 1 }
    }

    fn put(&self, slot: u64, bits: u32) {
        let mut place = self.place(kept_in(slot), bits);
        while self.0[place].load(Relaxed) != FREE {
            place = self.after(place);
        }
        self.0[place].store(slot, Relaxed);
    }

    fn find(&self, kept: u64, bits: u32, is_it: impl Fn(Row) -> bool) -> Option<Row> {
        self.find_or_free(kept, bits, is_it).ok()
    }

    /// Puts a row where it is found later, unless there is one already that is it, which is returned.
    fn put_unless_known(&self, kept: u64, row: Row, bits: u32, is_it: impl Fn(Row) -> bool) -> Option<Row> {
        match self.find_or_free(kept, bits, is_it) {
            Ok(known) => Some(known),
            Err(place) => {
                self.0[place].store(slot(kept, row), Relaxed);
                None
            }
        }
    }

    /// The row, or the place of the free slot that the search for it ends at.
    fn find_or_free(&self, kept: u64, bits: u32, is_it: impl Fn(Row) -> bool) -> Result<Row, usize> {
        let mut place = self.place(kept, bits);
        loop {
            let slot = self.0[place].load(Relaxed);
            if slot == FREE {
                return Err(place);
            }
            if kept_in(slot) == kept
                && let Some(row) = row_in(slot)
                && is_it(row)
            {
                return Ok(row);
            }
            place = self.after(place);
        }
    }

    fn remove(&self, slot: u64, bits: u32) {
        let mut place = self.place(kept_in(slot), bits);
        while self.0[place].load(Relaxed) != slot {
            assert!(self.0[place].load(Relaxed) != FREE, "a row that was added is found");
            place = self.after(place);
        }
        // Not free: rows that were put behind it must be found, here and in copies.
        self.0[place].store(REMOVED, Relaxed);
    }

    /// All slots with a row.
    fn rows(&self) -> Vec<u64> {
        self.0.iter().map(|slot| slot.load(Relaxed)).filter(|slot| row_in(*slot).is_some()).collect()
    }
}

/// Room for so many rows, and for as many again as a fourth of them.
fn room_for(rows: usize) -> usize {
    rows * FULL_DENOMINATOR / FULL_NUMERATOR + rows / 4 + 4
}

/// Where the rows of keys are, by the keys' hashes. Nothing is answered in its order.
pub struct RowIndex {
    hasher: foldhash::quality::RandomState,
    /// One, or many.
    shards: Arc<[Shard]>,
    /// How many slots of each shard were taken. A copy has none of it: it adds no rows.
    taken: Vec<usize>,
}

impl Default for RowIndex {
    fn default() -> Self {
        Self::of(foldhash::quality::RandomState::default(), 0, &[])
    }
}

impl RowIndex {
    /// The places of so many rows, with these hashes in their order.
    pub fn of(hasher: foldhash::quality::RandomState, rows: usize, hashes: &[Vec<u64>]) -> Self {
        let slots = (0..).zip(hashes.iter().flatten()).map(|(row, hash)| slot(kept_of(*hash), row_of(row)));
        if rows > FEW {
            return Self::spread(hasher, rows, slots);
        }
        Self::from_shards(hasher, vec![Shard::of(slots, room_for(rows), 0)])
    }

    /// Each shard is filled as a whole, so that it stays in the processor's cache.
    fn spread(hasher: foldhash::quality::RandomState, rows: usize, slots: impl Iterator<Item = u64> + Clone) -> Self {
        let mut ends = vec![0_usize; 1 << SHARD_BITS];
        slots.clone().for_each(|slot| ends[shard_of(kept_in(slot), SHARD_BITS)] += 1);
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let mut sorted = vec![FREE; rows];
        for slot in slots {
            let place = &mut ends[shard_of(kept_in(slot), SHARD_BITS)];
            sorted[*place] = slot;
            *place += 1;
        }
        let mut start = 0;
        let shards = ends.iter().map(|end| {
            let shard = &sorted[start..*end];
            start = *end;
            Shard::of(shard.iter().copied(), room_for(shard.len()), SHARD_BITS)
        });
        Self::from_shards(hasher, shards.collect())
    }

    fn from_shards(hasher: foldhash::quality::RandomState, shards: Vec<(Shard, usize)>) -> Self {
        let (shards, taken): (Vec<_>, Vec<_>) = shards.into_iter().unzip();
        Self { hasher, shards: shards.into(), taken }
    }

    /// A copy for a table that gets no further rows: it shares all shards.
    pub fn share(&self) -> Self {
        Self { hasher: self.hasher.clone(), shards: Arc::clone(&self.shards), taken: Vec::new() }
    }

    fn bits(&self) -> u32 {
        if self.shards.len() == 1 { 0 } else { SHARD_BITS }
    }

    /// The hash of a key.
    pub fn hash<Q: ?Sized + Hash>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The row with this hash that is the one. A copy may ask `is_it` of rows that its table does not have.
    pub fn find(&self, hash: u64, is_it: impl Fn(Row) -> bool) -> Option<Row> {
        let (kept, bits) = (kept_of(hash), self.bits());
        self.shards[shard_of(kept, bits)].find(kept, bits, is_it)
    }

    /// Adds a row, unless there is one already that is it, which is returned.
    pub fn add_unless_known(&mut self, hash: u64, row: Row, is_it: impl Fn(Row) -> bool) -> Option<Row> {
        if self.shards.len() == 1 && self.taken[0] >= FEW {
            let slots = self.shards[0].rows();
            *self = Self::spread(self.hasher.clone(), slots.len(), slots.iter().copied());
        }
        let (kept, bits) = (kept_of(hash), self.bits());
        let index = shard_of(kept, bits);
        if (self.taken[index] + 1) * FULL_DENOMINATOR > self.shards[index].0.len() * FULL_NUMERATOR {
            let slots = self.shards[index].rows();
            let (grown, taken) = Shard::of(slots.iter().copied(), room_for(slots.len() + 1), bits);
            Arc::make_mut(&mut self.shards)[index] = grown;
            self.taken[index] = taken;
        }
        let known = self.shards[index].put_unless_known(kept, row, bits, is_it);
        self.taken[index] += usize::from(known.is_none());
        known
    }

    /// Removes a row that was added.
    pub fn remove(&mut self, hash: u64, row: Row) {
        let (kept, bits) = (kept_of(hash), self.bits());
        self.shards[shard_of(kept, bits)].remove(slot(kept, row), bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Adds rows from the last one on, of which each is its own key, with few different hashes.
    fn add(index: &mut RowIndex, rows: std::ops::Range<Row>, hashes: u64) {
        rows.for_each(|row| assert_eq!(index.add_unless_known(hash(index, row, hashes), row, |known| known == row), None));
    }

    fn hash(index: &RowIndex, row: Row, hashes: u64) -> u64 {
        index.hash(&(u64::from(row) % hashes))
    }

    fn finds(index: &RowIndex, rows: Row, asked: Row, hashes: u64) -> bool {
        (0..asked).all(|row| index.find(hash(index, row, hashes), |found| found < rows && found == row) == (row < rows).then_some(row))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_copy_finds_its_own_rows_whatever_is_added_and_taken_back(
            before in 0_u32..3_000, taken_back in 0_u32..2_000, after in 0_u32..2_000, hashes in 700_u64..5_000,
        ) {
            let mut index = RowIndex::default();
            add(&mut index, 0..before, hashes);
            let copy = index.share();
            add(&mut index, before..before + taken_back, hashes);
            (before..before + taken_back).rev().for_each(|row| index.remove(hash(&index, row, hashes), row));
            prop_assert!(finds(&copy, before, before + taken_back, hashes));
            prop_assert!(finds(&index, before, before + taken_back, hashes));
            add(&mut index, before..before + after, hashes);
            prop_assert!(finds(&copy, before, before + after, hashes));
            prop_assert!(finds(&index, before + after, before + after, hashes));
        }
    }

    #[test]
    fn rows_that_are_added_and_taken_back_again_and_again_take_no_more_room() {
        let mut index = RowIndex::default();
        add(&mut index, 0..500, 10_000);
        for _ in 0..1_000 {
            add(&mut index, 500..600, 10_000);
            (500..600).for_each(|row| index.remove(hash(&index, row, 10_000), row));
        }
        assert!(index.shards.iter().map(|shard| shard.0.len()).sum::<usize>() < 10_000);
        assert!(finds(&index, 500, 600, 10_000));
    }
}
