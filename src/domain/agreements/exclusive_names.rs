//! Whom exclusivities name, so that a signature is tested against those alone that may stand against it (rules 4.6).

use super::terms::{Exclusivity, Terms};
use super::{Agreement, Agreements, Version};
use crate::domain::ids::Id;
use crate::domain::pages::Pages;
use crate::domain::table::{Row, Table, Undo};
use crate::domain::{Seen, State};
use crate::encoding::codec;

/// A partner by id, or a category.
pub(in crate::domain) type ExclusiveName = (bool, Box<str>);

/// Rows in the order in which they were added.
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
    /// Notes whom the exclusivity of an agreement's new terms names, if they have one, and no version before them named.
    pub(super) fn note_exclusivity(&mut self, row: Row, terms: &Terms) {
        let Some(exclusivity) = &terms.exclusivity else { return };
        for name in exclusivity.all_names() {
            let versions = self.by_id.get(row).versions.iter().filter_map(|version| version.terms.exclusivity.as_ref());
            if versions.filter(|known| known.has(&name)).nth(1).is_none() {
                let place = self.exclusive.find_or_insert_with(name, Rows::default);
                self.exclusive.get_mut(place).add(row);
            }
        }
    }

    /// The same of a programme's new terms.
    pub(super) fn note_programme_exclusivity(&mut self, row: Row, terms: &Terms) {
        let Some(exclusivity) = &terms.exclusivity else { return };
        for name in exclusivity.all_names() {
            let versions = self.programmes.get(row).versions(Seen::ALL).filter_map(|version| version.terms.exclusivity.as_ref());
            if versions.filter(|known| known.has(&name)).nth(1).is_none() {
                let place = self.exclusive_programmes.find_or_insert_with(name, Rows::default);
                self.exclusive_programmes.get_mut(place).add(row);
            }
        }
    }

    /// Notes the categories that a partner has from now on and never had before.
    pub(in crate::domain) fn note_categories<'a>(&mut self, partner: Row, categories: impl Iterator<Item = &'a Box<str>>) {
        for category in categories {
            let place = self.partners_of.find_or_insert_with(category.clone(), Rows::default);
            self.partners_of.get_mut(place).add(partner);
        }
    }

    /// The agreements of which some version, or of whose programme some version, has an exclusivity that names a partner or one of
    /// some categories, in the order in which their first exclusivity was recorded.
    pub(super) fn naming(&self, partner: &Id, categories: &[Box<str>], state: &State) -> Vec<Row> {
        let (mut rows, mut programmes): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
        for name in std::iter::once(partner_name(partner)).chain(categories.iter().map(|category| category_name(category))) {
            let of = |table: &Table<ExclusiveName, Rows>, all: &mut Vec<Row>| {
                all.extend(table.by_key(&name).into_iter().flat_map(|rows| rows.0.iter().copied()));
            };
            of(&self.exclusive, &mut rows);
            of(&self.exclusive_programmes, &mut programmes);
        }
        programmes.sort_unstable();
        programmes.dedup();
        rows.extend(programmes.into_iter().flat_map(|row| self.programmes.get(row).agreements()));
        rows.sort_unstable();
        rows.dedup();
        let mut known: Vec<(Option<u64>, Row)> = rows.into_iter().map(|row| (self.by_id.get(row).exclusive_since(state), row)).collect();
        known.sort_unstable();
        known.into_iter().map(|(_, row)| row).collect()
    }
}

impl Agreement {
    /// The record of its first terms with an exclusivity.
    fn exclusive_since(&self, state: &State) -> Option<u64> {
        let exclusive = |version: &Version<'_>| version.terms.exclusivity.is_some();
        self.versions(Seen::ALL, state).filter(exclusive).map(|version| version.stamp.position).min()
    }
}

impl Exclusivity {
    fn all_names(&self) -> impl Iterator<Item = ExclusiveName> {
        self.partners.iter().map(partner_name).chain(self.categories.iter().map(|category| category_name(category)))
    }

    fn has(&self, (is_category, name): &ExclusiveName) -> bool {
        if *is_category { self.categories.contains(name) } else { self.partners.iter().any(|id| id.as_str() == &**name) }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agreements::{amended::AgreementAmended, signed::AgreementSigned};
    use crate::domain::calendar::Time;
    use crate::domain::parse::Fields;
    use crate::domain::partners::{registered::PartnerRegistered, updated::PartnerUpdated};
    use crate::domain::{EventType, Stamp};
    use crate::proto;

    fn tell<T: EventType>(state: &mut State, message: &T::Message) {
        let stamp = Stamp { occurred_at: Time::default(), position: state.position + 1 };
        state.position = stamp.position;
        T::parse(message, stamp.occurred_at, &mut Fields::default()).evolve(stamp, &[], state);
    }

    fn terms(category: &str) -> Box<proto::Terms> {
        let categories = vec![category.to_owned(), "always".to_owned()];
        let exclusivity = proto::Exclusivity { partner_ids: vec!["other".to_owned()], categories, ..proto::Exclusivity::default() };
        Box::new(proto::Terms { exclusivity: Some(exclusivity), ..proto::Terms::default() })
    }

    #[test]
    fn what_is_named_again_and_again_is_noted_once() {
        let mut state = State::default();
        for partner_id in ["acme", "beta"].map(str::to_owned) {
            let categories = vec!["seo".to_owned()];
            tell::<PartnerRegistered>(&mut state, &proto::PartnerRegistered { partner_id, categories, ..Default::default() });
        }
        for agreement_id in ["a", "b"].map(str::to_owned) {
            let (partner_id, terms) = ("acme".to_owned(), Some(terms("seo")));
            tell::<AgreementSigned>(&mut state, &proto::AgreementSigned { agreement_id, partner_id, terms, ..Default::default() });
        }
        for turn in 0..20 {
            let category = ["email", "seo"][turn / 2 % 2];
            let partner_id = ["acme", "beta"][turn % 2].to_owned();
            let categories = vec![category.to_owned()];
            let message = proto::PartnerUpdated { partner_id, replace_categories: true, categories, ..Default::default() };
            tell::<PartnerUpdated>(&mut state, &message);
            let (agreement_id, terms) = (["a", "b"][turn % 2].to_owned(), Some(terms(category)));
            tell::<AgreementAmended>(&mut state, &proto::AgreementAmended { agreement_id, terms, ..Default::default() });
        }
        let rows = |rows: Option<&Rows>| rows.map(|rows| rows.0.iter().copied().collect::<Vec<_>>()).unwrap_or_default();
        for category in ["email", "seo", "always"] {
            assert_eq!(rows(state.agreements.exclusive.by_key(&category_name(category))), [0, 1], "{category}");
        }
        assert_eq!(rows(state.agreements.exclusive.by_key(&(false, "other".into()))), [0, 1]);
        for category in ["email", "seo"] {
            assert_eq!(rows(state.agreements.partners_of.by_key(category)), [0, 1], "{category}");
        }
    }
}
