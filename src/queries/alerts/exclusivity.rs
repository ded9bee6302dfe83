//! Exclusivities that end soon, and those that another agreement breaks (rules 4.6).

use super::agreements::{Agreements, active, named, stretches};
use super::{AlertSubject, Found, Stretch, Walk, Wanted, Watch};
use crate::domain::agreements::ExclusivityBreach;
use crate::domain::agreements::terms::Exclusivity;
use crate::domain::calendar::{Time, days_before};
use crate::domain::relationship::alerts::EXCLUSIVITY_END_DAYS;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::queries::Reading;
use crate::queries::words::when;

/// The exclusivity of an active agreement is about to end.
pub struct ExclusivityEnding;
/// An active agreement breaks the exclusivity of another one.
pub struct ExclusivityBreached;

/// When the exclusivity in force ends on a day of its own, not after the agreement.
pub(super) fn ends(state: &State, row: Row, seen: Seen) -> Option<Time> {
    let (agreement, _, version) = active(state, row, seen)?;
    let ends = agreement.exclusivity_ends(version)?;
    agreement.end(seen).is_none_or(|end| ends <= end.at).then_some(ends)
}

impl Watch for ExclusivityEnding {
    type Over = Agreements;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        stretches(view, wanted, |block| block.exclusivity_ending_since(seen))
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let ends = ends(state, row, seen).filter(|ends| seen.time < *ends)?;
        let (_, effective_at, version) = active(state, row, seen)?;
        let near = days_before(ends, EXCLUSIVITY_END_DAYS, version.terms.zone).max(effective_at);
        (near <= seen.time).then(|| Found { since: near, subject: AlertSubject::agreement(state, row), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let ends = ends(state, row, seen).map(when).unwrap_or_default();
        format!("The exclusivity of {} ends on {ends}: amend the terms if it is to last, or plan whom to work with then", named(state, row))
    }
}

/// A breach that still matters: both agreements are active, and the exclusivity is neither over nor amended away.
pub(super) fn standing(state: &State, row: Row, seen: Seen) -> Option<(ExclusivityBreach, Time)> {
    let breach = *state.agreements.breaches().get(row as usize).filter(|breach| seen.sees(breach.stamp))?;
    let (broken, broken_from, version) = active(state, breach.agreement, seen)?;
    let (_, breaking_from, _) = active(state, breach.by, seen)?;
    let other = state.agreements.by_id.get(breach.by).partner;
    let categories = state.partners.get(other).profile(seen).map(|profile| profile.categories).unwrap_or_default();
    let stands_against = |exclusivity: &Exclusivity| exclusivity.binds_house() && exclusivity.names(state.partners.key(other), &categories);
    let binds = version.terms.exclusivity.as_ref().is_some_and(stands_against);
    let over = broken.exclusivity_ends(version).is_some_and(|ends| ends <= seen.time);
    // Whichever was signed last recorded it: the other one was in effect before.
    (binds && !over).then_some((breach, broken_from.max(breaking_from)))
}

impl Walk for ExclusivityBreached {
    fn rows(state: &State) -> usize {
        state.agreements.breaches().len()
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        state.agreements.breaches().get(row as usize).is_some_and(|breach| wanted.takes(state, Some(breach.agreement)))
    }
}

impl Watch for ExclusivityBreached {
    type Over = Self;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let (breach, since) = standing(state, row, seen)?;
        Some(Found { since, subject: AlertSubject::agreement(state, breach.agreement), row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let Some((breach, _)) = standing(state, row, seen) else { return String::new() };
        let (broken, by) = (named(state, breach.agreement), named(state, breach.by));
        format!("The exclusivity of {broken} is broken by {by}: settle it with the partner, amend the exclusivity, or end one of the two")
    }
}
