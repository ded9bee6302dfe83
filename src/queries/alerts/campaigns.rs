//! Campaigns in which one does more than another, or in which they want different things (rules 8.1).

use super::{AlertSubject, Found, Walk, Wanted, Watch, holds_since};
use crate::domain::calendar::Time;
use crate::domain::campaigns::Campaign;
use crate::domain::relationship::alerts::{Effort, unequal_effort};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::CampaignState;

/// All campaigns.
pub struct Campaigns;

/// Of what was due, one participant has delivered much less than another.
pub struct UnequalEffort;
/// The participants want different things.
pub struct GoalsDiffer;

/// A campaign that is neither ended nor stopped at the time asked.
fn open(state: &State, row: Row, seen: Seen) -> Option<&Campaign> {
    let campaign = state.campaigns.by_id.get(row);
    if !seen.sees(campaign.planned) {
        return None;
    }
    let open = matches!(campaign.state_at(seen.time, seen, state), CampaignState::Planned | CampaignState::Running);
    open.then_some(campaign)
}

fn found(state: &State, row: Row, since: Time) -> Found {
    let campaign = Some(state.campaigns.by_id.key(row).clone());
    Found { since, subject: AlertSubject { campaign, ..AlertSubject::default() }, row }
}

/// A campaign concerns whoever takes part in it.
fn takes_part(state: &State, row: Row, wanted: &Wanted) -> bool {
    let participants = &state.campaigns.by_id.get(row).participants;
    wanted.partner.is_none() && wanted.agreement.is_none()
        || participants.iter().any(|participant| participant.agreement.is_some() && wanted.takes(state, participant.agreement))
}

impl Walk for Campaigns {
    fn rows(state: &State) -> usize {
        state.campaigns.by_id.len()
    }

    fn concerns(state: &State, row: Row, wanted: &Wanted) -> bool {
        takes_part(state, row, wanted)
    }
}

impl Watch for UnequalEffort {
    type Over = Campaigns;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let campaign = open(state, row, seen)?;
        unequal_effort(campaign, seen.time, seen)?;
        let due = campaign.deliverables.iter().filter_map(|deliverable| campaign.due_at(deliverable));
        let delivered = (0..campaign.deliverables.len()).filter_map(|place| campaign.delivered(place, seen)).map(|stamp| stamp.occurred_at);
        let mut instants: Vec<Time> = due.chain(delivered).filter(|instant| *instant <= seen.time).collect();
        instants.sort_unstable();
        instants.dedup();
        let since = holds_since(&instants, |instant| unequal_effort(campaign, instant, seen).is_some())?;
        Some(found(state, row, since))
    }

    fn tell(state: &State, row: Row, seen: Seen) -> String {
        let campaign = state.campaigns.by_id.get(row);
        let Some([least, most]) = unequal_effort(campaign, seen.time, seen) else { return String::new() };
        let told = |(place, effort): (usize, Effort)| {
            let who = match campaign.participants[place].agreement {
                Some(row) => state.partners.key(state.agreements.by_id.get(row).partner).to_string(),
                None => "the house".to_owned(),
            };
            format!("{who} delivered {} of {} due", effort.delivered, effort.due)
        };
        let id = state.campaigns.by_id.key(row);
        format!("In campaign {id} {}, {}: agree who delivers what until when", told(least), told(most))
    }
}

impl Watch for GoalsDiffer {
    type Over = Campaigns;

    fn look(state: &State, row: Row, seen: Seen) -> Option<Found> {
        let campaign = open(state, row, seen)?;
        let first = campaign.participants.first()?.goal;
        let differ = campaign.participants.iter().any(|participant| participant.goal != first);
        differ.then(|| found(state, row, campaign.planned.occurred_at))
    }

    fn tell(state: &State, row: Row, _: Seen) -> String {
        let campaign = state.campaigns.by_id.get(row);
        let wants = campaign.participants.iter().map(|participant| {
            let who = match participant.agreement {
                Some(row) => state.partners.key(state.agreements.by_id.get(row).partner).to_string(),
                None => "the house".to_owned(),
            };
            format!("{who} {}", participant.goal.as_str_name().trim_start_matches("CAMPAIGN_GOAL_").to_lowercase())
        });
        let (id, wants) = (state.campaigns.by_id.key(row), wants.collect::<Vec<_>>().join(", "));
        format!("In campaign {id} the participants want different things ({wants}): agree on one goal to measure it by")
    }
}
