//! A participant measured a campaign's reach (rules 8.4).

use super::CampaignParty;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use std::sync::Arc;

/// What a participant counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ReachMeasured {
    campaign: Id,
    measured_by: CampaignParty,
    message: Arc<proto::ReachMeasured>,
}

impl Eq for ReachMeasured {}

impl EventType for ReachMeasured {
    type Message = proto::ReachMeasured;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        let counts = [
            ("house_audience", message.house_audience),
            ("partner_audience", message.partner_audience),
            ("overlap", message.overlap),
            ("impressions", message.impressions),
            ("visits", message.visits),
            ("registrations", message.registrations),
            ("mentions", message.mentions),
        ];
        for (name, _) in counts.into_iter().filter(|(_, count)| count.is_some_and(i64::is_negative)) {
            fields.bad(name, "must be a count of 0 or more, or left out");
        }
        Self {
            campaign: fields.id("campaign_id", &message.campaign_id),
            measured_by: CampaignParty::of(message.measured_by.as_ref(), "measured_by", fields),
            message: Arc::new(message.clone()),
        }
    }

    fn refers_to(&self) -> References<'_> {
        let agreement = self.measured_by.agreement().map(|id| (IdKind::Agreement, id));
        std::iter::once((IdKind::Campaign, &self.campaign)).chain(agreement).collect()
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let campaign = state.campaigns.known(&self.campaign).1;
        campaign.require_participant(&self.campaign, &self.measured_by, state)?;
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        state.campaigns.known_mut(&self.campaign).reach.push((stamp, Arc::clone(&self.message)));
    }
}
