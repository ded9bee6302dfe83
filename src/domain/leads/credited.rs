//! Which leads an agreement has or had the credit of, and which the house owns or owned, so that a list of these does not look at
//! all leads (rules 5.4).

use super::{Decision, Lead, Leads, Owner};
use crate::domain::few::Few;
use crate::domain::ids::Id;
use crate::domain::pages::Pages;
use crate::domain::slice::{Slice, derived};
use crate::domain::table::{Row, Table};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The leads that decisions gave to the house, and those whose credit they gave to each agreement. They are made of the leads'
/// decisions: snapshots leave them out.
#[derive(Default)]
pub struct CreditedLeads {
    /// Those of the house, then those of each agreement by its row.
    lists: Pages<LeadsOf, 16>,
    /// What was added since the open savepoint was opened: to which list, and whether to its `others`. `None` if none is open.
    since_savepoint: Option<Vec<(usize, bool)>>,
}

/// Some leads, each once.
#[derive(Clone, Default)]
struct LeadsOf {
    /// Those that came in the order of their rows, as most do.
    rising: Few<Row, 32>,
    /// Those that came after one with a later row.
    others: Few<Row, 32>,
}

impl LeadsOf {
    /// The leads from a row on, in the order of their rows: two lists.
    fn since(&self, row: Row) -> [Box<dyn Iterator<Item = Row> + '_>; 2] {
        let first = self.rising.partition_point(|known| *known < row);
        let mut others: Vec<Row> = self.others.iter_from(0).copied().filter(|known| row <= *known).collect();
        others.sort_unstable();
        [Box::new(self.rising.iter_from(first).copied()), Box::new(others.into_iter())]
    }
}

/// The list of the house.
const OF_HOUSE: usize = 0;

fn list_of(agreement: Row) -> usize {
    agreement as usize + 1
}

/// The lists that a decision puts its lead in.
fn lists_of(decision: &Decision) -> impl Iterator<Item = usize> {
    let of_house = (decision.owner == Owner::House).then_some(OF_HOUSE);
    of_house.into_iter().chain(decision.credit.map(list_of))
}

impl CreditedLeads {
    /// The lists of leads that are known.
    fn of(leads: &Table<Id, Lead>) -> Self {
        let mut credited = Self::default();
        for (row, _, lead) in leads.iter() {
            for list in lead.all_decisions().flat_map(lists_of) {
                if credited.lists.get(list).is_none_or(|leads| leads.rising.last() != Some(&row)) {
                    credited.add(list, row);
                }
            }
        }
        credited
    }

    /// Notes the last decision on a lead.
    pub(super) fn note(&mut self, row: Row, lead: &Lead) {
        for list in lists_of(lead.last_decision()) {
            if lead.all_decisions().rev().skip(1).flat_map(lists_of).all(|known| known != list) {
                self.add(list, row);
            }
        }
    }

    fn add(&mut self, list: usize, row: Row) {
        while self.lists.len() <= list {
            self.lists.push(LeadsOf::default());
        }
        let leads = self.lists.get_mut(list).expect("the list is there");
        let is_other = leads.rising.last().is_some_and(|last| row < *last);
        let rows = if is_other { &mut leads.others } else { &mut leads.rising };
        rows.push(row);
        if let Some(added) = &mut self.since_savepoint {
            added.push((list, is_other));
        }
    }

    /// The leads from a row on whose credit any of some agreements has or had, in the order of their rows, each once.
    pub fn of_agreements(&self, agreements: impl IntoIterator<Item = Row>, row: Row) -> impl Iterator<Item = Row> {
        self.since(agreements.into_iter().map(list_of), row)
    }

    /// The same, with those that a decision gave to the house.
    pub fn of_house_and(&self, agreements: impl IntoIterator<Item = Row>, row: Row) -> impl Iterator<Item = Row> {
        self.since(std::iter::once(OF_HOUSE).chain(agreements.into_iter().map(list_of)), row)
    }

    fn since(&self, lists: impl Iterator<Item = usize>, row: Row) -> impl Iterator<Item = Row> {
        let mut lists: Vec<_> = lists.filter_map(|list| self.lists.get(list)).flat_map(|leads| leads.since(row)).collect();
        let firsts = lists.iter_mut().enumerate().filter_map(|(list, rows)| Some(Reverse((rows.next()?, list))));
        let mut next: BinaryHeap<_> = firsts.collect();
        let mut last = None;
        std::iter::from_fn(move || {
            loop {
                let Reverse((row, list)) = next.pop()?;
                next.extend(lists[list].next().map(|row| Reverse((row, list))));
                if last.replace(row) != Some(row) {
                    return Some(row);
                }
            }
        })
    }
}

impl Leads {
    /// Makes what is made of the decisions: snapshots leave it out.
    pub(in crate::domain) fn note_all_credited(&mut self) {
        self.credited = CreditedLeads::of(&self.by_id);
    }
}

impl Slice for CreditedLeads {
    derived!();

    fn savepoint(&mut self) {
        self.since_savepoint = Some(Vec::new());
    }

    fn release(&mut self) {
        self.since_savepoint = None;
    }

    fn rollback(&mut self) {
        for (list, is_other) in self.since_savepoint.take().into_iter().flatten().rev() {
            let leads = self.lists.get_mut(list).expect("the list is there");
            let rows = if is_other { &mut leads.others } else { &mut leads.rising };
            rows.pop();
        }
    }

    fn share(&self) -> Self {
        assert!(self.since_savepoint.is_none(), "only what cannot be taken back is shared");
        Self { lists: self.lists.clone(), since_savepoint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn lists_have_their_leads_and_what_is_taken_back_is_gone(
            kept in prop::collection::vec((0_usize..4, 0_u32..60), 0..200), undone in prop::collection::vec((0_usize..5, 0_u32..60), 0..60),
            wanted in prop::collection::vec(0_u32..4, 0..4), from in 0_u32..60,
        ) {
            let (mut credited, mut known) = (CreditedLeads::default(), BTreeSet::new());
            let fill = |credited: &mut CreditedLeads, known: &mut BTreeSet<(usize, Row)>, added: &[(usize, Row)]| {
                for (list, row) in added {
                    if known.insert((*list, *row)) {
                        credited.add(*list, *row);
                    }
                }
            };
            fill(&mut credited, &mut known, &kept);
            let shared = credited.share();
            credited.savepoint();
            fill(&mut credited, &mut known.clone(), &undone);
            credited.rollback();
            for credited in [credited, shared] {
                let expected = |lists: &[usize]| {
                    let rows = known.iter().filter(|(list, row)| lists.contains(list) && from <= *row).map(|(_, row)| *row);
                    rows.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
                };
                let lists: Vec<usize> = wanted.iter().map(|agreement| list_of(*agreement)).collect();
                prop_assert_eq!(credited.of_agreements(wanted.iter().copied(), from).collect::<Vec<_>>(), expected(&lists));
                let with_house: Vec<usize> = lists.iter().copied().chain([OF_HOUSE]).collect();
                prop_assert_eq!(credited.of_house_and(wanted.iter().copied(), from).collect::<Vec<_>>(), expected(&with_house));
            }
        }
    }
}
