//! Campaigns: where they stand, what was delivered, paid and measured, and whose their joint leads became (rules 8).

use super::fitting::Subject as _;
use super::metrics::effort::party;
use super::metrics::reach::by_measurer;
use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, agreement_seen, campaign_seen};
use crate::domain::campaigns::{Campaign, Cost, Deliverable, Participant};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use crate::ledger::Error;
use crate::proto::{self, CampaignState, CampaignType, campaign_participant};

/// `GetCampaign`.
pub struct GetCampaign {
    campaign: Id,
}

impl StateQuery for GetCampaign {
    type Request = proto::GetCampaignRequest;
    type Answer = proto::GetCampaignResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { campaign: fields.id("campaign_id", &request.campaign_id) }
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let row = campaign_seen(view, &self.campaign, seen)?;
        Ok(proto::GetCampaignResponse { campaign: Some(campaign(view, row, seen)), position: seen.position })
    }
}

/// `ListCampaigns`.
pub struct ListCampaigns {
    agreement: Option<Id>,
    campaign_type: CampaignType,
    state: CampaignState,
    page: PageRequest,
}

impl StateQuery for ListCampaigns {
    type Request = proto::ListCampaignsRequest;
    type Answer = proto::ListCampaignsResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            agreement: fields.optional_id("agreement_id", request.agreement_id.as_deref()),
            campaign_type: fields.enum_or("type", request.r#type, CampaignType::Unspecified),
            state: fields.enum_or("state", request.state, CampaignState::Unspecified),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let agreement = self.agreement.as_ref().map(|id| agreement_seen(view, id, seen)).transpose()?;
        let wanted = |state: &State, known: &Campaign| {
            seen.sees(known.planned)
                && agreement.is_none_or(|row| known.participants.iter().any(|participant| participant.agreement == Some(row)))
                && (self.campaign_type == CampaignType::Unspecified || known.campaign_type == self.campaign_type)
                && (self.state == CampaignState::Unspecified || known.state_at(seen.time, seen, state) == self.state)
        };
        let items = |state: &State, row| {
            if wanted(state, state.campaigns.by_id.get(row)) { vec![campaign(state, row, seen)] } else { Vec::new() }
        };
        let first = self.page.first_row();
        let rows: Box<dyn Iterator<Item = Row>> = match agreement {
            Some(agreement) => Box::new(view.campaigns.of_agreements.rising(agreement, first)),
            None => Box::new(first..Row::try_from(view.campaigns.by_id.len()).unwrap_or(Row::MAX)),
        };
        let (campaigns, next_page_token) = self.page.fill_from(view, seen, Some(IdKind::Campaign), rows, items)?;
        Ok(proto::ListCampaignsResponse { campaigns, next_page_token, position: seen.position })
    }
}

/// A campaign whose plan is seen.
fn campaign(state: &State, row: Row, seen: Seen) -> proto::Campaign {
    let campaign = state.campaigns.by_id.get(row);
    let campaign_id = state.campaigns.by_id.key(row).to_string();
    let parties: Vec<_> = campaign.participants.iter().map(|participant| party_of(participant, state)).collect();
    let is_seen = |stamp: &Stamp| seen.sees(*stamp);
    let ended = campaign.ended.as_ref().filter(|(stamp, _)| is_seen(stamp));
    let deliverables = campaign.deliverables.iter().enumerate();
    let costs = campaign.costs.iter().filter(|cost| is_seen(&cost.stamp));
    let joint_leads = campaign.participants.iter().zip(&parties).zip(campaign.joint_leads(seen));
    let campaign = proto::Campaign {
        r#type: campaign.campaign_type as i32,
        state: campaign.state_at(seen.time, seen, state) as i32,
        title: campaign.title.to_string(),
        participants: campaign.participants.iter().map(|known| participant(known, state)).collect(),
        deliverables: deliverables.map(|(place, known)| deliverable(campaign, place, known, &parties, seen)).collect(),
        starts_at: campaign.starts_at.map(timestamp),
        ends_at: campaign.ends_at.map(timestamp),
        started_at: campaign.started.filter(is_seen).map(|stamp| timestamp(stamp.occurred_at)),
        ended_at: ended.map(|(stamp, _)| timestamp(stamp.occurred_at)),
        stopped_at: campaign.stop(seen, state).map(|(stopped_at, _)| timestamp(stopped_at)),
        summary: ended.map(|(_, summary)| summary.to_string()).unwrap_or_default(),
        costs: costs.map(|known| cost(known, &parties)).collect(),
        joint_leads: joint_leads.map(|((known, party), leads)| leads_of(known, party, leads)).collect(),
        reach: by_measurer(campaign, &campaign_id, &parties, seen),
        position: campaign.planned.position,
        campaign_id,
        entries_left_out: 0,
    };
    campaign.fitted()
}

fn party_of(participant: &Participant, state: &State) -> proto::CampaignParty {
    party(participant.agreement.map(|row| state.agreements.by_id.key(row)))
}

fn participant(participant: &Participant, state: &State) -> proto::CampaignParticipant {
    use campaign_participant::Party;
    let agreement = participant.agreement.map(|row| state.agreements.by_id.key(row).to_string());
    proto::CampaignParticipant {
        party: Some(agreement.map_or(Party::House(true), Party::AgreementId)),
        cost_share_bps: participant.cost_share_bps,
        lead_share_bps: participant.lead_share_bps,
        goal: participant.goal as i32,
    }
}

fn deliverable(
    campaign: &Campaign,
    place: usize,
    deliverable: &Deliverable,
    parties: &[proto::CampaignParty],
    seen: Seen,
) -> proto::CampaignDeliverable {
    let completed = campaign.delivered(place, seen);
    proto::CampaignDeliverable {
        deliverable: Some(proto::Deliverable {
            deliverable_id: deliverable.id.to_string(),
            owed_by: Some(parties[deliverable.owed_by].clone()),
            description: deliverable.description.to_string(),
            weight: deliverable.weight,
            due_at: deliverable.due_at.map(timestamp),
        }),
        completed_at: completed.map(|stamp| timestamp(stamp.occurred_at)),
        completed_position: completed.map(|stamp| stamp.position),
    }
}

fn cost(cost: &Cost, parties: &[proto::CampaignParty]) -> proto::CampaignCost {
    proto::CampaignCost {
        cost_id: cost.id.to_string(),
        amount: Some(cost.amount.to_message()),
        paid_by: Some(parties[cost.paid_by].clone()),
        description: cost.description.to_string(),
        occurred_at: Some(timestamp(cost.stamp.occurred_at)),
        position: cost.stamp.position,
    }
}

fn leads_of(participant: &Participant, party: &proto::CampaignParty, leads: u64) -> proto::CampaignLeads {
    proto::CampaignLeads {
        participant: Some(party.clone()),
        lead_share_bps: participant.lead_share_bps,
        leads: i64::try_from(leads).unwrap_or(i64::MAX),
    }
}
