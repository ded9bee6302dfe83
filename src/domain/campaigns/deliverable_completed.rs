//! A deliverable was delivered (rules 8.1).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// A participant delivered what it owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverableCompleted {
    campaign: Id,
    deliverable: Id,
}

impl EventType for DeliverableCompleted {
    type Message = proto::DeliverableCompleted;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { campaign: fields.id("campaign_id", &message.campaign_id), deliverable: fields.id("deliverable_id", &message.deliverable_id) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Campaign, &self.campaign)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let campaign = state.campaigns.known(&self.campaign).1;
        let Some(place) = campaign.place_of_deliverable(&self.deliverable) else {
            return Err(Rejection::UnknownId { kind: IdKind::Deliverable, id: self.deliverable.clone() });
        };
        match campaign.delivered(place, Seen::ALL) {
            Some(done) => {
                let what = format!("deliverable {} of campaign {}", self.deliverable, self.campaign);
                Err(Rejection::AlreadyDone { what, position: done.position })
            }
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let campaign = state.campaigns.known_mut(&self.campaign);
        let place = campaign.place_of_deliverable(&self.deliverable).expect("decide found the deliverable");
        campaign.delivered.insert(place, stamp);
    }
}
