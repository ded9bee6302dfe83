//! The index in a snapshot.

use super::{Index, Lists, Positions};
use crate::domain::pages::Pages;
use crate::snapshot::{Damaged, Input, MOST_AT_ONCE, One, Output, Part, Saved, Section, Sink, keep, save_many};
use parking_lot::Mutex;
use std::collections::BTreeMap;

impl Saved for Positions {
    fn save(&self, out: &mut Output) {
        let Self { last, bytes } = self;
        out.position(*last);
        out.sized(bytes);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self { last: input.position()?, bytes: input.sized()?.into() })
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
    pub fn part(&self, section: Section) -> Option<&dyn Part> {
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
    lists: One<Lists>,
}

impl Part for ListsLoad {
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        keep(&self.chunks, first, Lists(Pages::filled(count, || Positions::load(input))?))
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
