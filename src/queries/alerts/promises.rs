//! Brand uses that await their decision, and breaches that nobody has put right in time.

use super::agreements::named;
use super::{AlertSubject, Found, Walk, Wanted, Watch};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::Side;
use crate::queries::words::when;

/// A requested brand use is not decided.
pub struct BrandUseUndecided;
/// A breach is past the time by which it was to be put right.
pub struct BreachUncured;

impl Walk for BrandUseUndecided {
    fn rows(state: &State) -> usize {
        state.relationship.brand_uses.len()
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        wanted.takes(state, Some(state.relationship.brand_uses.get(row).agreement))
    }
}

impl Watch for BrandUseUndecided {
    type Over = Self;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let brand_use = state.relationship.brand_uses.get(row);
        let awaits = seen.sees(brand_use.requested) && brand_use.decision(seen).is_none() && is_seen(state, brand_use.agreement, seen);
        awaits.then(|| Found { since: brand_use.requested.occurred_at, subject: AlertSubject::agreement(state, brand_use.agreement), row })
    }

    fn tell(state: &State, row: Row, _: Seen) -> String {
        let brand_use = state.relationship.brand_uses.get(row);
        let channel = brand_use.channel.as_str_name().trim_start_matches("BRAND_CHANNEL_").to_lowercase().replace('_', " ");
        let (id, by) = (state.relationship.brand_uses.key(row), side(brand_use.requested_by));
        let agreement = named(state, brand_use.agreement);
        format!("{by} asked for brand use {id} ({channel}) under {agreement}: approve or decline it")
    }
}

impl Walk for BreachUncured {
    fn rows(state: &State) -> usize {
        state.relationship.breaches.len()
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        wanted.takes(state, Some(state.relationship.breaches.get(row).agreement))
    }
}

impl Watch for BreachUncured {
    type Over = Self;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let breach = state.relationship.breaches.get(row);
        let since = breach.cure_by.filter(|cure_by| *cure_by < seen.time)?;
        let uncured = seen.sees(breach.reported) && breach.cured_at(seen).is_none() && is_seen(state, breach.agreement, seen);
        uncured.then(|| Found { since, subject: AlertSubject::agreement(state, breach.agreement), row })
    }

    fn tell(state: &State, row: Row, _: Seen) -> String {
        let breach = state.relationship.breaches.get(row);
        let clause = breach.clause.as_str_name().trim_start_matches("BREACH_CLAUSE_").to_lowercase().replace('_', " ");
        let (id, by) = (state.relationship.breaches.key(row), side(breach.by));
        let (agreement, cure_by) = (named(state, breach.agreement), breach.cure_by.map(when).unwrap_or_default());
        format!("{by} was to put breach {id} ({clause}) of {agreement} right by {cure_by}: have it cured, set a new term, or terminate")
    }
}

/// Whether the agreement is seen under which something was requested or reported; that may have occurred before it.
fn is_seen(state: &State, agreement: Row, seen: Seen) -> bool {
    state.agreements.by_id.get(agreement).is_seen(seen)
}

fn side(side: Side) -> &'static str {
    if side == Side::House { "The house" } else { "The partner" }
}
