//! Match keys: texts that leads share, by which a claim finds a lead that is known (rules 5.3).

pub mod encoding;

use crate::domain::pages::Pages;
use crate::domain::row_index::RowIndex;
use crate::domain::table::{Row, Table, row_of, undo_by_copy};
use arrayvec::ArrayVec;

/// Match keys, in the order of their introduction, each with its leads: an interner of texts.
#[derive(Default)]
pub struct MatchKeys {
    texts: Texts,
    /// The lead that was the first to have a key.
    first: Pages<Row, 128>,
    /// The others, of keys that several leads share, in the order in which they got it.
    more: Table<Row, Vec<Row>>,
    places: RowIndex,
    /// How many keys there were when the open savepoint was opened.
    at_savepoint: Option<usize>,
}

undo_by_copy!(Vec<Row>);

impl MatchKeys {
    /// The row of a key.
    pub fn find(&self, key: &str) -> Option<Row> {
        // The index may know keys that the writer has added since these were shared.
        self.places.find(self.places.hash(key), |row| (row as usize) < self.first.len() && self.text(row) == key)
    }

    /// The text of a key.
    pub fn text(&self, row: Row) -> &str {
        self.texts.get(row as usize)
    }

    /// The leads that share a key.
    pub fn leads(&self, row: Row) -> impl Iterator<Item = Row> {
        let first = self.first.get(row as usize).copied();
        first.into_iter().chain(self.more.by_key(&row).into_iter().flatten().copied())
    }

    /// Adds a lead to a key. Returns the key's row, or `None` if the lead had the key before.
    pub fn add(&mut self, key: &str, lead: Row) -> Option<Row> {
        let next = row_of(self.first.len());
        let known = self.places.add_unless_known(self.places.hash(key), next, |row| self.texts.get(row as usize) == key);
        let Some(row) = known else {
            self.texts.push(key);
            self.first.push(lead);
            return Some(next);
        };
        if self.leads(row).any(|known| known == lead) {
            return None;
        }
        let place = self.more.find_or_insert_with(row, Vec::new);
        self.more.get_mut(place).push(lead);
        Some(row)
    }
}

/// Texts per page.
const PAGE: usize = 128;

/// A string arena: texts one after the other in pages, which copies share (copy-on-write).
#[derive(Clone, Default)]
struct Texts {
    pages: Pages<TextPage, 1>,
}

#[derive(Clone, Default)]
struct TextPage {
    text: String,
    /// Where each text ends.
    ends: ArrayVec<u32, PAGE>,
}

impl TextPage {
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }
}

impl Texts {
    fn get(&self, index: usize) -> &str {
        let (page, index) = (self.pages.get(index / PAGE).expect("the text was added"), index % PAGE);
        &page.text[page.start(index)..page.ends[index] as usize]
    }

    fn push(&mut self, text: &str) {
        if self.pages.last().is_none_or(|page| page.ends.is_full()) {
            self.pages.push(TextPage::default());
        }
        let page = self.pages.get_mut(self.pages.len() - 1).expect("there is a page with room");
        page.text.push_str(text);
        page.ends.push(u32::try_from(page.text.len()).expect("match keys are short"));
        if page.ends.is_full() {
            page.text.shrink_to_fit();
        }
    }

    fn truncate(&mut self, len: usize) {
        self.pages.truncate(len.div_ceil(PAGE));
        if !len.is_multiple_of(PAGE)
            && let Some(page) = self.pages.get_mut(len / PAGE)
        {
            page.text.truncate(page.start(len % PAGE));
            page.ends.truncate(len % PAGE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::slice::Slice as _;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Model = BTreeMap<String, Vec<Row>>;

    fn fill(claims: &[(u16, Row)], keys: &mut MatchKeys, model: &mut Model) {
        for (key, lead) in claims {
            let key = format!("domain:{key}");
            let leads = model.entry(key.clone()).or_default();
            assert_eq!(keys.add(&key, *lead).is_some(), !leads.contains(lead));
            if !leads.contains(lead) {
                leads.push(*lead);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn keys_have_their_leads_and_what_is_taken_back_is_gone(
            kept in prop::collection::vec((0_u16..900, 0..9_u32), 0..2_000), undone in prop::collection::vec((0_u16..2_000, 0..9_u32), 0..2_000),
        ) {
            let (mut keys, mut model) = (MatchKeys::default(), Model::new());
            fill(&kept, &mut keys, &mut model);
            keys.savepoint();
            fill(&undone, &mut keys, &mut model.clone());
            keys.rollback();
            for number in 0..2_000 {
                let key = format!("domain:{number}");
                let found = keys.find(&key);
                prop_assert_eq!(found.map(|row| keys.text(row).to_owned()), model.get(&key).map(|_| key.clone()));
                prop_assert_eq!(found.map(|row| keys.leads(row).collect::<Vec<_>>()), model.get(&key).cloned());
            }
        }
    }
}
