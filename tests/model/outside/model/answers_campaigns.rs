//! The model's answers about campaigns. Rules 8.

use partnership_ledger::proto::{self as pb, cost_incurred::PaidBy, event::Body};

use super::calendar::Instant;
use super::campaigns::{Who, campaign_party, who, who_participates};
use super::record::{Known, Record};
use crate::outside::ledger::stamp;

impl<'a> Known<'a> {
    pub fn campaign_answer(&self, record: &Record, plan: &'a pb::CampaignPlanned, at: Instant) -> pb::Campaign {
        let id = &plan.campaign_id;
        let end = self.end_of(id);
        pb::Campaign {
            campaign_id: id.clone(),
            r#type: plan.r#type,
            state: self.campaign_state(plan, at).into(),
            title: plan.title.clone(),
            participants: plan.participants.clone(),
            deliverables: plan.deliverables.iter().map(|deliverable| self.deliverable(id, deliverable)).collect(),
            starts_at: plan.starts_at,
            ends_at: plan.ends_at,
            started_at: self.start_of(id).map(|record| stamp(record.occurred)),
            ended_at: end.map(|(record, _)| stamp(record.occurred)),
            stopped_at: self.stop(plan).map(stamp),
            summary: end.map_or(String::new(), |(_, body)| body.summary.clone()),
            costs: self.costs(id),
            joint_leads: plan.participants.iter().map(|participant| self.joint_share(id, participant)).collect(),
            reach: plan.participants.iter().filter_map(|participant| self.reach_by(id, &who_participates(participant))).collect(),
            position: record.position,
            entries_left_out: 0,
        }
    }

    fn deliverable(&self, campaign: &str, deliverable: &pb::Deliverable) -> pb::CampaignDeliverable {
        let completion = self.completion(campaign, &deliverable.deliverable_id);
        pb::CampaignDeliverable {
            deliverable: Some(deliverable.clone()),
            completed_at: completion.map(|record| stamp(record.occurred)),
            completed_position: completion.map(|record| record.position),
        }
    }

    fn costs(&self, campaign: &str) -> Vec<pb::CampaignCost> {
        let cost = |record: &&Record| match record.body() {
            Body::CostIncurred(body) if body.campaign_id == campaign => {
                let payer: Who = match body.paid_by.as_ref()? {
                    PaidBy::House(_) => None,
                    PaidBy::AgreementId(agreement) => Some(agreement.clone()),
                };
                Some(pb::CampaignCost {
                    cost_id: body.cost_id.clone(),
                    amount: body.amount.clone(),
                    paid_by: Some(campaign_party(&payer)),
                    description: body.description.clone(),
                    occurred_at: Some(stamp(record.occurred)),
                    position: record.position,
                })
            }
            _ => None,
        };
        self.records.iter().filter_map(cost).collect()
    }

    fn joint_share(&self, campaign: &str, participant: &pb::CampaignParticipant) -> pb::CampaignLeads {
        let who = who_participates(participant);
        let own = self.joint_leads(campaign).into_iter().filter(|to| *to == who).count();
        pb::CampaignLeads {
            participant: Some(campaign_party(&who)),
            lead_share_bps: participant.lead_share_bps,
            leads: i64::try_from(own).expect("not that many"),
        }
    }

    /// What one participant measured: of each number the latest; none if it measured nothing.
    fn reach_by(&self, campaign: &str, by: &Who) -> Option<pb::ReachMeasured> {
        let own = |body: &&pb::ReachMeasured| body.campaign_id == campaign && who(body.measured_by.as_ref()) == *by;
        let measured: Vec<&pb::ReachMeasured> = self.measurements().into_iter().map(|(_, body)| body).filter(own).collect();
        if measured.is_empty() {
            return None;
        }
        let latest = latest_of(&measured);
        Some(pb::ReachMeasured { campaign_id: campaign.to_owned(), measured_by: Some(campaign_party(by)), ..latest })
    }

    /// All measurements, the latest last.
    pub fn measurements(&self) -> Vec<(&'a Record, &'a pb::ReachMeasured)> {
        let measured = |record: &&'a Record| match record.body() {
            Body::ReachMeasured(body) => Some((*record, body)),
            _ => None,
        };
        let mut all: Vec<_> = self.records.iter().filter_map(measured).collect();
        all.sort_by_key(|(record, _)| (record.occurred, record.position));
        all
    }
}

/// Of each number the last that was measured.
pub fn latest_of(measured: &[&pb::ReachMeasured]) -> pb::ReachMeasured {
    let last = |of: fn(&pb::ReachMeasured) -> Option<i64>| measured.iter().rev().find_map(|body| of(body));
    pb::ReachMeasured {
        house_audience: last(|body| body.house_audience),
        partner_audience: last(|body| body.partner_audience),
        overlap: last(|body| body.overlap),
        impressions: last(|body| body.impressions),
        visits: last(|body| body.visits),
        registrations: last(|body| body.registrations),
        mentions: last(|body| body.mentions),
        ..pb::ReachMeasured::default()
    }
}
