//! Tables in a snapshot: their rows in chunks of whole pages. Where rows are found is worked out anew when they are loaded.

use super::{Frozen, OptionalRow, PAGE, Row, Table, Undo};
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

impl<K: Codec, V: Codec> Frozen<K, V> {
    /// Writes the rows, and gives each page away once it is written, so that it need not be kept apart any longer.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(self, section: Section, sink: &mut S) -> Result<(), S::Error> {
        let (mut first, mut count) = (0, 0);
        sink.begin();
        for page in self.rows.into_pages() {
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
}

impl<K, V> Slice for Table<K, V>
where
    K: Codec + Hash + Eq + Clone + Send + Sync,
    V: Codec + Undo + Clone + Send + Sync,
    V::Mark: Send,
{
    type Sections = Section;
    type Frozen = Frozen<K, V>;
    type Loading = TableLoad<K, V>;

    fn savepoint(&mut self) {
        self.savepoint();
    }

    fn release(&mut self) {
        self.release();
    }

    fn rollback(&mut self) {
        self.rollback();
    }

    fn freeze(&self) -> Frozen<K, V> {
        self.freeze()
    }

    fn add_sections(own: Section, all: &mut Vec<Section>) {
        all.push(own);
    }

    fn save<S: Sink>(frozen: &mut Frozen<K, V>, own: Section, section: Section, sink: &mut S) -> Result<(), S::Error> {
        if own == section { std::mem::take(frozen).save(section, sink) } else { Ok(()) }
    }

    fn encode_values(_: &Frozen<K, V>, _: &mut Output) {}

    fn loader(loading: &TableLoad<K, V>, own: Section, section: Section) -> Option<&dyn Loader> {
        (own == section).then_some(loading)
    }

    fn decode_values(_: &TableLoad<K, V>, _: &mut Input<'_>) -> Result<(), Damaged> {
        Ok(())
    }

    fn take(loading: &TableLoad<K, V>) -> Result<Self, Damaged> {
        loading.take()
    }
}

/// A table that is being loaded.
pub struct TableLoad<K, V: Undo> {
    hasher: foldhash::quality::RandomState,
    chunks: Mutex<BTreeMap<usize, Chunk<K, V>>>,
    table: LoadOne<Table<K, V>>,
}

struct Chunk<K, V> {
    rows: Pages<(K, V), PAGE>,
    hashes: Vec<u64>,
}

impl<K, V: Undo> Default for TableLoad<K, V> {
    fn default() -> Self {
        Self { hasher: foldhash::quality::RandomState::default(), chunks: Mutex::default(), table: LoadOne::default() }
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

impl<K: Codec + Hash + Eq + Send + Sync, V: Codec + Undo + Send + Sync> Loader for TableLoad<K, V>
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
            if first != rows.len() || !first.is_multiple_of(PAGE) {
                return Err(Damaged("rows are missing"));
            }
            rows.append(chunk.rows);
            hashes.push(chunk.hashes);
        }
        if Row::try_from(rows.len()).is_err() {
            return Err(Damaged("there are too many rows"));
        }
        let places = RowIndex::of(self.hasher.clone(), rows.len(), &hashes);
        self.table.put(Table { rows, places, savepoint: None });
        Ok(())
    }
}
