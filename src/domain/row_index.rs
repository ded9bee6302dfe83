//! Where rows are, by the hashes of their keys.

use super::table::{Row, row_of};
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// How many rows are found by one index. More are spread over many, which grow apart, so that no write waits for all of
/// it to be moved.
const FEW: usize = 1 << 10;
/// How many indexes many rows are spread over.
const SHARDS: usize = 1 << 10;

/// Where the rows of keys are, by the keys' hashes. Nothing is answered in its order.
#[derive(Default)]
pub struct RowIndex {
    hasher: foldhash::quality::RandomState,
    few: HashTable<Row>,
    shards: Box<[HashTable<Row>]>,
}

impl RowIndex {
    /// The places of so many rows, with these hashes in their order. Each index is filled as a whole, so that it stays in the
    /// processor's cache.
    pub fn of(hasher: foldhash::quality::RandomState, rows: usize, hashes: &[Vec<u64>]) -> Self {
        let all = || hashes.iter().flatten().copied();
        let mut places = Self { hasher, few: HashTable::new(), shards: Box::default() };
        if rows <= FEW {
            places.few = filled((0..).zip(all()), rows);
            return places;
        }
        let mut ends = vec![0_usize; SHARDS];
        all().for_each(|hash| ends[shard_of(hash)] += 1);
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let mut sorted = vec![(0, 0); rows];
        for (row, hash) in all().enumerate() {
            let place = &mut ends[shard_of(hash)];
            sorted[*place] = (row_of(row), hash);
            *place += 1;
        }
        let mut start = 0;
        let shards = ends.iter().map(|end| {
            let shard = &sorted[start..*end];
            start = *end;
            filled(shard.iter().copied(), shard.len())
        });
        places.shards = shards.collect();
        places
    }

    /// The hash of a key.
    pub fn hash<Q: ?Sized + Hash>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The row with this hash that is the one.
    pub fn find(&self, hash: u64, is_it: impl Fn(Row) -> bool) -> Option<Row> {
        self.shards.get(shard_of(hash)).unwrap_or(&self.few).find(hash, |row| is_it(*row)).copied()
    }

    /// Adds a row. `hash_of` gives the hash of any row that was added, this one too.
    pub fn add(&mut self, hash: u64, row: Row, hash_of: impl Fn(&foldhash::quality::RandomState, Row) -> u64) {
        if self.few.len() == FEW {
            self.spread(&hash_of);
        }
        let hasher = &self.hasher;
        let shard = self.shards.get_mut(shard_of(hash)).unwrap_or(&mut self.few);
        shard.insert_unique(hash, row, |row| hash_of(hasher, *row));
    }

    fn spread(&mut self, hash_of: &impl Fn(&foldhash::quality::RandomState, Row) -> u64) {
        self.shards = std::iter::repeat_with(HashTable::new).take(SHARDS).collect();
        for row in std::mem::take(&mut self.few) {
            let hash = hash_of(&self.hasher, row);
            self.shards[shard_of(hash)].insert_unique(hash, row, |row| hash_of(&self.hasher, *row));
        }
    }

    /// Removes a row that was added.
    pub fn remove(&mut self, hash: u64, row: Row) {
        let shard = self.shards.get_mut(shard_of(hash)).unwrap_or(&mut self.few);
        let found = shard.find_entry(hash, |known| *known == row);
        found.expect("a row that was added is found").remove();
    }
}

fn filled(rows: impl Iterator<Item = (Row, u64)>, count: usize) -> HashTable<Row> {
    let mut index = HashTable::with_capacity(count);
    for (row, hash) in rows {
        index.insert_unique(hash, row, |_| unreachable!("there is room for all"));
    }
    index
}

/// An index takes its buckets from the low bits of a hash and its tags from the highest: those between are free.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).expect("32 bits are a place") % SHARDS
}
