//! What stands of commission as seen, with whom, and what of it counts as paid (rules 5.5, 6.8).

use super::earning::{Earning, Stands};
use super::holdings::{CommissionPart, HOUSE, Holding, Holdings, LastMoved};
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
/// What waits for the customer's payment comes after all else (rules 17.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstUnpaid {
    /// Of what does not wait; `None` if all of it counts as paid.
    released: Option<Waterline>,
    /// Of what waits; `None` if all of it counts as paid.
    awaiting: Option<Waterline>,
}

/// A place at which what was paid ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waterline {
    /// The first entry of which not all counts as paid.
    place: Row,
    /// What of it does, in minor units.
    paid: i64,
}

impl FirstUnpaid {
    /// What of what stands at a place does not count as paid: of what does not wait, and of what waits.
    pub fn unpaid(&self, place: Row, stands: &Stands) -> (i64, i64) {
        let unpaid = |line: Option<Waterline>, stands: i64| line.map_or(0, |line| line.unpaid(place, stands));
        (unpaid(self.released, stands.released), unpaid(self.awaiting, stands.awaiting))
    }
}

impl Waterline {
    fn unpaid(&self, place: Row, stands: i64) -> i64 {
        match place.cmp(&self.place) {
            Ordering::Less => 0,
            Ordering::Equal => stands - self.paid.min(stands),
            Ordering::Greater => stands,
        }
    }
}

/// What of commission counts: what does not wait for the customer's payment, or what does.
type Of = fn(&Stands) -> i64;

impl State {
    /// The commission entries of a sale or of a lead's qualifications that are seen: account, place and entry, in the
    /// order of recording.
    pub fn commission_seen(&self, about: About, seen: Seen) -> impl Iterator<Item = (Row, Row, Entry)> {
        let entries = self.entries_about(about).map(|(account, place)| (account, place, self.entry_at(account, place)));
        entries.filter(move |(_, _, entry)| is_seen(entry, seen))
    }

    fn entries_about(&self, about: About) -> impl Iterator<Item = (Row, Row)> {
        let (earning, lead) = match about {
            About::Sale(_) | About::Part(_) => (self.earning(about), None),
            About::Lead(row) => (None, Some(self.leads.by_id.get(row))),
            About::Nothing => (None, None),
        };
        let of_sale = earning.into_iter().flat_map(Earning::entries);
        of_sale.chain(lead.into_iter().flat_map(Lead::entries))
    }

    /// What a part of a sale earned.
    fn earning(&self, about: About) -> Option<&Earning> {
        match about {
            About::Sale(row) => Some(self.commissions.sales.get(row)),
            About::Part(row) => Some(&self.commissions.parts.get(row).earning),
            About::Lead(_) | About::Nothing => None,
        }
    }

    fn entry_at(&self, account: Row, place: Row) -> Entry {
        self.accounts.get(account).entry(place)
    }

    /// What stands of the commission of a sale, or of a lead's qualifications, as seen. The holdings name no agreement.
    pub fn holdings_seen(&self, about: About, seen: Seen) -> Holdings {
        let mut holdings = Holdings::default();
        // Of what was moved last: it is posted out, then in.
        let (mut last, mut is_rest) = (LastMoved::default(), false);
        // How many entries of the reinstatement at a position came before.
        let mut nth = (0, 0);
        for (account, place, entry) in self.commission_seen(about, seen) {
            let Some(partner) = self.partner_of(account) else { continue };
            let currency = self.accounts.key(account).1;
            let (available_at, awaits) = (entry.available_at, entry.awaits);
            let part = CommissionPart {
                partner,
                agreement: Row::MAX,
                position: 0,
                currency,
                amount: 0,
                available_at,
                awaits,
                number: 0,
                entry: None,
            };
            match entry.kind {
                _ if brings_commission(&entry) => {
                    let part = CommissionPart { amount: -entry.amount, ..part };
                    let is_moved = entry.kind == EntryKind::Transfer;
                    let source = if is_moved { last.source().unwrap_or(0) } else { entry.position };
                    let mut holding = Holding::moved(&part, entry.position, source);
                    holding.entry = Some((account, place));
                    holdings.acquire_moved(holding, is_moved && is_rest);
                }
                // Posted as awaiting, then as released.
                EntryKind::Release if entry.awaits => {}
                EntryKind::Release => holdings.release_of(&CommissionPart { amount: -entry.amount, ..part }),
                EntryKind::Reinstatement => {
                    let taken_from = self.taken_by_refund(about, &entry, &mut nth);
                    holdings.give_back(&CommissionPart { amount: -entry.amount, position: taken_from, ..part });
                }
                _ => {
                    let part = CommissionPart { amount: entry.amount, ..part };
                    let from = holdings.take(&part);
                    is_rest = last.is_rest(from, part.awaits);
                }
            }
        }
        holdings
    }

    /// The record that brought the holding which an entry of a reinstatement gives back to. The entries are what the
    /// refund took from partners, in the same order; `nth` counts those of one reinstatement.
    fn taken_by_refund(&self, about: About, entry: &Entry, nth: &mut (u64, usize)) -> u64 {
        *nth = if nth.0 == entry.position { (nth.0, nth.1 + 1) } else { (entry.position, 0) };
        let Some((row, number)) = self.sale_of(about) else { return 0 };
        let refunds = self.commissions.sales.get(row).refunds().iter().map(|row| self.commissions.refunds.get(*row));
        let mut undone = refunds.filter(|refund| refund.reinstated().is_some_and(|stamp| stamp.position == entry.position));
        let taken = undone.next().into_iter().flat_map(|refund| refund.taken.iter());
        let taken = taken.filter(|part| part.partner != HOUSE && part.number == number);
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
            About::Part(row) => &mut self.commissions.parts.get_mut(row).earning,
            About::Lead(row) => self.leads.by_id.get_mut(row).earning_mut(),
            About::Nothing => unreachable!("commission is of a sale or of a lead"),
        };
        let before = earning.standing();
        let result = change(earning);
        for (index, stands) in earning.standing().into_iter().enumerate() {
            let stood = before.get(index).filter(|stood| stood.entry.is_some());
            let (released, awaiting) = stood.map_or((0, 0), |stood| (stood.released, stood.awaiting));
            let Some((account, place)) = stands.entry else { continue };
            if stands.released != released {
                self.accounts.get_mut(account).add_standing(place, stands.released - released);
            }
            if stands.awaiting != awaiting {
                self.accounts.get_mut(account).add_awaiting(place, stands.awaiting - awaiting);
            }
        }
        result
    }

    /// What of what stands at a place of a partner's account counts as paid, as seen: of what does not wait for the customer's
    /// payment, and of what does. Payments less returns count against standing commission in the order of position, and against
    /// what waits after all else (rules 5.5, 17.4).
    pub fn paid_portions(&self, account: Row, place: Row, stands: &Stands, seen: Seen) -> [PaidPortion; 2] {
        if self.accounts.get(account).is_all_seen(seen) {
            return PaidWalk::new(self).paid_portions(account, place, stands);
        }
        self.paid_portions_past(account, place, stands, seen)
    }

    /// The same by what stands of each entry before, one by one: for a time or a position in the past.
    pub fn paid_portions_past(&self, account: Row, place: Row, stands: &Stands, seen: Seen) -> [PaidPortion; 2] {
        let paid = paid_by(&self.accounts.get(account).sums(seen));
        let (mut before, mut all, mut awaiting_before) = (0, 0, 0);
        for (earlier, entry) in (0..).zip(self.accounts.get(account).entries()) {
            // What waits comes after all else, so all of that has to be known for it.
            if (earlier >= place || before >= paid) && stands.awaiting == 0 {
                break;
            }
            if is_seen(&entry, seen) && brings_commission(&entry) {
                let stood = self.standing_at(account, earlier, &entry, seen);
                all += i128::from(stood.released);
                if earlier < place {
                    before += i128::from(stood.released);
                    awaiting_before += i128::from(stood.awaiting);
                }
            }
        }
        [PaidPortion::of(paid, before, stands.released), PaidPortion::of(paid, all + awaiting_before, stands.awaiting)]
    }

    /// What stands of the commission that an entry brought.
    fn standing_at(&self, account: Row, place: Row, entry: &Entry, seen: Seen) -> Stands {
        let linked = Some((account, place));
        // Most commission is never touched again.
        if self.entries_about(entry.about).nth(1).is_none() {
            let stands = (-entry.amount).max(0);
            let (released, awaiting) = if entry.awaits { (0, stands) } else { (stands, 0) };
            return Stands { entry: linked, released, awaiting };
        }
        let holdings = self.holdings_seen(entry.about, seen);
        let holding = holdings.iter().find(|holding| holding.entry == linked);
        holding.map_or(Stands { entry: linked, released: 0, awaiting: 0 }, Stands::of)
    }

    /// What stands of the commission that an entry brought, by everything recorded.
    fn standing_now(&self, account: Row, place: Row, entry: &Entry) -> Stands {
        let linked = Some((account, place));
        let standing = match entry.about {
            About::Lead(row) => self.leads.by_id.get(row).standing(),
            about => self.earning(about).map(Earning::standing).unwrap_or_default(),
        };
        standing.into_iter().find(|stands| stands.entry == linked).unwrap_or(Stands { entry: linked, released: 0, awaiting: 0 })
    }

    /// Where in a partner's account what was paid ends, by everything recorded; `None` if all that stands is paid. It costs a
    /// walk over a block, or over two.
    pub fn first_unpaid(&self, account: Row) -> Option<FirstUnpaid> {
        let known = self.accounts.get(account);
        let paid = paid_by(known.totals()).max(0);
        let released = known.block_beyond(paid).and_then(|block| self.waterline(account, block, paid, |stands| stands.released));
        let of_awaiting = (paid - known.standing_total()).max(0);
        let awaiting = known.awaiting_block_beyond(of_awaiting);
        let awaiting = awaiting.and_then(|block| self.waterline(account, block, of_awaiting, |stands| stands.awaiting));
        (released.is_some() || awaiting.is_some()).then_some(FirstUnpaid { released, awaiting })
    }

    /// Where an amount ends that counts against what stands, from a block on: its first place, and what stands before it.
    fn waterline(&self, account: Row, (first, mut before): (usize, i128), paid: i128, of: Of) -> Option<Waterline> {
        for (place, entry) in (Row::try_from(first).ok()?..).zip(self.accounts.get(account).entries_from(first)) {
            let stands = if brings_commission(&entry) { i128::from(of(&self.standing_now(account, place, &entry))) } else { 0 };
            if before + stands > paid {
                return Some(Waterline { place, paid: saturating_i64(paid - before) });
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
        if stands <= 0 {
            return Self { from: 0, amount: 0 };
        }
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
pub struct PaidWalk<'a> {
    state: &'a State,
    account: Row,
    /// The first place of the block that is walked over, and its entries.
    first: usize,
    entries: Vec<Entry>,
    /// The next place of the walk, and what stands before it: what does not wait, and what does.
    next: usize,
    before: (i128, i128),
}

impl<'a> PaidWalk<'a> {
    /// A walk that has not begun.
    pub fn new(state: &'a State) -> Self {
        Self { state, account: Row::MAX, first: 0, entries: Vec::new(), next: 0, before: (0, 0) }
    }

    /// What of what stands at a place of a partner's account counts as paid, see `State::paid_portions`.
    pub fn paid_portions(&mut self, account: Row, place: Row, stands: &Stands) -> [PaidPortion; 2] {
        let known = self.state.accounts.get(account);
        let paid = paid_by(known.totals());
        let (before, awaiting_before) = self.before(account, place);
        let of_awaiting = PaidPortion::of(paid, known.standing_total() + awaiting_before, stands.awaiting);
        [PaidPortion::of(paid, before, stands.released), of_awaiting]
    }

    fn before(&mut self, account: Row, place: Row) -> (i128, i128) {
        let known = self.state.accounts.get(account);
        let (before, first) = known.standing_before_block(place);
        let awaiting_before = known.awaiting_before_block(place);
        let place = place as usize;
        if (self.account, self.first) != (account, first) || self.next > place || self.entries.len() < place - first {
            (self.account, self.first, self.next, self.before) = (account, first, first, (before, awaiting_before));
            self.entries = known.block_at(first).collect();
        }
        for walked in self.next..place {
            let entry = self.entries[walked - first];
            if brings_commission(&entry) {
                let walked = Row::try_from(walked).expect("places are rows");
                let stands = self.state.standing_now(account, walked, &entry);
                self.before.0 += i128::from(stands.released);
                self.before.1 += i128::from(stands.awaiting);
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
