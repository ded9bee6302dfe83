//! Tables in a snapshot: their rows in chunks of whole pages. Where rows are found is worked out anew when they are loaded.

use super::{OptionalRow, Row, Table, Undo};
use crate::domain::pages::Pages;
use crate::domain::row_index::RowIndex;
use crate::domain::slice::Slice;
use crate::encoding::{Codec, Damaged, Input, LoadOne, Loader, MOST_AT_ONCE, Output, Section, Sink, keep_chunk};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

impl Codec for OptionalRow {
    fn encode(&self, out: &mut Output) {
        // None is the largest row: it is written as 0, the others as one more.
        out.number(u64::from(self.0.wrapping_add(1)));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let row = Row::decode(input)?;
        Ok(Self(row.wrapping_sub(1)))
    }
}

impl<K, V, const N: usize> Slice for Table<K, V, N>
where
    K: Codec + Hash + Eq + Clone + Send + Sync,
    V: Codec + Undo + Clone + Send + Sync,
    V::Mark: Send,
{
    type Sections = Section;
    type Loading = TableLoad<K, V, N>;

    fn savepoint(&mut self) {
        self.savepoint();
    }

    fn release(&mut self) {
        self.release();
    }

    fn rollback(&mut self) {
        self.rollback();
    }

    fn share(&self) -> Self {
        self.share()
    }

    fn add_sections(own: Section, all: &mut Vec<Section>) {
        all.push(own);
    }

    fn save<S: Sink>(&mut self, own: Section, section: Section, sink: &mut S) -> Result<(), S::Error> {
        if own != section {
            return Ok(());
        }
        let (mut first, mut count) = (0, 0);
        sink.begin();
        for page in std::mem::take(self).rows.into_pages() {
            for (key, value) in page.iter() {
                key.encode(sink.out());
                value.encode(sink.out());
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

    fn encode_values(&self, _: &mut Output) {}

    fn loader(loading: &TableLoad<K, V, N>, own: Section, section: Section) -> Option<&dyn Loader> {
        (own == section).then_some(loading)
    }

    fn decode_values(_: &TableLoad<K, V, N>, _: &mut Input<'_>) -> Result<(), Damaged> {
        Ok(())
    }

    fn take(loading: &TableLoad<K, V, N>) -> Result<Self, Damaged> {
        loading.take()
    }
}

/// A table that is being loaded.
pub struct TableLoad<K, V: Undo, const N: usize> {
    hasher: foldhash::quality::RandomState,
    chunks: Mutex<BTreeMap<usize, Chunk<K, V, N>>>,
    table: LoadOne<Table<K, V, N>>,
}

struct Chunk<K, V, const N: usize> {
    rows: Pages<(K, V), N>,
    hashes: Vec<u64>,
}

impl<K, V: Undo, const N: usize> Default for TableLoad<K, V, N> {
    fn default() -> Self {
        Self { hasher: foldhash::quality::RandomState::default(), chunks: Mutex::default(), table: LoadOne::default() }
    }
}

impl<K, V: Undo, const N: usize> TableLoad<K, V, N> {
    /// The table that was loaded.
    ///
    /// # Errors
    /// If it was not.
    pub fn take(&self) -> Result<Table<K, V, N>, Damaged> {
        self.table.take()
    }
}

impl<K: Codec + Hash + Eq + Send + Sync, V: Codec + Undo + Send + Sync, const N: usize> Loader for TableLoad<K, V, N>
where
    V::Mark: Send,
{
    fn add_chunk(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut hashes = Vec::with_capacity(count.min(MOST_AT_ONCE));
        let rows = Pages::filled(count, || {
            let key = K::decode(input)?;
            hashes.push(self.hasher.hash_one(&key));
            Ok((key, V::decode(input)?))
        })?;
        keep_chunk(&self.chunks, first, Chunk { rows, hashes })
    }

    fn finish(&self) -> Result<(), Damaged> {
        let (mut rows, mut hashes) = (Pages::default(), Vec::new());
        for (first, chunk) in std::mem::take(&mut *self.chunks.lock()) {
            if first != rows.len() || !first.is_multiple_of(N) {
                return Err(Damaged("rows are missing"));
            }
            rows.append(chunk.rows);
            hashes.push(chunk.hashes);
        }
        if Row::try_from(rows.len()).is_err() {
            return Err(Damaged("there are too many rows"));
        }
        let places = RowIndex::of(self.hasher.clone(), rows.len(), &hashes);
        self.table.put(Table::of(rows, places));
        Ok(())
    }
}
