//! Which disputes may be open, and which may concern a partner, so that a list of these does not look at all (rules 7.5).

use super::{Commissions, Dispute, DisputeSubject};
use crate::domain::account::About;
use crate::domain::agreements::Agreements;
use crate::domain::blocks::Blocks;
use crate::domain::calendar::{LATEST, Time};
use crate::domain::leads::{Decision, Owner};
use crate::domain::row_lists::RowLists;
use crate::domain::slice::slice;
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use std::ops::RangeInclusive;

slice! {
    /// What is kept of disputes beside them.
    pub struct DisputeLists {
        /// What is kept of each few of them together.
        pub blocks: Blocks<DisputeBlock>,
        /// The disputes about payouts to each partner, and about sales on which its agreements earn.
        of_partners: RowLists,
        /// The disputed leads that each partner owned, or whose credit its agreements had, by any decision.
        leads_of_partners: RowLists,
    }
}

/// What is kept of a block of disputes.
#[derive(Clone)]
pub struct DisputeBlock {
    unresolved: usize,
    opened: RangeInclusive<Time>,
    /// The last record that resolved one, and the latest time at which one was resolved.
    resolved_at: u64,
    resolved_by: Time,
}

impl Default for DisputeBlock {
    fn default() -> Self {
        let none = LATEST..=Time::default();
        Self { unresolved: 0, opened: none, resolved_at: 0, resolved_by: Time::default() }
    }
}

impl DisputeBlock {
    /// Between which times its disputes were opened.
    pub fn opened(&self) -> &RangeInclusive<Time> {
        &self.opened
    }

    /// Whether one of them may be open at the time seen.
    pub fn may_be_open(&self, seen: Seen) -> bool {
        self.unresolved > 0 || self.resolved_at > seen.position || self.resolved_by > seen.time
    }

    fn add(&mut self, opened: Stamp) {
        let at = opened.occurred_at;
        self.unresolved += 1;
        self.opened = at.min(*self.opened.start())..=at.max(*self.opened.end());
    }

    fn resolve(&mut self, stamp: Stamp) {
        self.unresolved -= 1;
        self.resolved_at = self.resolved_at.max(stamp.position);
        self.resolved_by = self.resolved_by.max(stamp.occurred_at);
    }
}

impl Commissions {
    /// Notes that a dispute was resolved.
    pub(super) fn note_resolved(&mut self, row: Row, stamp: Stamp) {
        self.dispute_lists.blocks.change(row, |block| block.resolve(stamp));
    }
}

impl State {
    /// Notes a dispute that was opened. `is_first` says whether there is no earlier one about its lead.
    pub(super) fn note_opened(&mut self, row: Row, is_first: bool) {
        let Dispute { opened, subject, .. } = *self.commissions.disputes.get(row);
        let earners = if let DisputeSubject::Sale(sale) = subject { self.earning_partners(sale) } else { Vec::new() };
        let lists = &mut self.commissions.dispute_lists;
        lists.blocks.change(row, |block| block.add(opened));
        match subject {
            DisputeSubject::Payout(payout) => lists.of_partners.push(self.commissions.payouts.get(payout).partner, row),
            DisputeSubject::Sale(_) => earners.into_iter().for_each(|partner| lists.of_partners.push(partner, row)),
            DisputeSubject::Lead(lead) if is_first => {
                let decisions = self.leads.by_id.get(lead).decisions(Seen::ALL);
                let mut partners: Vec<Row> = decisions.flat_map(|decision| partners_of(decision, &self.agreements)).collect();
                partners.sort_unstable();
                partners.dedup();
                partners.into_iter().for_each(|partner| lists.leads_of_partners.push(partner, lead));
            }
            DisputeSubject::Lead(_) => {}
        }
    }

    /// The partners that earn on a sale, each once.
    fn earning_partners(&self, sale: Row) -> Vec<Row> {
        let credits = self.own_parts(sale).filter_map(|part| part.earning.credit());
        let mut partners: Vec<Row> = credits.map(|credit| self.agreements.by_id.get(credit).partner).collect();
        partners.sort_unstable();
        partners.dedup();
        partners
    }

    /// Notes the last decision on a lead, if the lead is disputed.
    pub(in crate::domain) fn note_lead_decided(&mut self, lead: Row) {
        let known = self.leads.by_id.get(lead);
        if known.disputes().is_empty() {
            return;
        }
        let mut decisions = known.decisions(Seen::ALL).rev();
        let last: Vec<Row> = decisions.next().into_iter().flat_map(|decision| partners_of(decision, &self.agreements)).collect();
        let before: Vec<Row> = decisions.flat_map(|decision| partners_of(decision, &self.agreements)).collect();
        let lists = &mut self.commissions.dispute_lists;
        for (index, partner) in last.iter().enumerate() {
            if !last[..index].contains(partner) && !before.contains(partner) {
                lists.leads_of_partners.push(*partner, lead);
            }
        }
    }

    /// Makes what is kept beside the disputes of what they and the leads say: snapshots leave it out.
    pub(in crate::domain) fn note_all_disputes(&mut self) {
        self.commissions.dispute_lists = DisputeLists::default();
        let disputes: Vec<(Row, DisputeSubject, Option<Stamp>)> = self
            .commissions
            .disputes
            .iter()
            .map(|(row, _, dispute)| (row, dispute.subject, dispute.resolved.as_ref().map(|(stamp, ..)| *stamp)))
            .collect();
        for (row, subject, resolved) in disputes {
            let is_first = match subject {
                DisputeSubject::Lead(lead) => self.leads.by_id.get(lead).disputes().first() == Some(&row),
                DisputeSubject::Sale(_) | DisputeSubject::Payout(_) => false,
            };
            self.note_opened(row, is_first);
            resolved.into_iter().for_each(|stamp| self.commissions.note_resolved(row, stamp));
        }
    }

    /// The disputes from a row on that may be about what is a partner's, or hold commission of it, whatever is seen: in the order
    /// of their rows, each once.
    pub fn disputes_of_partner(&self, partner: Row, from: Row) -> Vec<Row> {
        let lists = &self.commissions.dispute_lists;
        let leads = lists.leads_of_partners.of(partner).map(About::Lead);
        let accounts = self.partners.get(partner).accounts.iter().map(|row| self.accounts.get(*row));
        let held = accounts.flat_map(|account| account.disputed().iter().copied());
        let about = leads.chain(held).flat_map(|about| self.disputes_of(about).iter().copied());
        let mut rows: Vec<Row> = lists.of_partners.of(partner).chain(about).filter(|row| from <= *row).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

/// The partners that a decision gave a lead to, or its credit.
fn partners_of(decision: &Decision, agreements: &Agreements) -> impl Iterator<Item = Row> {
    let owner = match decision.owner {
        Owner::Partner(partner) => Some(partner),
        Owner::House => None,
    };
    owner.into_iter().chain(decision.credit.map(|credit| agreements.by_id.get(credit).partner))
}
