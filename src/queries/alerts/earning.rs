//! Leads that earn nobody anything any more: their agreement has ended, and its partner has another one (rules 18.3).

use super::agreements::{Agreements, named};
use super::{AlertSubject, Found, Watch};
use crate::domain::calendar::Time;
use crate::domain::table::Row;
use crate::domain::{Seen, State};

/// An ended agreement out of its tail has the credit of leads that are not lost, while its partner has an active agreement.
pub struct LeadsWithoutEarningAgreement;

/// A stretch of time: from when, and until when if it ends.
type Stretch = (Time, Option<Time>);

/// When sales stopped to earn anything through a signed agreement; `None` if they may still do.
fn out_of_tail_since(state: &State, row: Row, seen: Seen) -> Option<Time> {
    let agreement = state.agreements.by_id.get(row);
    agreement.signature_seen(seen)?;
    agreement.out_of_tail_at(seen, state).filter(|since| *since <= seen.time)
}

/// Since when a partner has had an active agreement without a break; `None` if it has none.
fn active_since(state: &State, partner: Row, seen: Seen) -> Option<Time> {
    let agreements = state.partners.get(partner).agreements.iter().map(|row| state.agreements.by_id.get(*row));
    let stretches = agreements.filter_map(|known| Some((known.signature_seen(seen)?.effective_at, known.end(seen).map(|end| end.at))));
    unbroken_since(stretches.collect(), seen.time)
}

/// How many leads not lost an agreement has the credit of, and since when it has had any without a break, or a time before that.
fn leads(state: &State, row: Row, before: Time, seen: Seen) -> Option<(u32, Time)> {
    let rows = state.leads.credited.of_agreements(state.agreements.with_predecessors(row), 0);
    let (mut count, mut stretches) = (0, Vec::new());
    for lead in rows.map(|row| state.leads.by_id.get(row)).filter(|lead| lead.is_seen(seen)) {
        let credited = lead.credited_stretches(row, seen, state);
        count += u32::from(credited.last().is_some_and(|(_, until)| until.is_none()));
        // What holds all the time, as mostly, need not be compared with the others.
        if !stretches.iter().any(|(from, until): &Stretch| *from <= before && until.is_none()) {
            stretches.extend(credited);
        }
    }
    Some((count, unbroken_since(stretches, seen.time)?))
}

/// Since when some of the stretches have covered all of the time until now; `None` if none covers now.
fn unbroken_since(mut stretches: Vec<Stretch>, now: Time) -> Option<Time> {
    stretches.retain(|(from, until)| *from <= now && until.is_none_or(|until| *from < until));
    // The latest ends first: what began before and reaches as far as what is known to hold goes on with it.
    stretches.sort_unstable_by_key(|(from, until)| (until.is_some(), std::cmp::Reverse(*until), *from));
    let mut since = None;
    for (from, until) in stretches {
        let reaches = match since {
            None => until.is_none_or(|until| now < until),
            Some(since) => until.is_none_or(|until| since <= until),
        };
        if reaches {
            since = Some(since.map_or(from, |since: Time| since.min(from)));
        }
    }
    since
}

/// How many leads of an ended agreement earn nothing, and since when all of it holds.
pub(super) fn without_earning(state: &State, row: Row, seen: Seen) -> Option<(u32, Time)> {
    // What another agreement took the place of has no leads, whether it ended or not.
    if state.agreements.successors(row, seen.time, seen).next().is_some() {
        return None;
    }
    let since = out_of_tail_since(state, row, seen)?;
    let since = since.max(active_since(state, state.agreements.by_id.get(row).partner, seen)?);
    let (count, credited_since) = leads(state, row, since, seen)?;
    Some((count, since.max(credited_since)))
}

impl Watch for LeadsWithoutEarningAgreement {
    type Over = Agreements;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let (_, since) = without_earning(state, row, seen)?;
        Some(Found { since, subject: AlertSubject::agreement(state, row), row })
    }

    fn tell(state: &State, row: Row, _: Seen) -> String {
        format!(
            "Leads of ended {} earn it nothing, though it has an active agreement: sign one that supersedes the ended one, or reassign them",
            named(state, row)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hour: u32) -> Time {
        Time::default() + chrono::TimeDelta::hours(i64::from(hour))
    }

    proptest! {
        #[test]
        fn an_unbroken_stretch_is_found_as_by_looking_hour_by_hour(
            hours in prop::collection::vec((0_u32..20, prop::option::of(0_u32..25)), 0..8), now in 0_u32..20,
        ) {
            let stretches = hours.iter().map(|(from, until)| (at(*from), until.map(at))).collect();
            let holds = |hour: u32| hours.iter().any(|(from, until)| *from <= hour && until.is_none_or(|until| hour < until));
            let expected = (0..=now).rev().take_while(|hour| holds(*hour)).last();
            prop_assert_eq!(unbroken_since(stretches, at(now)), expected.map(at));
        }
    }
}
