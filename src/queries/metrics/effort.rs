//! What participants delivered of what was due (rules 8.1, 11).

use crate::domain::State;
use crate::domain::campaigns::Campaign;
use crate::domain::ids::Id;
use crate::domain::table::Row;
use crate::projections::metrics::Window;
use crate::proto;
use std::collections::BTreeMap;

/// The weights of participants, by agreement; the house has none.
#[derive(Default)]
pub struct Efforts(BTreeMap<Option<Row>, Weights>);

#[derive(Default)]
struct Weights {
    due: u64,
    delivered: u64,
}

impl Efforts {
    /// Adds what of a campaign was due in a window, and of that what is delivered.
    pub fn add(&mut self, campaign: &Campaign, window: &Window) {
        for (place, deliverable) in campaign.deliverables.iter().enumerate() {
            if !campaign.due_at(deliverable).is_some_and(|due| window.holds(due)) {
                continue;
            }
            let weights = self.0.entry(campaign.participants[deliverable.owed_by].agreement).or_default();
            weights.due += u64::from(deliverable.weight);
            if campaign.delivered(place, window.seen).is_some() {
                weights.delivered += u64::from(deliverable.weight);
            }
        }
    }

    /// The figures of those from whom something was due: the house first, then by agreement id.
    pub fn figures(&self, state: &State) -> Vec<proto::Effort> {
        let weight = |weight: u64| i64::try_from(weight).unwrap_or(i64::MAX);
        let due = self.0.iter().filter(|(_, weights)| weights.due > 0);
        let mut due: Vec<(Option<&Id>, &Weights)> =
            due.map(|(row, weights)| (row.map(|row| state.agreements.by_id.key(row)), weights)).collect();
        due.sort_unstable_by_key(|(agreement, _)| *agreement);
        let figures = due.into_iter().map(|(agreement, weights)| proto::Effort {
            participant: Some(party(agreement)),
            due_weight: weight(weights.due),
            delivered_weight: weight(weights.delivered),
        });
        figures.collect()
    }
}

/// A participant as the contract names it.
pub fn party(agreement: Option<&Id>) -> proto::CampaignParty {
    use proto::campaign_party::Party;
    let party = agreement.map_or(Party::House(true), |id| Party::AgreementId(id.to_string()));
    proto::CampaignParty { party: Some(party) }
}
