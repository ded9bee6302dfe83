//! What stands of commission as seen, with whom, and what of it counts as paid (rules 5.5, 6.8).

use super::earning::Earning;
use super::holdings::{CommissionPart, HOUSE, Holding, Holdings};
use crate::domain::account::{About, AccountName, Entry, Sums};
use crate::domain::leads::Lead;
use crate::domain::money::saturating_i64;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::EntryKind;
use std::cmp::Ordering;

/// The paid portion of a standing amount: the part `from..from + amount` of all that was paid to its account, payments being
/// allocated first in, first out (rules 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidPortion {
    /// What stands of earlier commission, which payments count against first; at most what was paid.
    pub from: i128,
    /// What counts as paid, in minor units.
    pub amount: i64,
}

/// Where what was paid to an account ends: what stands of entries before counts as paid, what stands of those behind does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstUnpaid {
    /// The first entry of which not all counts as paid.
    place: Row,
    /// What of it does, in minor units.
    paid: i64,
}

impl FirstUnpaid {
    /// What of an amount that stands at a place does not count as paid.
    pub fn unpaid(&self, place: Row, stands: i64) -> i64 {
        match place.cmp(&self.place) {
            Ordering::Less => 0,
            Ordering::Equal => stands - self.paid.min(stands),
            Ordering::Greater => stands,
        }
    }
}

impl State {
    /// The commission entries of a sale or of a lead's qualifications that are seen: account, place and entry, in the
    /// order of recording.
    pub fn commission_seen(&self, about: About, seen: Seen) -> impl Iterator<Item = (Row, Row, Entry)> {
        let entries = self.entries_about(about).map(|(account, place)| (account, place, self.entry_at(account, place)));
        entries.filter(move |(_, _, entry)| is_seen(entry, seen))
    }

    fn entries_about(&self, about: About) -> impl Iterator<Item = (Row, Row)> {
        let (sale, lead) = match about {
            About::Sale(row) => (Some(self.commissions.sales.get(row)), None),
            About::Lead(row) => (None, Some(self.leads.by_id.get(row))),
            About::Nothing => (None, None),
        };
        let of_sale = sale.into_iter().flat_map(|sale| sale.entries());
        of_sale.chain(lead.into_iter().flat_map(Lead::entries))
    }

    fn entry_at(&self, account: Row, place: Row) -> Entry {
        self.accounts.get(account).entry(place)
    }

    /// What stands of the commission of a sale, or of a lead's qualifications, as seen. The holdings name no agreement.
    pub fn holdings_seen(&self, about: About, seen: Seen) -> Holdings {
        let mut holdings = Holdings::default();
        // Of what was moved last: it is posted out, then in.
        let mut source = 0;
        // How many entries of the reinstatement at a position came before.
        let mut nth = (0, 0);
        for (account, place, entry) in self.commission_seen(about, seen) {
            let Some(partner) = self.partner_of(account) else { continue };
            let currency = self.accounts.key(account).1;
            let part = CommissionPart { partner, agreement: Row::MAX, position: 0, currency, amount: 0, available_at: entry.available_at };
            match entry.kind {
                _ if brings_commission(&entry) => {
                    let part = CommissionPart { amount: -entry.amount, ..part };
                    let source = if entry.kind == EntryKind::Transfer { source } else { entry.position };
                    let mut holding = Holding::moved(&part, entry.position, source);
                    holding.entry = Some((account, place));
                    holdings.acquire(holding);
                }
                EntryKind::Reinstatement => {
                    let taken_from = self.taken_by_refund(about, &entry, &mut nth);
                    holdings.give_back(&CommissionPart { amount: -entry.amount, position: taken_from, ..part });
                }
                _ => {
                    let part = CommissionPart { amount: entry.amount, ..part };
                    source = holdings.take(&part).map_or(source, |(_, source)| source);
                }
            }
        }
        holdings
    }

    /// The record that brought the holding which an entry of a reinstatement gives back to. The entries are what the
    /// refund took from partners, in the same order; `nth` counts those of one reinstatement.
    fn taken_by_refund(&self, about: About, entry: &Entry, nth: &mut (u64, usize)) -> u64 {
        *nth = if nth.0 == entry.position { (nth.0, nth.1 + 1) } else { (entry.position, 0) };
        let About::Sale(row) = about else { return 0 };
        let refunds = self.commissions.sales.get(row).refunds().iter().map(|row| self.commissions.refunds.get(*row));
        let mut undone = refunds.filter(|refund| refund.reinstated().is_some_and(|stamp| stamp.position == entry.position));
        let taken = undone.next().into_iter().flat_map(|refund| refund.taken.iter()).filter(|part| part.partner != HOUSE);
        taken.filter(|part| part.amount != 0).nth(nth.1).map_or(0, |part| part.position)
    }

    /// The partner of an account; none for one of the house.
    pub fn partner_of(&self, account: Row) -> Option<Row> {
        match &self.accounts.key(account).0 {
            AccountName::Partner(id) => self.partners.find(id),
            _ => None,
        }
    }

    /// Changes what was earned and what stands of it, and the sums of the accounts with it.
    pub(in crate::domain) fn change_earning<R>(&mut self, about: About, change: impl FnOnce(&mut Earning) -> R) -> R {
        let earning: &mut Earning = match about {
            About::Sale(row) => self.commissions.sales.get_mut(row),
            About::Lead(row) => self.leads.by_id.get_mut(row).earning_mut(),
            About::Nothing => unreachable!("commission is of a sale or of a lead"),
        };
        let before = earning.standing();
        let result = change(earning);
        for (index, (entry, stands)) in earning.standing().into_iter().enumerate() {
            let stood = before.get(index).filter(|(linked, _)| linked.is_some()).map_or(0, |(_, stood)| *stood);
            if let Some((account, place)) = entry.filter(|_| stands != stood) {
                self.accounts.get_mut(account).add_standing(place, stands - stood);
            }
        }
        result
    }

    /// What of an amount that stands at a place of a partner's account counts as paid, as seen: payments less returns
    /// count against standing commission in the order of position (rules 5.5).
    pub fn paid_portion(&self, account: Row, place: Row, stands: i64, seen: Seen) -> PaidPortion {
        if self.accounts.get(account).is_all_seen(seen) {
            return Waterline::new(self).paid_portion(account, place, stands);
        }
        self.paid_portion_past(account, place, stands, seen)
    }

    /// The same by what stands of each entry before, one by one: for a time or a position in the past.
    pub fn paid_portion_past(&self, account: Row, place: Row, stands: i64, seen: Seen) -> PaidPortion {
        let paid = paid_by(&self.accounts.get(account).sums(seen));
        let mut before = 0;
        for (earlier, entry) in (0..place).zip(self.accounts.get(account).entries()) {
            if before >= paid {
                return PaidPortion { from: paid.max(0), amount: 0 };
            }
            if is_seen(&entry, seen) && brings_commission(&entry) {
                before += self.standing_at(account, earlier, &entry, seen);
            }
        }
        PaidPortion::of(paid, before, stands)
    }

    /// What stands of the commission that an entry brought.
    fn standing_at(&self, account: Row, place: Row, entry: &Entry, seen: Seen) -> i128 {
        // Most commission is never touched again.
        if self.entries_about(entry.about).nth(1).is_none() {
            return i128::from(-entry.amount).max(0);
        }
        let holdings = self.holdings_seen(entry.about, seen);
        let holding = holdings.iter().find(|holding| holding.entry == Some((account, place)));
        holding.map_or(0, |holding| i128::from(holding.amount).max(0))
    }

    /// What stands of the commission that an entry brought, by everything recorded; in minor units, not below zero.
    fn standing_now(&self, account: Row, place: Row, entry: &Entry) -> i64 {
        let standing = match entry.about {
            About::Sale(row) => self.commissions.sales.get(row).standing(),
            About::Lead(row) => self.leads.by_id.get(row).standing(),
            About::Nothing => return 0,
        };
        standing.into_iter().find(|(linked, _)| *linked == Some((account, place))).map_or(0, |(_, stands)| stands)
    }

    /// Where in a partner's account what was paid ends, by everything recorded; `None` if all that stands is paid. It costs a
    /// walk over one block.
    pub fn first_unpaid(&self, account: Row) -> Option<FirstUnpaid> {
        let known = self.accounts.get(account);
        let paid = paid_by(known.totals());
        let (first, mut before) = known.block_beyond(paid.max(0))?;
        for (place, entry) in (Row::try_from(first).ok()?..).zip(known.entries_from(first)) {
            let stands = if brings_commission(&entry) { i128::from(self.standing_now(account, place, &entry)) } else { 0 };
            if before + stands > paid.max(0) {
                return Some(FirstUnpaid { place, paid: saturating_i64(paid.max(0) - before) });
            }
            before += stands;
        }
        None
    }

    /// The payouts that make up what is covered, each with its part, in the order of position; what of a payout came
    /// back does not count.
    pub fn payouts_covering(&self, account: Row, covered: PaidPortion, seen: Seen) -> Vec<(Row, i64)> {
        if !self.accounts.get(account).is_all_seen(seen) {
            return self.payouts_covering_past(account, covered, seen);
        }
        let end = covered.from + i128::from(covered.amount);
        let payouts = self.accounts.get(account).payouts_beyond(covered.from).take_while(|(_, start, _)| *start < end);
        let parts = payouts.map(|(row, start, reached)| (row, saturating_i64(reached.min(end) - start.max(covered.from))));
        parts.filter(|(_, part)| *part > 0).collect()
    }

    /// The same by each payment: for a time or a position in the past.
    pub fn payouts_covering_past(&self, account: Row, covered: PaidPortion, seen: Seen) -> Vec<(Row, i64)> {
        let end = covered.from + i128::from(covered.amount);
        let mut reached = 0;
        let mut parts = Vec::new();
        for entry in self.accounts.get(account).entries() {
            if reached >= end || entry.position > seen.position {
                break;
            }
            if entry.kind != EntryKind::Payment || !is_seen(&entry, seen) {
                continue;
            }
            let Some(row) = self.commissions.payout_at(entry.position) else { continue };
            let payout = self.commissions.payouts.get(row);
            let start = reached;
            reached += i128::from(payout.amount.minor_units - payout.returned_effective(seen));
            let part = reached.min(end) - start.max(covered.from);
            if part > 0 {
                parts.push((row, saturating_i64(part)));
            }
        }
        parts
    }
}

impl PaidPortion {
    /// The portion of an amount that stands, with what stands before it, of all that was paid.
    fn of(paid: i128, before: i128, stands: i64) -> Self {
        let amount = saturating_i64((paid - before).clamp(0, i128::from(stands.max(0))));
        Self { from: if amount > 0 { before } else { before.min(paid.max(0)) }, amount }
    }
}

/// Payments less returns.
fn paid_by(sums: &Sums) -> i128 {
    -sums.owed(EntryKind::Payment) - sums.owed(EntryKind::PaymentReturn)
}

/// Walks over accounts and says what stands before a place, by everything recorded. Places of an account that are asked for in
/// order cost one walk over their blocks.
pub struct Waterline<'a> {
    state: &'a State,
    account: Row,
    /// The first place of the block that is walked over, and its entries.
    first: usize,
    entries: Vec<Entry>,
    /// The next place of the walk, and what stands before it.
    next: usize,
    before: i128,
}

impl<'a> Waterline<'a> {
    /// A walk that has not begun.
    pub fn new(state: &'a State) -> Self {
        Self { state, account: Row::MAX, first: 0, entries: Vec::new(), next: 0, before: 0 }
    }

    /// What of an amount that stands at a place of a partner's account counts as paid.
    pub fn paid_portion(&mut self, account: Row, place: Row, stands: i64) -> PaidPortion {
        let paid = paid_by(self.state.accounts.get(account).totals());
        PaidPortion::of(paid, self.before(account, place), stands)
    }

    fn before(&mut self, account: Row, place: Row) -> i128 {
        let known = self.state.accounts.get(account);
        let (before, first) = known.standing_before_block(place);
        let place = place as usize;
        if (self.account, self.first) != (account, first) || self.next > place || self.entries.len() < place - first {
            (self.account, self.first, self.next, self.before) = (account, first, first, before);
            self.entries = known.block_at(first).collect();
        }
        for walked in self.next..place {
            let entry = self.entries[walked - first];
            if brings_commission(&entry) {
                let walked = Row::try_from(walked).expect("places are rows");
                self.before += i128::from(self.state.standing_now(account, walked, &entry));
            }
        }
        self.next = place;
        self.before
    }
}

impl super::Commissions {
    /// The payout that a record brought.
    pub fn payout_at(&self, position: u64) -> Option<Row> {
        let row = self.payouts.partition_point(|payout| payout.stamp().position < position);
        ((row as usize) < self.payouts.len() && self.payouts.get(row).stamp().position == position).then_some(row)
    }
}

/// Whether an entry counts, as seen (rules 1.4).
fn is_seen(entry: &Entry, seen: Seen) -> bool {
    entry.position <= seen.position && entry.effective_at <= seen.time
}

/// Whether an entry brings a partner commission: an accrual, or a transfer in.
fn brings_commission(entry: &Entry) -> bool {
    entry.kind == EntryKind::Accrual || entry.kind == EntryKind::Transfer && entry.amount < 0
}
