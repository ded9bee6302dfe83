//! Balances: partners that owe the house, and payables that should be paid out (rules 7.1, 7.3).

use super::{Found, Subject, Watch, run_start};
use crate::domain::account::Entry;
use crate::domain::calendar::Time;
use crate::domain::effect::narrowed;
use crate::domain::money::Money;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::views::payables::minimum_payout;

/// A partner owes the house.
pub struct NegativeBalance;
/// A payable should be paid out.
pub struct PayableDue;

/// What changes an account at which instants, as seen up to the time asked: the later an entry counts, the later it comes.
fn changes(state: &State, account: Row, seen: Seen, counts_at: impl Fn(&Entry) -> Time) -> Vec<(Time, i128)> {
    let account = state.accounts.get(account);
    let entries = &account.entries()[..account.entries_until(seen.position)];
    let entries = entries.iter().map(|entry| (counts_at(entry), -i128::from(entry.amount)));
    let mut changes: Vec<(Time, i128)> = entries.filter(|(time, _)| *time <= seen.time).collect();
    changes.sort_unstable_by_key(|(time, _)| *time);
    changes
}

/// The sums that `changes` have reached, asked from the last instant backwards.
struct Backwards {
    changes: Vec<(Time, i128)>,
    sum: i128,
}

impl Backwards {
    fn new(changes: Vec<(Time, i128)>) -> Self {
        let sum = changes.iter().map(|(_, amount)| amount).sum();
        Self { changes, sum }
    }

    fn instants(&self) -> Vec<Time> {
        let mut instants: Vec<Time> = self.changes.iter().map(|(time, _)| *time).collect();
        instants.dedup();
        instants
    }

    /// The sum at an instant that is not later than the one asked before.
    fn at(&mut self, instant: Time) -> i128 {
        while let Some((_, amount)) = self.changes.pop_if(|(time, _)| *time > instant) {
            self.sum -= amount;
        }
        self.sum
    }
}

/// The partner of an account, if it is seen: what was posted to it may have occurred before it was registered.
fn holder(state: &State, account: Row, seen: Seen) -> Option<Row> {
    state.partner_of(account).filter(|partner| seen.sees(state.partners.get(*partner).registered()))
}

impl Watch for NegativeBalance {
    fn rows(state: &State) -> usize {
        state.accounts.len()
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let partner = holder(state, row, seen)?;
        state.balance(row, seen).filter(|balance| balance.net < 0)?;
        let mut net = Backwards::new(changes(state, row, seen, |entry| entry.effective_at));
        let since = run_start(&net.instants(), |instant| net.at(instant) < 0)?;
        Some(Found { since, subject: Subject::partner(state, partner), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let (Some(partner), Some(balance)) = (state.partner_of(row), state.balance(row, seen)) else { return String::new() };
        let owed = Money::new(balance.currency, narrowed(-balance.net));
        let partner = state.partners.key(partner);
        format!("{partner} owes the house {owed}: agree how it is paid back, or let coming commission fill it")
    }
}

/// What the payout proposal has of an account: payable above zero and not below the minimum.
fn proposed(state: &State, partner: Row, account: Row, seen: Seen) -> Option<Money> {
    let balance = state.balance(account, seen).filter(|balance| balance.payable > 0)?;
    let minimum = minimum_payout(state, partner, balance.currency, seen.time, seen);
    (balance.payable >= i128::from(minimum)).then(|| Money::new(balance.currency, narrowed(balance.payable)))
}

/// The instants at which the minimum or what is disputed may change, in order.
fn turns(state: &State, partner: Row, account: Row, seen: Seen) -> Vec<Time> {
    let mut turns = Vec::new();
    for agreement in state.partners.get(partner).agreements.iter().map(|row| state.agreements.by_id.get(*row)) {
        turns.extend(agreement.signature_seen(seen).map(|signature| signature.effective_at));
        turns.extend(agreement.versions(seen).map(|version| version.effective_at));
        turns.extend(agreement.end(seen).map(|end| end.at));
    }
    for dispute in state.accounts.get(account).disputes().iter().map(|row| state.commissions.disputes.get(*row)) {
        turns.extend(seen.sees(dispute.opened).then_some(dispute.opened.occurred_at));
        turns.extend(dispute.resolved_at(seen));
    }
    turns.retain(|turn| *turn <= seen.time);
    turns.sort_unstable();
    turns.dedup();
    turns
}

/// Since when an account's payable has been proposed without a break.
fn proposed_since(state: &State, partner: Row, account: Row, seen: Seen) -> Option<Time> {
    let currency = state.accounts.key(account).1;
    let mut settled = Backwards::new(changes(state, account, seen, Entry::settles_at));
    let mut turns = turns(state, partner, account, seen);
    let mut instants: Vec<Time> = settled.instants();
    instants.extend(&turns);
    instants.sort_unstable();
    instants.dedup();
    let has_disputes = !state.accounts.get(account).disputes().is_empty();
    let mut minimum = None;
    run_start(&instants, |instant| {
        let then = Seen { time: instant, ..seen };
        // Between turns the minimum stays as it is.
        if turns.pop_if(|turn| *turn > instant).is_some() {
            while turns.pop_if(|turn| *turn > instant).is_some() {}
            minimum = None;
        }
        let least = *minimum.get_or_insert_with(|| i128::from(minimum_payout(state, partner, currency, instant, seen)).max(1));
        let disputed = if has_disputes { state.disputed(account, then) } else { 0 };
        settled.at(instant) - disputed >= least
    })
}

impl Watch for PayableDue {
    fn rows(state: &State) -> usize {
        state.accounts.len()
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let partner = holder(state, row, seen)?;
        proposed(state, partner, row, seen)?;
        let since = proposed_since(state, partner, row, seen)?;
        Some(Found { since, subject: Subject::partner(state, partner), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let Some(partner) = state.partner_of(row) else { return String::new() };
        let amount = proposed(state, partner, row, seen).map(|amount| amount.to_string()).unwrap_or_default();
        format!("{amount} is payable to {}: pay it out and record the payment", state.partners.key(partner))
    }
}
