//! Tables in a snapshot: their rows in chunks of whole pages. Where rows are found is worked out anew when they are loaded.

use super::{FEW, Frozen, OptionalRow, PAGE, Places, Row, SHARDS, Table, Undo, row_of, shard_of};
use crate::domain::pages::Pages;
use crate::snapshot::{Damaged, Input, MOST_AT_ONCE, One, Output, Part, Saved, Section, Sink, keep};
use hashbrown::HashTable;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

impl Saved for OptionalRow {
    fn save(&self, out: &mut Output) {
        // None is the largest row: it is written as 0, the others as one more.
        out.number(u64::from(self.0.wrapping_add(1)));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let row = Row::load(input)?;
        Ok(Self(row.wrapping_sub(1)))
    }
}

impl<K: Saved, V: Saved> Frozen<K, V> {
    /// Writes the rows, and gives each page away once it is written, so that it need not be kept apart any longer.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(self, section: Section, sink: &mut S) -> Result<(), S::Error> {
        let (mut first, mut count) = (0, 0);
        sink.begin();
        for page in self.rows.into_pages() {
            for (key, value) in page.iter() {
                key.save(sink.out());
                value.save(sink.out());
                sink.pause()?;
            }
            count += page.len();
            if count >= MOST_AT_ONCE {
                sink.end(section, first, count)?;
                (first, count) = (first + count, 0);
                sink.begin();
            }
        }
        if count > 0 { sink.end(section, first, count) } else { Ok(()) }
    }
}

/// A table that is being loaded.
pub struct TableLoad<K, V: Undo> {
    hasher: foldhash::quality::RandomState,
    chunks: Mutex<BTreeMap<usize, Chunk<K, V>>>,
    table: One<Table<K, V>>,
}

struct Chunk<K, V> {
    rows: Pages<(K, V), PAGE>,
    hashes: Vec<u64>,
}

impl<K, V: Undo> Default for TableLoad<K, V> {
    fn default() -> Self {
        Self { hasher: foldhash::quality::RandomState::default(), chunks: Mutex::default(), table: One::default() }
    }
}

impl<K, V: Undo> TableLoad<K, V> {
    /// The table that was loaded.
    ///
    /// # Errors
    /// If it was not.
    pub fn take(&self) -> Result<Table<K, V>, Damaged> {
        self.table.take()
    }
}

impl<K: Saved + Hash + Eq + Send + Sync, V: Saved + Undo + Send + Sync> Part for TableLoad<K, V>
where
    V::Mark: Send,
{
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut hashes = Vec::with_capacity(count.min(MOST_AT_ONCE));
        let rows = Pages::filled(count, || {
            let key = K::load(input)?;
            hashes.push(self.hasher.hash_one(&key));
            Ok((key, V::load(input)?))
        })?;
        keep(&self.chunks, first, Chunk { rows, hashes })
    }

    fn finish(&self) -> Result<(), Damaged> {
        let (mut rows, mut hashes) = (Pages::default(), Vec::new());
        for (first, chunk) in std::mem::take(&mut *self.chunks.lock()) {
            if first != rows.len() || !first.is_multiple_of(PAGE) {
                return Err(Damaged("rows are missing"));
            }
            rows.append(chunk.rows);
            hashes.push(chunk.hashes);
        }
        if Row::try_from(rows.len()).is_err() {
            return Err(Damaged("there are too many rows"));
        }
        let places = Places::of(self.hasher.clone(), rows.len(), &hashes);
        self.table.put(Table { rows, places, savepoint: None });
        Ok(())
    }
}

impl Places {
    /// The places of rows with these hashes. Each index is filled as a whole, so that it stays in the processor's cache.
    fn of(hasher: foldhash::quality::RandomState, rows: usize, hashes: &[Vec<u64>]) -> Self {
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
        let mut rest = sorted.as_slice();
        let mut taken = 0;
        let shards = ends.iter().map(|end| {
            let (shard, others) = rest.split_at(end - taken);
            (rest, taken) = (others, *end);
            filled(shard.iter().copied(), shard.len())
        });
        places.shards = shards.collect();
        places
    }
}

fn filled(rows: impl Iterator<Item = (Row, u64)>, count: usize) -> HashTable<Row> {
    let mut index = HashTable::with_capacity(count);
    for (row, hash) in rows {
        index.insert_unique(hash, row, |_| unreachable!("there is room for all"));
    }
    index
}
