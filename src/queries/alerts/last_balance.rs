//! Since when a payable has been proposed of a partner whose payouts were on hold, or whose last balance comes out: what changed is
//! walked backwards (rules 19.2, 19.5). Of all others that is found in order of time.

use crate::domain::account::{Account, Entry};
use crate::domain::calendar::Time;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use std::collections::BinaryHeap;
use std::iter::Peekable;

/// Whether a partner ever was on hold, or could earn no more, as seen.
pub fn has_turns(state: &State, partner: Row, seen: Seen) -> bool {
    let known = state.partners.get(partner);
    let mut agreements = known.agreements.iter().map(|row| state.agreements.by_id.get(*row));
    !known.holds.is_empty() || agreements.any(|agreement| agreement.out_of_tail_at(seen, state).is_some_and(|out| out <= seen.time))
}

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
pub fn proposed_since(state: &State, partner: Row, row: Row, seen: Seen) -> Option<Time> {
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
