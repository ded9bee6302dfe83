//! Balances: partners that owe the house, and payables that should be paid out (rules 7.1, 7.3, 19.2, 19.5).

use super::last_balance;
use super::{AlertSubject, Found, Rows, Stretch, Walk, Wanted, Watch};
use crate::domain::agreements::Version;
use crate::domain::calendar::Time;
use crate::domain::commissions::balance::Balance;
use crate::domain::money::{Currency, Money, saturating_i64};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::queries::Reading;
use std::collections::{BTreeMap, BTreeSet};

/// All accounts, or those of whom is asked for.
pub struct Accounts;

/// A partner owes the house.
pub struct NegativeBalance;
/// A payable should be paid out.
pub struct PayableDue;

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
        // Most accounts owe nothing, which their totals say where all is seen.
        if account.is_all_seen(seen) && account.totals().balance() <= 0 {
            return None;
        }
        let since = account.owing_since(seen)?;
        Some(Found { since, subject: AlertSubject::partner(state, partner), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let (Some(partner), Some(balance)) = (state.partner_of(row), state.balance(row, seen)) else { return String::new() };
        let owed = owed(&balance);
        let partner = state.partners.key(partner);
        format!("{partner} owes the house {owed}: agree how it is paid back, or let coming commission fill it")
    }
}

/// What the holder of a balance below zero owes.
pub(super) fn owed(balance: &Balance) -> Money {
    Money::new(balance.currency, saturating_i64(-balance.net))
}

/// From when on which minimum applied to payouts to a partner in a currency, in order of time, up to the time seen: the largest
/// among its agreements (rules 7.3). Nothing if none of them has ever said one.
fn minimums(state: &State, partner: Row, currency: Currency, seen: Seen) -> Vec<(Time, i128)> {
    let of = |version: &Version| version.terms.minimum_payouts.iter().find(|minimum| minimum.currency == currency).copied();
    let agreements = state.partners.get(partner).agreements.iter().map(|row| state.agreements.by_id.get(*row));
    let mut turns = Vec::new();
    for agreement in agreements.filter(|agreement| agreement.versions(seen, state).any(|version| of(&version).is_some())) {
        let from = agreement.signature_seen(seen).map(|signature| signature.effective_at);
        let ends = agreement.end(seen).map(|end| end.at);
        let instants = agreement.versions(seen, state).map(|version| version.effective_at).chain(from).chain(ends);
        let mut last = None;
        for turn in instants.filter(|turn| *turn <= seen.time).collect::<BTreeSet<_>>() {
            let next = agreement.terms_applying(turn, seen, state).as_ref().and_then(of).map(|minimum| minimum.minor_units);
            turns.push((turn, last.replace(next).flatten(), next));
        }
    }
    turns.sort_unstable();
    let (mut applying, mut minimums) = (Applying::default(), Vec::new());
    for of_instant in turns.chunk_by(|one, other| one.0 == other.0) {
        of_instant.iter().for_each(|(_, before, next)| applying.replace(*before, *next));
        minimums.push((of_instant[0].0, i128::from(applying.largest().unwrap_or(0)).max(1)));
    }
    minimums
}

/// The minimums that apply, each with of how many agreements.
#[derive(Default)]
struct Applying(BTreeMap<i64, usize>);

impl Applying {
    fn replace(&mut self, before: Option<i64>, next: Option<i64>) {
        if let Some(next) = next {
            *self.0.entry(next).or_default() += 1;
        }
        if let Some(before) = before
            && let Some(count) = self.0.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&before);
            }
        }
    }

    fn largest(&self) -> Option<i64> {
        self.0.last_key_value().map(|(minimum, _)| *minimum)
    }
}

/// Since when an account's payable has been proposed without a break; `None` if it is not.
fn proposed_since(state: &State, partner: Row, row: Row, seen: Seen) -> Option<Time> {
    let account = state.accounts.get(row);
    let held = (!account.knows_held(seen)).then(|| state.disputed_changes(row, seen));
    let since = account.payable_since(seen, &[], held.as_deref())?;
    let minimums = minimums(state, partner, state.accounts.key(row).1, seen);
    match (minimums.is_empty(), last_balance::has_turns(state, partner, seen)) {
        // Of the last balance nothing is asked but that it is above zero, and so it is of all without a minimum.
        (true, _) if state.partners.get(partner).holds.is_empty() => Some(since),
        (_, true) => last_balance::proposed_since(state, partner, row, seen),
        _ => account.payable_since(seen, &minimums, held.as_deref()),
    }
}

/// What is payable of an account (rules 7.1), by what is kept in order of time: the balance adds up each block of entries.
pub(super) fn payable(state: &State, row: Row, seen: Seen) -> Money {
    let disputed: i128 = state.disputed_changes(row, seen).iter().map(|(_, change)| change).sum();
    let payable = state.accounts.get(row).settled(seen) - disputed.max(0);
    Money::new(state.accounts.key(row).1, saturating_i64(payable))
}

impl Watch for PayableDue {
    type Over = Accounts;

    /// Each account by itself, behind an instant before which its payable has not been due: the accounts that can have waited longest are
    /// looked at first, and of most others only that is asked.
    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        let stretch = |row: Row| {
            let since = view.accounts.get(row).payable_not_before(seen).map_or(i64::MIN, |at| at.timestamp());
            Stretch { since: since..=i64::MAX, rows: Rows::Together(row..row + 1) }
        };
        // Who asks may be gone: the search finds that out next, and answers nothing.
        let is_wanted = |_: &Row| view.check().is_ok();
        Some(match accounts_of(view, wanted) {
            Some(rows) => rows.iter().copied().take_while(is_wanted).map(stretch).collect(),
            None => (0..Row::try_from(view.accounts.len()).unwrap_or(Row::MAX)).take_while(is_wanted).map(stretch).collect(),
        })
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let partner = holder(state, row, seen)?;
        let since = proposed_since(state, partner, row, seen)?;
        Some(Found { since, subject: AlertSubject::partner(state, partner), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let Some(partner) = state.partner_of(row) else { return String::new() };
        let amount = payable(state, row, seen);
        format!("{amount} is payable to {}: pay it out and record the payment", state.partners.key(partner))
    }
}
