//! The index in a snapshot.

use super::positions::{Chunk, FEW, Many, Positions};
use super::{Index, Lists, Times};
use crate::domain::event_types;
use crate::domain::pages::Pages;
use crate::encoding::{
    Codec, Damaged, Input, LoadMany, LoadOne, Loader, MOST_AT_ONCE, Output, Section, Sink, codec, keep_chunk, save_many,
};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// In place of the length of a short list: it is a long one.
const MANY: u8 = u8::MAX;

codec!(Times { earliest, latest });

impl Codec for Positions {
    fn encode(&self, out: &mut Output) {
        match self {
            Self::Few { len, bytes } => {
                out.byte(*len);
                out.raw(&bytes[..usize::from(*len)]);
            }
            Self::Many(many) => {
                let Many { last, full, before_open, open } = &**many;
                out.byte(MANY);
                out.position(*last);
                full.encode(out);
                out.position(*before_open);
                out.sized(open);
            }
        }
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let len = input.byte()?;
        if len == MANY {
            let (last, full) = (input.position()?, Pages::decode(input)?);
            let (before_open, open) = (input.position()?, input.sized()?.to_vec());
            return Ok(Self::Many(Box::new(Many { last, full, before_open, open })));
        }
        let mut bytes = [0; FEW];
        bytes.get_mut(..usize::from(len)).ok_or(Damaged("a list is too long"))?.copy_from_slice(input.raw(usize::from(len))?);
        Ok(Self::Few { len, bytes })
    }
}

impl Codec for Chunk {
    fn encode(&self, out: &mut Output) {
        out.position(self.before);
        out.sized(&self.bytes);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self { before: input.position()?, bytes: input.sized()?.into() })
    }
}

/// The list of an event type.
struct OfType(Box<str>, Positions);

impl Codec for OfType {
    fn encode(&self, out: &mut Output) {
        self.0.encode(out);
        self.1.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self(Codec::decode(input)?, Codec::decode(input)?))
    }
}

impl Index {
    /// Writes it.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let Self { partners, agreements, leads, types, times } = self;
        save_many(sink, Section::IndexLeads, leads.0.iter())?;
        save_many(sink, Section::IndexPartners, partners.0.iter())?;
        save_many(sink, Section::IndexAgreements, agreements.0.iter())?;
        let types: Vec<_> = types.iter().map(|(name, positions)| OfType((*name).into(), positions.clone())).collect();
        save_many(sink, Section::IndexTypes, types.iter())?;
        save_many(sink, Section::IndexTimes, times.iter())
    }
}

/// An index that is being loaded.
#[derive(Default)]
pub struct IndexLoad {
    partners: ListsLoad,
    agreements: ListsLoad,
    leads: ListsLoad,
    types: LoadMany<OfType>,
    times: LoadMany<Times>,
}

impl IndexLoad {
    /// The part of the index that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        Some(match section {
            Section::IndexPartners => &self.partners,
            Section::IndexAgreements => &self.agreements,
            Section::IndexLeads => &self.leads,
            Section::IndexTypes => &self.types,
            Section::IndexTimes => &self.times,
            _ => return None,
        })
    }

    /// The index, once all parts are finished.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self) -> Result<Index, Damaged> {
        let named = |OfType(name, positions): OfType| {
            let known = event_types().find(|known| **known == *name);
            Ok((known.ok_or(Damaged("an event type is unknown"))?, positions))
        };
        let types = self.types.take()?.into_iter().map(named).collect::<Result<_, Damaged>>()?;
        let times = self.times.take()?;
        let times = Pages::filled(times.len(), {
            let mut times = times.into_iter();
            move || times.next().ok_or(Damaged("times are missing"))
        })?;
        let (partners, agreements, leads) = (self.partners.lists.take()?, self.agreements.lists.take()?, self.leads.lists.take()?);
        Ok(Index { partners, agreements, leads, types, times })
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
