//! Whom exclusivities name, so that a signature is tested against those alone that may stand against it (rules 4.6).

use super::terms::{Exclusivity, Terms};
use super::{Agreement, Agreements};
use crate::domain::State;
use crate::domain::ids::Id;
use crate::domain::pages::Pages;
use crate::domain::table::{Row, Undo};
use crate::encoding::codec;

/// A partner by id, or a category.
pub(in crate::domain) type ExclusiveName = (bool, Box<str>);

/// Rows in the order in which they were added; some may stand more than once.
#[derive(Clone, Default)]
pub(in crate::domain) struct Rows(Pages<Row, 32>);

codec!(Rows(rows));

impl Undo for Rows {
    type Mark = usize;

    fn mark(&self) -> usize {
        self.0.len()
    }

    fn undo(&mut self, mark: usize) {
        self.0.truncate(mark);
    }
}

impl Rows {
    fn add(&mut self, row: Row) {
        if self.0.last() != Some(&row) {
            self.0.push(row);
        }
    }
}

fn partner_name(partner: &Id) -> ExclusiveName {
    (false, partner.as_str().into())
}

fn category_name(category: &str) -> ExclusiveName {
    (true, category.into())
}

impl Agreements {
    /// Notes whom the exclusivity of an agreement's terms names, if they have one.
    pub(super) fn note_exclusivity(&mut self, row: Row, terms: &Terms) {
        let Some(exclusivity) = &terms.exclusivity else { return };
        let categories = exclusivity.categories.iter().map(|category| category_name(category));
        for name in exclusivity.partners.iter().map(partner_name).chain(categories) {
            let place = self.exclusive.find_or_insert_with(name, Rows::default);
            self.exclusive.get_mut(place).add(row);
        }
    }

    /// Notes the categories that a partner has from now on.
    pub(in crate::domain) fn note_categories(&mut self, partner: Row, categories: &[Box<str>]) {
        for category in categories {
            let place = self.partners_of.find_or_insert_with(category.clone(), Rows::default);
            self.partners_of.get_mut(place).add(partner);
        }
    }

    /// The agreements of which some version has an exclusivity that names a partner or one of some categories, in the order
    /// in which their first exclusivity was recorded.
    pub(super) fn naming(&self, partner: &Id, categories: &[Box<str>]) -> Vec<Row> {
        let names = std::iter::once(partner_name(partner)).chain(categories.iter().map(|category| category_name(category)));
        let known = names.filter_map(|name| self.exclusive.by_key(&name)).flat_map(|rows| rows.0.iter().copied());
        let mut known: Vec<(Option<u64>, Row)> = known.map(|row| (self.by_id.get(row).exclusive_since(), row)).collect();
        known.sort_unstable();
        known.dedup();
        known.into_iter().map(|(_, row)| row).collect()
    }
}

impl Agreement {
    /// The record of its first terms with an exclusivity.
    fn exclusive_since(&self) -> Option<u64> {
        self.versions.iter().filter(|version| version.terms.exclusivity.is_some()).map(|version| version.stamp.position).min()
    }
}

impl Exclusivity {
    /// The agreements of the partners that it names, as they are known now, in the order of their introduction.
    pub(super) fn named_agreements(&self, state: &State) -> Vec<Row> {
        let by_id = self.partners.iter().filter_map(|id| state.partners.find(id));
        let of_categories = self.categories.iter().filter_map(|category| state.agreements.partners_of.by_key(category));
        let mut partners: Vec<Row> = by_id.chain(of_categories.flat_map(|rows| rows.0.iter().copied())).collect();
        partners.sort_unstable();
        partners.dedup();
        partners.retain(|row| self.names(state.partners.key(*row), state.partners.get(*row).categories()));
        let mut agreements: Vec<Row> = partners.iter().flat_map(|row| state.partners.get(*row).agreements.iter().copied()).collect();
        agreements.sort_unstable();
        agreements
    }
}
