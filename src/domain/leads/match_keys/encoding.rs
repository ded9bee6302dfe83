//! Match keys in a snapshot: each text with the first lead that had it, and what several leads share as a table.

use super::{MatchKeys, PAGE, Pages, Row, RowIndex, Texts};
use crate::domain::table::Frozen;
use crate::domain::table::encoding::TableLoad;
use crate::encoding::{Codec, Damaged, Input, LoadOne, Loader, MOST_AT_ONCE, Section, Sink, keep_chunk};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// Match keys as they were when they were frozen.
pub struct FrozenMatchKeys {
    texts: Texts,
    first: Pages<Row, PAGE>,
    more: Frozen<Row, Vec<Row>>,
}

impl MatchKeys {
    /// The keys as they are now; there must be no open savepoint.
    pub fn freeze(&self) -> FrozenMatchKeys {
        let Self { texts, first, more, places: _, before_batch } = self;
        assert!(before_batch.is_none(), "only what cannot be taken back is frozen");
        FrozenMatchKeys { texts: texts.clone(), first: first.clone(), more: more.freeze() }
    }
}

impl FrozenMatchKeys {
    /// Writes them.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(self, sink: &mut S) -> Result<(), S::Error> {
        let keys = self.first.len();
        for first in (0..keys).step_by(MOST_AT_ONCE) {
            let last = keys.min(first + MOST_AT_ONCE);
            sink.begin();
            for key in first..last {
                sink.out().sized(self.texts.get(key).as_bytes());
                self.first.get(key).expect("every key has a lead").encode(sink.out());
                sink.pause()?;
            }
            sink.end(Section::MatchKeys, first, last - first)?;
        }
        self.more.save(Section::SharedMatchKeys, sink)
    }
}

/// Match keys that are being loaded.
#[derive(Default)]
pub struct MatchKeysLoad {
    hasher: foldhash::quality::RandomState,
    chunks: Mutex<BTreeMap<usize, Chunk>>,
    keys: LoadOne<(Texts, Pages<Row, PAGE>, RowIndex)>,
    more: TableLoad<Row, Vec<Row>>,
}

struct Chunk {
    texts: Texts,
    first: Pages<Row, PAGE>,
    hashes: Vec<u64>,
}

impl MatchKeysLoad {
    /// The part that holds what several leads share.
    pub fn shared(&self) -> &dyn Loader {
        &self.more
    }

    /// The keys, once all parts are finished.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn take(&self) -> Result<MatchKeys, Damaged> {
        let (texts, first, places) = self.keys.take()?;
        Ok(MatchKeys { texts, first, more: self.more.take()?, places, before_batch: None })
    }
}

impl Loader for MatchKeysLoad {
    fn add_chunk(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut texts = Texts::default();
        let mut hashes = Vec::with_capacity(count.min(MOST_AT_ONCE));
        let leads = Pages::filled(count, || {
            let text = std::str::from_utf8(input.sized()?).map_err(|_| Damaged("it is no text"))?;
            texts.push(text);
            hashes.push(self.hasher.hash_one(text));
            Row::decode(input)
        })?;
        keep_chunk(&self.chunks, first, Chunk { texts, first: leads, hashes })
    }

    fn finish(&self) -> Result<(), Damaged> {
        let (mut texts, mut leads, mut hashes) = (Texts::default(), Pages::default(), Vec::new());
        for (first, chunk) in std::mem::take(&mut *self.chunks.lock()) {
            if first != leads.len() || !first.is_multiple_of(PAGE) {
                return Err(Damaged("match keys are missing"));
            }
            texts.pages.extend(chunk.texts.pages);
            leads.append(chunk.first);
            hashes.push(chunk.hashes);
        }
        let places = RowIndex::of(self.hasher.clone(), leads.len(), &hashes);
        self.keys.put((texts, leads, places));
        Ok(())
    }
}
