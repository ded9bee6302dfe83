//! A campaign was planned: who takes part with which shares, and what each has to deliver (rules 8.1).

use super::{Campaign, CampaignParty, Deliverable, Participant};
use crate::domain::calendar::{EARLIEST, Time};
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::WHOLE_BPS;
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, CampaignGoal, CampaignType};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// The most participants of a campaign.
const MAX_PARTICIPANTS: usize = 100;

/// The house and partners agreed on a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignPlanned {
    campaign: Id,
    campaign_type: CampaignType,
    title: String,
    participants: Vec<PlannedParticipant>,
    deliverables: Vec<PlannedDeliverable>,
    starts_at: Option<Time>,
    ends_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PlannedParticipant {
    party: CampaignParty,
    cost_share_bps: u32,
    lead_share_bps: u32,
    goal: CampaignGoal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PlannedDeliverable {
    id: Id,
    owed_by: CampaignParty,
    description: String,
    weight: u32,
    due_at: Option<Time>,
}

impl EventType for CampaignPlanned {
    type Message = proto::CampaignPlanned;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("title", &message.title);
        Self {
            campaign: fields.id("campaign_id", &message.campaign_id),
            campaign_type: fields.enum_value("type", message.r#type),
            title: message.title.clone(),
            participants: parse_participants(&message.participants, fields),
            deliverables: parse_deliverables(&message.deliverables, fields),
            starts_at: fields.optional_time("starts_at", message.starts_at.as_ref()),
            ends_at: fields.optional_time("ends_at", message.ends_at.as_ref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Campaign, &self.campaign))
    }

    fn refers_to(&self) -> References<'_> {
        let participants = self.participants.iter().map(|participant| &participant.party);
        let owing = self.deliverables.iter().map(|deliverable| &deliverable.owed_by);
        participants.chain(owing).filter_map(CampaignParty::agreement).map(|id| (IdKind::Agreement, id)).collect()
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        let stranger = self.deliverables.iter().find(|deliverable| self.place_of(&deliverable.owed_by).is_none());
        match stranger {
            Some(deliverable) => {
                let party = deliverable.owed_by.to_string();
                Err(Rejection::NotAParticipant { campaign: self.campaign.clone(), party })
            }
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = |party: &CampaignParty| party.agreement().map(|id| state.agreements.by_id.find(id).expect("participants are known"));
        let participants: Vec<Participant> = self
            .participants
            .iter()
            .map(|planned| Participant {
                agreement: row(&planned.party),
                cost_share_bps: planned.cost_share_bps,
                lead_share_bps: planned.lead_share_bps,
                goal: planned.goal,
            })
            .collect();
        let deliverables = self.deliverables.iter().map(|planned| Deliverable {
            id: planned.id.clone(),
            owed_by: self.place_of(&planned.owed_by).expect("decide found who owes it"),
            description: planned.description.as_str().into(),
            weight: planned.weight,
            due_at: planned.due_at,
        });
        let campaign = Campaign {
            planned: stamp,
            campaign_type: self.campaign_type,
            title: self.title.as_str().into(),
            deliverables: deliverables.collect(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            started: None,
            ended: None,
            costs: Vec::new(),
            referrals: Vec::new(),
            reach: Vec::new(),
            delivered: IndexMap::new(),
            referred_until: EARLIEST,
            joint_leads: vec![0; participants.len()],
            order: in_order(&participants, state),
            participants,
        };
        let row = state.campaigns.by_id.insert(self.campaign.clone(), campaign);
        state.campaigns.note_taking_part(row);
    }
}

impl CampaignPlanned {
    fn place_of(&self, party: &CampaignParty) -> Option<usize> {
        self.participants.iter().position(|participant| participant.party == *party)
    }
}

/// The places in the order of rules 3.3: the house, then partner ids, then agreement ids.
fn in_order(participants: &[Participant], state: &State) -> Vec<usize> {
    let mut order: Vec<usize> = (0..participants.len()).collect();
    order.sort_by_cached_key(|place| {
        let agreement = participants[*place].agreement;
        agreement.map(|row| (state.partners.key(state.agreements.by_id.get(row).partner).clone(), state.agreements.by_id.key(row).clone()))
    });
    order
}

fn parse_participants(messages: &[proto::CampaignParticipant], fields: &mut Fields) -> Vec<PlannedParticipant> {
    use proto::campaign_participant::Party;
    let participants = fields.each("participants", messages, MAX_PARTICIPANTS, |fields, message| PlannedParticipant {
        party: match &message.party {
            Some(Party::House(house)) => CampaignParty::parse(Some(*house), None, fields),
            Some(Party::AgreementId(id)) => CampaignParty::parse(None, Some(id), fields),
            None => CampaignParty::parse(None, None, fields),
        },
        cost_share_bps: fields.bps("cost_share_bps", message.cost_share_bps),
        lead_share_bps: fields.bps("lead_share_bps", message.lead_share_bps),
        goal: fields.enum_value("goal", message.goal),
    });
    let count = |wanted: &CampaignParty| participants.iter().filter(|participant| participant.party == *wanted).count();
    if count(&CampaignParty::House) != 1 || participants.len() < 2 {
        fields.bad("participants", "must be the house, once, and one or more agreements");
    } else if participants.iter().any(|participant| count(&participant.party) > 1) {
        fields.bad("participants", "must name each agreement once");
    }
    let adds_up = |share: fn(&PlannedParticipant) -> u32| participants.iter().map(share).sum::<u32>() == WHOLE_BPS;
    if !adds_up(|participant| participant.cost_share_bps) {
        fields.bad("participants", format!("must have cost_share_bps that add up to {WHOLE_BPS}"));
    }
    if !adds_up(|participant| participant.lead_share_bps) {
        fields.bad("participants", format!("must have lead_share_bps that add up to {WHOLE_BPS}"));
    }
    participants
}

fn parse_deliverables(messages: &[proto::Deliverable], fields: &mut Fields) -> Vec<PlannedDeliverable> {
    let mut known = BTreeSet::new();
    fields.each("deliverables", messages, MAX_ITEMS, |fields, message| {
        if !known.insert(message.deliverable_id.clone()) {
            fields.bad("deliverable_id", "is the id of an earlier deliverable of this campaign; ids are unique in it");
        }
        fields.text("description", &message.description);
        PlannedDeliverable {
            id: fields.id("deliverable_id", &message.deliverable_id),
            owed_by: CampaignParty::of(message.owed_by.as_ref(), "owed_by", fields),
            description: message.description.clone(),
            weight: message.weight,
            due_at: fields.optional_time("due_at", message.due_at.as_ref()),
        }
    })
}
