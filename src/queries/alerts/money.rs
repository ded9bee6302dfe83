//! Balances: partners that owe the house, and payables that should be paid out (rules 7.1, 7.3, 19.2, 19.5).

use super::{AlertSubject, Found, Walk, Wanted, Watch};
use crate::domain::account::{Account, Entry};
use crate::domain::calendar::Time;
use crate::domain::money::{Money, saturating_i64};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use std::collections::BinaryHeap;
use std::iter::Peekable;

/// All accounts, or those of whom is asked for.
pub struct Accounts;

/// A partner owes the house.
pub struct NegativeBalance;
/// A payable should be paid out.
pub struct PayableDue;

/// What changed an account up to the time asked, the latest first, as far as it is asked for: most accounts are recorded in
/// order, and of those nothing is sorted.
fn latest_first(account: &Account, seen: Seen, counts_at: fn(&Entry) -> Time) -> Box<dyn Iterator<Item = (Time, i128)> + '_> {
    let count = account.entries_until(seen.position);
    let change = move |entry: Entry| (counts_at(&entry), -i128::from(entry.amount));
    if account.first_entries(count).is_sorted_by_key(|entry| counts_at(&entry)) {
        let counted = account.first_entries(count).take_while(|entry| counts_at(entry) <= seen.time).count();
        return Box::new(account.last_first(counted).map(change));
    }
    let mut changes: BinaryHeap<(Time, i128)> = account.first_entries(count).map(change).filter(|(time, _)| *time <= seen.time).collect();
    Box::new(std::iter::from_fn(move || changes.pop()))
}

/// From when an entry counts and is no longer pending; never, while it waits for the customer to pay (rules 17.1).
fn settles_at(entry: &Entry) -> Time {
    if entry.awaits { Time::MAX_UTC } else { entry.settles_at() }
}

/// A sum, and what made it so, the latest first.
struct Backwards<I: Iterator<Item = (Time, i128)>> {
    sum: i128,
    changes: Peekable<I>,
}

impl<I: Iterator<Item = (Time, i128)>> Backwards<I> {
    fn new(sum: i128, changes: I) -> Self {
        Self { sum, changes: changes.peekable() }
    }

    /// When the sum became what it is.
    fn reached_at(&mut self) -> Option<Time> {
        self.changes.peek().map(|(time, _)| *time)
    }

    /// Goes back to just before an instant.
    fn undo(&mut self, instant: Time) {
        while let Some((_, amount)) = self.changes.next_if(|(time, _)| *time >= instant) {
            self.sum -= amount;
        }
    }

    /// Since when the sum has been below zero without a break. It goes back no further.
    fn negative_since(mut self) -> Option<Time> {
        let mut since = None;
        while let Some(instant) = self.reached_at().filter(|_| self.sum < 0) {
            since = Some(instant);
            self.undo(instant);
        }
        since
    }
}

/// The partner of an account, if it is seen: what was posted to it may have occurred before it was registered.
fn holder(state: &State, account: Row, seen: Seen) -> Option<Row> {
    state.partner_of(account).filter(|partner| seen.sees(state.partners.get(*partner).registered()))
}

/// The accounts of whom is asked for: a balance is a partner's and under no agreement.
fn accounts_of<'a>(state: &'a State, wanted: &'a Wanted) -> Option<&'a [Row]> {
    match wanted {
        Wanted { agreement: Some(_), .. } => Some(&[]),
        Wanted { partner, agreement: None } => partner.map(|partner| state.partners.get(partner).accounts.as_slice()),
    }
}

impl Walk for Accounts {
    fn rows(state: &State) -> usize {
        state.accounts.len()
    }

    fn rows_of<'a>(state: &'a State, wanted: &'a Wanted) -> Option<&'a [Row]> {
        accounts_of(state, wanted)
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        wanted.is_of(state, None, state.partner_of(row))
    }
}

impl Watch for NegativeBalance {
    type Over = Accounts;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let partner = holder(state, row, seen)?;
        let account = state.accounts.get(row);
        let net = -account.sums(seen).balance();
        if net >= 0 {
            return None;
        }
        let since = Backwards::new(net, latest_first(account, seen, |entry| entry.effective_at)).negative_since()?;
        Some(Found { since, subject: AlertSubject::partner(state, partner), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let (Some(partner), Some(balance)) = (state.partner_of(row), state.balance(row, seen)) else { return String::new() };
        let owed = Money::new(balance.currency, saturating_i64(-balance.net));
        let partner = state.partners.key(partner);
        format!("{partner} owes the house {owed}: agree how it is paid back, or let coming commission fill it")
    }
}

/// What of an account is no longer pending, before what disputes hold of it.
fn settled(account: &Account, seen: Seen) -> i128 {
    let sums = account.sums(seen);
    -sums.balance() - sums.pending()
}

/// The instants at which the least payout or a hold may change, in order.
fn turns(state: &State, partner: Row, seen: Seen) -> Vec<Time> {
    let mut turns = Vec::new();
    for agreement in state.partners.get(partner).agreements.iter().map(|row| state.agreements.by_id.get(*row)) {
        turns
            .extend(agreement.signature_seen(seen).into_iter().flat_map(|signature| [signature.stamp.occurred_at, signature.effective_at]));
        turns.extend(agreement.versions(seen, state).map(|version| version.effective_at));
        turns.extend(agreement.end(seen).map(|end| end.at));
        turns.extend(agreement.out_of_tail_at(seen, state));
    }
    for hold in state.partners.get(partner).holds.iter().map(|row| state.holds.get(*row)).filter(|hold| seen.sees(hold.placed)) {
        turns.push(hold.placed.occurred_at);
        turns.extend(hold.lifted(seen).map(|lifted| lifted.occurred_at));
    }
    turns.retain(|turn| *turn <= seen.time);
    turns.sort_unstable();
    turns.dedup();
    turns
}

/// The changes of what of an account is pending up to the time asked, and before an instant, in order. They are seldom asked
/// for: they count only where a partner can earn no more (rules 19.5).
fn pending_changes(account: &Account, seen: Seen, before: Option<Time>) -> Vec<(Time, i128)> {
    let waits = |entry: &Entry| settles_at(entry) > entry.effective_at;
    let count = account.entries_until(seen.position);
    let entries = account.first_entries(count).filter(waits);
    let changes = entries.flat_map(|entry| {
        let amount = -i128::from(entry.amount);
        [(entry.effective_at, amount), (settles_at(&entry), -amount)]
    });
    let counts = |time: Time| time <= seen.time && before.is_none_or(|before| time < before);
    let mut changes: Vec<(Time, i128)> = changes.filter(|(time, _)| counts(*time)).collect();
    changes.sort_unstable();
    changes
}

/// What may be proposed between two turns.
struct Between {
    /// The least payout that was agreed.
    agreed: i128,
    /// Whether the partner can earn no more, so that a balance of which nothing is pending is its last.
    earns_no_more: bool,
    on_hold: bool,
}

impl Between {
    fn at(state: &State, partner: Row, row: Row, instant: Time, seen: Seen) -> Self {
        let (_, currency) = *state.accounts.key(row);
        Self {
            agreed: i128::from(state.agreed_minimum(partner, currency, instant, seen)),
            earns_no_more: state.earns_no_more(partner, instant, seen),
            on_hold: state.running_hold(partner, instant, seen).is_some(),
        }
    }

    /// The least that is proposed where so much is pending.
    fn least(&self, pending: i128) -> i128 {
        if self.earns_no_more && pending == 0 { 1 } else { self.agreed.max(1) }
    }
}

/// Since when an account's payable has been proposed without a break; `None` if it is not. It goes back no further than that.
fn proposed_since(state: &State, partner: Row, row: Row, seen: Seen) -> Option<Time> {
    let account = state.accounts.get(row);
    let sums = account.sums(seen);
    let settled = -sums.balance() - sums.pending();
    if settled < 1 {
        return None;
    }
    let now = Between::at(state, partner, row, seen.time, seen);
    // What disputes hold makes it only less: most accounts need no look at them.
    if now.on_hold || settled < now.least(sums.pending()) {
        return None;
    }
    let disputed = state.disputed_changes(row, seen);
    let held = disputed.iter().map(|(_, change)| change).sum();
    let mut disputed = Backwards::new(held, disputed.into_iter().rev());
    let mut settled = Backwards::new(settled, latest_first(account, seen, settles_at));
    let mut turns = turns(state, partner, seen);
    let mut pending = None;
    let mut between = Some(now);
    let mut since = None;
    loop {
        if pending.is_none() && between.as_ref().is_some_and(|between| between.earns_no_more) {
            let changes = pending_changes(account, seen, since);
            let sum = changes.iter().map(|(_, change)| change).sum();
            pending = Some(Backwards::new(sum, changes.into_iter().rev()));
        }
        let money = settled.reached_at().max(disputed.reached_at()).max(pending.as_mut().and_then(Backwards::reached_at));
        let Some(instant) = money.max(turns.last().copied()) else { break };
        // Between turns only what is pending changes the least payout.
        let Some(least) = between.as_ref().map(|between| between.least(pending.as_ref().map_or(0, |pending| pending.sum))) else {
            between = Some(Between::at(state, partner, row, instant, seen)).filter(|between| !between.on_hold);
            if between.is_none() {
                break;
            }
            continue;
        };
        if settled.sum - disputed.sum.max(0) < least {
            break;
        }
        since = Some(instant);
        settled.undo(instant);
        disputed.undo(instant);
        pending.iter_mut().for_each(|pending| pending.undo(instant));
        if turns.pop_if(|turn| *turn >= instant).is_some() {
            between = None;
        }
    }
    since
}

impl Watch for PayableDue {
    type Over = Accounts;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let partner = holder(state, row, seen)?;
        let since = proposed_since(state, partner, row, seen)?;
        Some(Found { since, subject: AlertSubject::partner(state, partner), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let Some(partner) = state.partner_of(row) else { return String::new() };
        let disputed: i128 = state.disputed_changes(row, seen).iter().map(|(_, change)| change).sum();
        let payable = settled(state.accounts.get(row), seen) - disputed.max(0);
        let amount = Money::new(state.accounts.key(row).1, saturating_i64(payable));
        format!("{amount} is payable to {}: pay it out and record the payment", state.partners.key(partner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::About;
    use crate::domain::calendar::LATEST;
    use crate::proto::EntryKind;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    /// An account of debits, above zero, and credits that count at their seconds.
    fn account(amounts: impl IntoIterator<Item = (i64, i64)>) -> Account {
        let mut account = Account::default();
        for (position, (seconds, amount)) in (1..).zip(amounts) {
            let (kind, effective_at) = (EntryKind::Adjustment, at(seconds));
            account.post(Entry {
                position,
                effect: 0,
                kind,
                amount,
                effective_at,
                available_at: None,
                about: About::Nothing,
                awaits: false,
            });
        }
        account
    }

    /// Since when the account owes at a time, and how many of its changes were read for it.
    fn owes_since(account: &Account, time: Time) -> (Option<Time>, usize) {
        let seen = Seen { time, ..Seen::ALL };
        let mut read = 0;
        let changes = latest_first(account, seen, |entry| entry.effective_at).inspect(|_| read += 1);
        let since = Backwards::new(-account.sums(seen).balance(), changes).negative_since();
        (since, read)
    }

    #[test]
    fn the_past_before_the_present_run_is_not_read() {
        let even = (0..1_000).map(|second| (second, if second % 2 == 0 { -5 } else { 5 }));
        let run = [(2_000, 7), (2_001, 1), (2_002, -3)];
        // Three changes and the one before them.
        let in_order = account(even.clone().chain(run));
        assert_eq!(owes_since(&in_order, LATEST), (Some(at(2_000)), 4));
        assert_eq!(owes_since(&in_order, at(2_000)), (Some(at(2_000)), 2));
        let told_late = account(run.into_iter().chain(even));
        assert_eq!(owes_since(&told_late, LATEST), (Some(at(2_000)), 4));
    }

    #[test]
    fn what_counts_at_one_instant_counts_together() {
        let account = account([(1, 5), (2, -5), (2, 5), (3, -9), (4, 9)]);
        assert_eq!(owes_since(&account, at(2)).0, Some(at(1)));
        assert_eq!(owes_since(&account, at(3)).0, None);
        assert_eq!(owes_since(&account, at(4)).0, Some(at(4)));
    }
}
