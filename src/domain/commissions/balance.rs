//! Balances: what a partner is owed, what of it is pending, disputed and payable (rules 7.1–7.3).

use super::DisputeSubject;
use crate::domain::account::{Account, AccountName};
use crate::domain::calendar::{LATEST, Time};
use crate::domain::ids::Id;
use crate::domain::leads::Lead;
use crate::domain::money::Currency;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::EntryKind;
use std::collections::{BTreeMap, BTreeSet};

/// A partner's balance in one currency, in minor units (rules 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The currency.
    pub currency: Currency,
    /// Commission accrued, with transfers in.
    pub accrued: i128,
    /// Commission reversed less reinstated, with transfers out.
    pub reversed: i128,
    /// Adjustments.
    pub adjusted: i128,
    /// Shares of costs, paid for the house less owed to it.
    pub cost_share: i128,
    /// Distributions of ventures.
    pub distributed: i128,
    /// Sales that the partner collected.
    pub collected: i128,
    /// Paid to the partner.
    pub paid: i128,
    /// Payouts that came back.
    pub returned: i128,
    /// Received from the partner.
    pub received: i128,
    /// The sum: what the house owes.
    pub net: i128,
    /// Of that, commission not yet available.
    pub pending: i128,
    /// Of that, commission held by open disputes.
    pub disputed: i128,
    /// What can be paid now; it may be negative.
    pub payable: i128,
}

impl State {
    /// The commission entries of a dispute's subject: account and place.
    pub fn commission_entries(&self, subject: DisputeSubject) -> impl Iterator<Item = (Row, Row)> {
        let (lead, sale) = match subject {
            DisputeSubject::Lead(row) => (Some(self.leads.by_id.get(row)), None),
            DisputeSubject::Sale(row) => (None, Some(row)),
            DisputeSubject::Payout(_) => (None, None),
        };
        let own = lead.into_iter().flat_map(Lead::entries);
        let sales = sale.into_iter().chain(lead.into_iter().flat_map(|lead| lead.sales(self)));
        own.chain(sales.flat_map(|sale| self.commissions.sales.get(sale).entries()))
    }

    /// A partner's balances at a time, by currency code; only currencies in which something is seen.
    pub fn balances(&self, partner: Row, seen: Seen) -> Vec<Balance> {
        let accounts = self.partners.get(partner).accounts.iter();
        let mut balances: Vec<Balance> = accounts.filter_map(|row| self.balance(*row, seen)).collect();
        balances.sort_by_key(|balance| balance.currency);
        balances
    }

    /// The largest minimum in a currency among the terms in force at a time, or at the end, of a partner's signed agreements,
    /// as seen; 0 if there is none (rules 7.3).
    pub fn minimum_payout(&self, partner: Row, currency: Currency, at: Time, seen: Seen) -> i64 {
        let agreements = self.partners.get(partner).agreements.iter().map(|row| self.agreements.by_id.get(*row));
        let terms = agreements.filter_map(|agreement| agreement.terms_applying(at, seen));
        let minimums = terms.filter_map(|version| version.terms.minimum_payout).filter(|minimum| minimum.currency == currency);
        minimums.map(|minimum| minimum.minor_units).max().unwrap_or(0)
    }

    /// The balance of a partner's account; `None` if nothing is seen of it.
    pub fn balance(&self, row: Row, seen: Seen) -> Option<Balance> {
        let (_, currency) = self.accounts.key(row);
        let account = self.accounts.get(row);
        let count = account.entries_until(seen.position);
        account.first_entries(count).find(|entry| entry.effective_at <= seen.time)?;
        let sums = account.sums_of_first(count, seen);
        let net = -sums.balance();
        let disputed = self.disputed(row, seen);
        Some(Balance {
            currency: *currency,
            accrued: sums.owed(EntryKind::Accrual) + sums.transferred_in(),
            reversed: sums.transferred_out() - sums.owed(EntryKind::Reversal) - sums.owed(EntryKind::Reinstatement),
            adjusted: sums.owed(EntryKind::Adjustment),
            cost_share: sums.owed(EntryKind::CostShare),
            distributed: sums.owed(EntryKind::Distribution),
            collected: -sums.owed(EntryKind::Collection),
            paid: -sums.owed(EntryKind::Payment),
            returned: sums.owed(EntryKind::PaymentReturn),
            received: sums.owed(EntryKind::Receipt),
            net,
            pending: sums.pending(),
            disputed,
            payable: net - sums.pending() - disputed,
        })
    }

    /// Commission held by open disputes: what is available of their leads and sales, each once, not below zero (rules 7.1).
    pub fn disputed(&self, row: Row, seen: Seen) -> i128 {
        let account = self.accounts.get(row);
        let open = account.disputes().iter().filter(|dispute| self.commissions.disputes.get(**dispute).is_open(seen.time, seen));
        let places: BTreeSet<Row> = open.flat_map(|dispute| self.places_held(*dispute, row)).collect();
        Self::available_of(account, places, seen).max(0)
    }

    /// Returns what one open dispute holds in an account, in minor units, not below zero.
    pub fn held_by(&self, dispute: Row, row: Row, seen: Seen) -> i128 {
        Self::available_of(self.accounts.get(row), self.places_held(dispute, row), seen).max(0)
    }

    fn available_of(account: &Account, places: impl IntoIterator<Item = Row>, seen: Seen) -> i128 {
        let entries = places.into_iter().map(|place| account.entry(place));
        let available = entries.filter(|entry| entry.position <= seen.position && entry.settles_at() <= seen.time);
        -available.map(|entry| i128::from(entry.amount)).sum::<i128>()
    }

    fn places_held(&self, dispute: Row, account: Row) -> impl Iterator<Item = Row> {
        let entries = self.commission_entries(self.commissions.disputes.get(dispute).subject);
        entries.filter(move |(row, _)| *row == account).map(|(_, place)| place)
    }

    /// Returns the lowest payable from a time on, in minor units, and when it is reached (rules 7.2).
    pub fn least_payable_from(&self, partner: &Id, currency: Currency, from: Time) -> (i128, Time) {
        let Some(row) = self.accounts.find(&(AccountName::Partner(partner.clone()), currency)) else { return (0, from) };
        let account = self.accounts.get(row);
        let mut changes: BTreeMap<Time, Change> = BTreeMap::new();
        let mut settled = -account.totals().balance();
        for entry in account.settling_after(from) {
            settled += i128::from(entry.amount);
            changes.entry(entry.settles_at()).or_default().settled -= i128::from(entry.amount);
        }
        let mut disputed = 0;
        for (start, end, amount) in self.disputed_spans(account, row) {
            if start <= from && from < end {
                disputed += amount;
            } else if from < start {
                changes.entry(start).or_default().disputed += amount;
            }
            if from < end && end < LATEST {
                changes.entry(end).or_default().disputed -= amount;
            }
        }
        let mut least = (settled - disputed.max(0), from);
        for (time, change) in changes {
            settled += change.settled;
            disputed += change.disputed;
            least = least.min((settled - disputed.max(0), time));
        }
        least
    }

    /// When each disputed entry is held: it is available, and some dispute that concerns it is open.
    fn disputed_spans(&self, account: &Account, row: Row) -> Vec<(Time, Time, i128)> {
        let mut held: BTreeMap<Row, Vec<(Time, Time)>> = BTreeMap::new();
        let disputes: BTreeSet<Row> = account.disputes().iter().copied().collect();
        for dispute in disputes {
            let known = self.commissions.disputes.get(dispute);
            let span = (known.opened.occurred_at, known.resolved_at(Seen::ALL).unwrap_or(LATEST));
            for place in self.places_held(dispute, row) {
                held.entry(place).or_default().push(span);
            }
        }
        let mut spans = Vec::new();
        for (place, mut open) in held {
            let entry = account.entry(place);
            open.sort_unstable();
            let mut reached = entry.settles_at();
            for (start, end) in open {
                let start = start.max(reached);
                if start < end {
                    spans.push((start, end, -i128::from(entry.amount)));
                    reached = end;
                }
            }
        }
        spans
    }
}

/// By how much sums change at an instant, in minor units.
#[derive(Default)]
struct Change {
    settled: i128,
    disputed: i128,
}
