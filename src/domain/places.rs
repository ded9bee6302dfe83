//! Where rows are, by the hashes of their keys.

use super::table::Row;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// How many rows are found by one index. More are spread over many, which grow apart, so that no write waits for all of
/// it to be moved.
const FEW: usize = 1 << 10;
/// How many indexes many rows are spread over.
const SHARDS: usize = 1 << 10;

/// Where the rows of keys are, by the keys' hashes. Nothing is answered in its order.
#[derive(Default)]
pub struct Places {
    hasher: foldhash::quality::RandomState,
    few: HashTable<Row>,
    shards: Box<[HashTable<Row>]>,
}

impl Places {
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

/// An index takes its buckets from the low bits of a hash and its tags from the highest: those between are free.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).expect("32 bits are a place") % SHARDS
}
