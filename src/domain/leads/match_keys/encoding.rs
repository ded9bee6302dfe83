//! Match keys in a snapshot: each text with the first lead that had it, and what several leads share as a table.

use super::{MatchKeys, PAGE, Pages, Row, RowIndex, Texts};
use crate::domain::slice::Slice;
use crate::domain::table::encoding::TableLoad;
use crate::domain::table::{PAGE as TABLE_PAGE, row_of};
use crate::encoding::{Codec, Damaged, Input, LoadOne, Loader, MOST_AT_ONCE, Output, Section, Sink, keep_chunk};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

impl MatchKeys {
    fn save_own<S: Sink>(self, section: Section, sink: &mut S) -> Result<(), S::Error> {
        let Self { texts, first: leads, .. } = self;
        let keys = leads.len();
        for first in (0..keys).step_by(MOST_AT_ONCE) {
            let last = keys.min(first + MOST_AT_ONCE);
            sink.begin();
            for key in first..last {
                sink.out().sized(texts.get(key).as_bytes());
                leads.get(key).expect("every key has a lead").encode(sink.out());
                sink.pause()?;
            }
            sink.end(section, first, last - first)?;
        }
        Ok(())
    }
}

impl Slice for MatchKeys {
    type Sections = (Section, Section);
    type Loading = MatchKeysLoad;

    fn savepoint(&mut self) {
        self.at_savepoint = Some(self.first.len());
        self.more.savepoint();
    }

    fn release(&mut self) {
        self.at_savepoint = None;
        self.more.release();
    }

    fn rollback(&mut self) {
        self.more.rollback();
        let Some(before) = self.at_savepoint.take() else { return };
        for row in before..self.first.len() {
            self.places.remove(self.places.hash(self.texts.get(row)), row_of(row));
        }
        self.texts.truncate(before);
        self.first.truncate(before);
    }

    fn share(&self) -> Self {
        let Self { texts, first, more, places, at_savepoint } = self;
        assert!(at_savepoint.is_none(), "only what cannot be taken back is shared");
        Self { texts: texts.clone(), first: first.clone(), more: more.share(), places: places.share(), at_savepoint: None }
    }

    fn add_sections((own, shared): (Section, Section), all: &mut Vec<Section>) {
        all.extend([own, shared]);
    }

    fn save<S: Sink>(&mut self, (own, shared): (Section, Section), section: Section, sink: &mut S) -> Result<(), S::Error> {
        // What several leads share is written right behind the keys.
        if own != section {
            return Ok(());
        }
        let mut more = std::mem::take(&mut self.more);
        std::mem::take(self).save_own(own, sink)?;
        more.save(shared, shared, sink)
    }

    fn encode_values(&self, _: &mut Output) {}

    fn loader(loading: &MatchKeysLoad, (own, shared): (Section, Section), section: Section) -> Option<&dyn Loader> {
        if section == own { Some(loading) } else { (section == shared).then_some(&loading.more) }
    }

    fn decode_values(_: &MatchKeysLoad, _: &mut Input<'_>) -> Result<(), Damaged> {
        Ok(())
    }

    fn take(loading: &MatchKeysLoad) -> Result<Self, Damaged> {
        let (texts, first, places) = loading.keys.take()?;
        Ok(Self { texts, first, more: loading.more.take()?, places, at_savepoint: None })
    }
}

/// Match keys that are being loaded.
#[derive(Default)]
pub struct MatchKeysLoad {
    hasher: foldhash::quality::RandomState,
    chunks: Mutex<BTreeMap<usize, Chunk>>,
    keys: LoadOne<(Texts, Pages<Row, PAGE>, RowIndex)>,
    more: TableLoad<Row, Vec<Row>, TABLE_PAGE>,
}

struct Chunk {
    texts: Texts,
    first: Pages<Row, PAGE>,
    hashes: Vec<u64>,
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
            texts.pages.append(chunk.texts.pages);
            leads.append(chunk.first);
            hashes.push(chunk.hashes);
        }
        let places = RowIndex::of(self.hasher.clone(), leads.len(), &hashes);
        self.keys.put((texts, leads, places));
        Ok(())
    }
}
