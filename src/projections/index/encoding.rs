//! The index in a snapshot.

use super::{CHUNK, FEW, Index, Lists, Many, Positions};
use crate::domain::pages::Pages;
use crate::encoding::{Codec, Damaged, Input, LoadOne, Loader, MOST_AT_ONCE, Output, Section, Sink, keep_chunk, save_many};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// In place of the length of a short list: it is a long one.
const MANY: u8 = u8::MAX;

impl Codec for Positions {
    fn encode(&self, out: &mut Output) {
        match self {
            Self::Few { len, bytes } => {
                out.byte(*len);
                out.raw(&bytes[..usize::from(*len)]);
            }
            Self::Many(many) => {
                let Many { last, full, open } = &**many;
                out.byte(MANY);
                out.position(*last);
                out.number(full.iter().map(|chunk| chunk.len() as u64).sum::<u64>() + open.len() as u64);
                full.iter().for_each(|chunk| out.raw(chunk));
                out.raw(open);
            }
        }
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let len = input.byte()?;
        if len == MANY {
            let (last, bytes) = (input.position()?, input.sized()?);
            let mut chunks = bytes.chunks(CHUNK);
            let open = chunks.next_back().map(<[u8]>::to_vec).unwrap_or_default();
            return Ok(Self::Many(Box::new(Many { last, full: chunks.map(Box::from).collect(), open })));
        }
        let mut bytes = [0; FEW];
        bytes.get_mut(..usize::from(len)).ok_or(Damaged("a list is too long"))?.copy_from_slice(input.raw(usize::from(len))?);
        Ok(Self::Few { len, bytes })
    }
}

impl Index {
    /// Writes it.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let Self { partners, agreements, leads } = self;
        save_many(sink, Section::IndexLeads, leads.0.iter())?;
        save_many(sink, Section::IndexPartners, partners.0.iter())?;
        save_many(sink, Section::IndexAgreements, agreements.0.iter())
    }
}

/// An index that is being loaded.
#[derive(Default)]
pub struct IndexLoad {
    partners: ListsLoad,
    agreements: ListsLoad,
    leads: ListsLoad,
}

impl IndexLoad {
    /// The part of the index that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        Some(match section {
            Section::IndexPartners => &self.partners,
            Section::IndexAgreements => &self.agreements,
            Section::IndexLeads => &self.leads,
            _ => return None,
        })
    }

    /// The index, once all parts are finished.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self) -> Result<Index, Damaged> {
        Ok(Index { partners: self.partners.lists.take()?, agreements: self.agreements.lists.take()?, leads: self.leads.lists.take()? })
    }
}

#[derive(Default)]
struct ListsLoad {
    chunks: Mutex<BTreeMap<usize, Lists>>,
    lists: LoadOne<Lists>,
}

impl Loader for ListsLoad {
    fn add_chunk(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        keep_chunk(&self.chunks, first, Lists(Pages::filled(count, || Positions::decode(input))?))
    }

    fn finish(&self) -> Result<(), Damaged> {
        let mut all = Lists::default();
        for (first, chunk) in std::mem::take(&mut *self.chunks.lock()) {
            if first != all.0.len() || !first.is_multiple_of(MOST_AT_ONCE) {
                return Err(Damaged("lists are missing"));
            }
            all.0.append(chunk.0);
        }
        self.lists.put(all);
        Ok(())
    }
}
