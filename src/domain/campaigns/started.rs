//! A campaign started (rules 8.1).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// A campaign began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignStarted {
    campaign: Id,
}

impl EventType for CampaignStarted {
    type Message = proto::CampaignStarted;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { campaign: fields.id("campaign_id", &message.campaign_id) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Campaign, &self.campaign)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        match state.campaigns.known(&self.campaign).1.started {
            Some(started) => {
                let what = format!("the start of campaign {}", self.campaign);
                Err(Rejection::AlreadyDone { what, position: started.position })
            }
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        state.campaigns.known_mut(&self.campaign).started = Some(stamp);
    }
}
