//! A campaign was brought to its end (rules 8.1).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// A campaign is over, and this came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignEnded {
    campaign: Id,
    summary: String,
}

impl EventType for CampaignEnded {
    type Message = proto::CampaignEnded;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("summary", &message.summary);
        Self { campaign: fields.id("campaign_id", &message.campaign_id), summary: message.summary.clone() }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Campaign, &self.campaign)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        match &state.campaigns.known(&self.campaign).1.ended {
            Some((ended, _)) => {
                let what = format!("the end of campaign {}", self.campaign);
                Err(Rejection::AlreadyDone { what, position: ended.position })
            }
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        state.campaigns.known_mut(&self.campaign).ended = Some((stamp, self.summary.as_str().into()));
    }
}
