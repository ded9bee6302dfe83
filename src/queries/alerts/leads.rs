//! Open leads whose protection lapses soon (rules 5.2).

use super::{AlertSubject, Found, Rows, Stretch, Walk, Wanted, Watch};
use crate::domain::calendar::{Time, days_before};
use crate::domain::effect::Party;
use crate::domain::leads::{Decision, Lead, LeadBlock, ProtectionEnd};
use crate::domain::relationship::alerts::PROTECTION_END_DAYS;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::LeadState;
use crate::queries::Reading;
use crate::queries::words::{self, when};
use std::ops::RangeInclusive;

/// The protection of an open lead is about to end by date.
pub struct ProtectionLapsing;

/// When the protection of an open lead ends by date, and since when that is near.
pub(super) fn lapsing(lead: &Lead, seen: Seen) -> Option<(Time, Time)> {
    let decision = lead.decision_at(seen.time, seen)?;
    // Most leads are far from it: what is worked out in local days is worked out for the few that are not.
    let far = seen.time + chrono::TimeDelta::days(PROTECTION_END_DAYS.cast_signed());
    if !decision.may_lapse_within(seen.time, far) || !lead.is_seen(seen) || lead.state_at(seen.time, seen) != LeadState::Open {
        return None;
    }
    let ProtectionEnd::At(until) = lead.protection_at(seen.time, seen)? else { return None };
    let near = days_before(until, PROTECTION_END_DAYS, decision.zone()).max(decision.stamp().occurred_at);
    (near <= seen.time && seen.time < until).then_some((until, near))
}

impl Walk for ProtectionLapsing {
    fn rows(state: &State) -> usize {
        state.leads.by_id.len()
    }

    /// Whose a lead is must be worked out: a look rules most leads out by less.
    fn concerns(_: &State, _: Row, _: &Wanted) -> bool {
        true
    }
}

/// Seconds for which an end is near before it comes.
const NEAR_SECONDS: i64 = PROTECTION_END_DAYS.cast_signed() * 86_400;

/// Between what alerts about a block's leads can have begun; `None` if no protection can be near its end.
fn near(block: &LeadBlock, seen: Seen) -> Option<RangeInclusive<i64>> {
    let (now, lapses) = (seen.time.timestamp(), block.lapses()?);
    (*lapses.ends.start() <= now + NEAR_SECONDS && now <= *lapses.ends.end()).then(|| lapses.near(NEAR_SECONDS))
}

impl Watch for ProtectionLapsing {
    type Over = Self;

    fn stretches(view: &Reading<'_>, wanted: &Wanted, seen: Seen) -> Option<Vec<Stretch>> {
        let leads = &view.leads;
        let Some(agreements) = wanted.agreements(view) else {
            let near = leads.blocks.iter(leads.by_id.len()).filter_map(|(rows, block)| Some((rows, near(block, seen)?)));
            return Some(near.map(|(rows, since)| Stretch { since, rows: Rows::Together(rows) }).collect());
        };
        // A partner owns a lead through an agreement that has its credit.
        let credited = leads.credited.of_agreements(agreements.iter().copied(), 0);
        let near = credited.filter(|row| leads.blocks.of(*row).is_none_or(|block| near(block, seen).is_some()));
        Some(vec![Stretch { since: i64::MIN..=i64::MAX, rows: Rows::Listed(near.collect()) }])
    }

    fn is_about(state: &State, found: &Found, _: Seen, wanted: &Wanted) -> bool {
        wanted.names(state, &found.subject)
    }

    fn earliest(state: &State, row: Row, seen: Seen) -> i64 {
        let decision = state.leads.by_id.get(row).decision_at(seen.time, seen);
        decision.and_then(Decision::lapse_bounds).map_or(i64::MAX, |(least, _)| least - NEAR_SECONDS)
    }

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let lead = state.leads.by_id.get(row);
        let (_, since) = lapsing(lead, seen)?;
        let ownership = lead.ownership(seen.time, seen, state)?;
        let partner = match ownership.owner.to_party(state) {
            Party::Partner(partner) => Some(partner),
            Party::House => None,
        };
        let agreement = ownership.credit.map(|credit| state.agreements.by_id.key(credit).clone());
        let subject = AlertSubject { partner, agreement, campaign: None, lead: Some(state.leads.by_id.key(row).clone()) };
        Some(Found { since, subject, row })
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let lead = state.leads.by_id.get(row);
        let until = lapsing(lead, seen).map(|(until, _)| when(until)).unwrap_or_default();
        let owner = lead.ownership(seen.time, seen, state).map(|held| words::owner(held.owner, state)).unwrap_or_default();
        format!(
            "Lead {} of {owner} is protected until {until}: qualify it, extend its protection, or leave it to who claims it next",
            state.leads.by_id.key(row)
        )
    }
}
