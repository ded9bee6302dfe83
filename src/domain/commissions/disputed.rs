//! The disputed sum of an account over time: as it is kept or, for a position in the past, by a sweep line over its entries and
//! disputes (rules 7.1).

use super::DisputeSubject;
use crate::domain::account::About;
use crate::domain::calendar::Time;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use std::collections::BTreeMap;

/// What happens to commission at an instant.
#[derive(Clone, Copy)]
enum Step {
    /// An amount becomes available, of a sale or of a lead's qualification.
    Available(Option<Row>, i128),
    /// So many disputes more about the lead itself.
    OfLead(i64),
    /// So many disputes more about a sale.
    OfSale(Row, i64),
}

/// What a sweep has come to of a lead and its sales in an account, or of all sales without a lead.
#[derive(Default)]
struct SweptLead {
    disputes: i64,
    available: i128,
    of_disputed_sales: i128,
}

impl SweptLead {
    /// A dispute about the lead holds all of it, each entry once.
    fn held(&self) -> i128 {
        if self.disputes > 0 { self.available } else { self.of_disputed_sales }
    }
}

/// What a sweep has come to of a sale.
#[derive(Default)]
struct SweptSale {
    disputes: i64,
    available: i128,
}

/// The state of the sweep.
#[derive(Default)]
struct Sweep {
    leads: BTreeMap<Option<Row>, SweptLead>,
    sales: BTreeMap<Row, SweptSale>,
}

impl Sweep {
    /// Applies a step. Returns the change of what is held, in minor units.
    fn take(&mut self, lead: Option<Row>, step: Step) -> i128 {
        let lead = self.leads.entry(lead).or_default();
        let before = lead.held();
        match step {
            Step::OfLead(more) => lead.disputes += more,
            Step::Available(sale, amount) => {
                lead.available += amount;
                if let Some(sale) = sale.map(|sale| self.sales.entry(sale).or_default()) {
                    sale.available += amount;
                    lead.of_disputed_sales += if sale.disputes > 0 { amount } else { 0 };
                }
            }
            Step::OfSale(sale, more) => {
                let sale = self.sales.entry(sale).or_default();
                let was = sale.disputes > 0;
                sale.disputes += more;
                match (was, sale.disputes > 0) {
                    (false, true) => lead.of_disputed_sales += sale.available,
                    (true, false) => lead.of_disputed_sales -= sale.available,
                    _ => {}
                }
            }
        }
        lead.held() - before
    }
}

impl State {
    /// What changes, at which instants up to the time asked, the sum that open disputes hold of an account: `disputed` at
    /// an instant is the sum of the changes until then, not below zero. In order of time, in minor units.
    pub fn disputed_changes(&self, row: Row, seen: Seen) -> Vec<(Time, i128)> {
        let account = self.accounts.get(row);
        if account.disputed().is_empty() {
            return Vec::new();
        }
        account.held_changes(seen).unwrap_or_else(|| self.disputed_changes_past(row, seen))
    }

    /// The same for a position in the past: a sweep over all entries and disputes.
    fn disputed_changes_past(&self, row: Row, seen: Seen) -> Vec<(Time, i128)> {
        let account = self.accounts.get(row);
        let lead_of = |sale: Row| self.commissions.sales.get(sale).lead();
        let mut steps: Vec<(Time, Option<Row>, Step)> = Vec::new();
        for entry in account.first_entries(account.entries_until(seen.position)) {
            let (lead, sale) = match (entry.about, self.sale_of(entry.about)) {
                (_, Some((sale, _))) => (lead_of(sale), Some(sale)),
                (About::Lead(lead), None) => (Some(lead), None),
                _ => continue,
            };
            if entry.awaits {
                continue;
            }
            steps.push((entry.settles_at(), lead, Step::Available(sale, -i128::from(entry.amount))));
        }
        let disputes = account.disputed().iter().flat_map(|about| self.disputes_of(*about));
        for dispute in disputes.map(|dispute| self.commissions.disputes.get(*dispute)) {
            let (opened, resolved) = (dispute.opened.occurred_at, dispute.resolved_at(seen));
            if !seen.sees(dispute.opened) || resolved.is_some_and(|resolved| resolved <= opened) {
                continue;
            }
            for (at, more) in [(Some(opened), 1), (resolved, -1)] {
                let Some(at) = at else { continue };
                match dispute.subject {
                    DisputeSubject::Lead(lead) => steps.push((at, Some(lead), Step::OfLead(more))),
                    DisputeSubject::Sale(sale) => steps.push((at, lead_of(sale), Step::OfSale(sale, more))),
                    DisputeSubject::Payout(_) => {}
                }
            }
        }
        steps.retain(|(at, _, _)| *at <= seen.time);
        steps.sort_by_key(|(at, _, _)| *at);
        let mut sweep = Sweep::default();
        let changes = steps.into_iter().map(|(at, lead, step)| (at, sweep.take(lead, step)));
        changes.filter(|(_, change)| *change != 0).collect()
    }
}
