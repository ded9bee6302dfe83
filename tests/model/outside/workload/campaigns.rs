//! Events of campaigns and joint ventures.

use chrono::TimeDelta;
use partnership_ledger::proto::{
    self as pb, CampaignGoal, CampaignType, DistributionMethod, Side, campaign_participant, cost_incurred::PaidBy, event::Body,
};

use super::World;
use crate::outside::ledger::stamp;
use crate::outside::model::campaigns::{Who, campaign_party, who_participates};

impl World {
    pub fn campaign_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::CampaignPlanned(body) => Some(&body.campaign_id),
            _ => None,
        })
    }

    pub fn campaign_body(&mut self) -> Body {
        let campaigns = self.campaign_ids();
        if campaigns.is_empty() || (campaigns.len() < 4 && self.one_in(5)) {
            return Body::CampaignPlanned(self.campaign_planned(campaigns.len()));
        }
        let campaign_id = self.known_id(&campaigns);
        match self.below(20) {
            0 => Body::CampaignStarted(pb::CampaignStarted { campaign_id }),
            1 if self.one_in(2) => Body::CampaignEnded(pb::CampaignEnded { campaign_id, summary: "done".to_owned() }),
            1..7 => Body::DeliverableCompleted(self.deliverable_completed(campaign_id)),
            7..14 => Body::CostIncurred(self.cost_incurred(campaign_id)),
            _ => Body::ReachMeasured(self.reach_measured(campaign_id)),
        }
    }

    fn campaign_planned(&mut self, taken: usize) -> pb::CampaignPlanned {
        let mut parties: Vec<Who> = vec![None];
        for _ in 0..=self.any(&[0, 0, 1, 1, 2]) {
            let agreement = Some(self.agreement_id());
            if !parties.contains(&agreement) {
                parties.push(agreement);
            }
        }
        let (costs, leads) = (self.shares(parties.len()), self.shares(parties.len()));
        let ends = (!self.one_in(4)).then(|| self.clock() + self.span(60));
        let deliverables = (0..self.below(5)).map(|number| self.deliverable(number, &parties)).collect();
        let mut participants: Vec<pb::CampaignParticipant> = parties
            .into_iter()
            .zip(costs.into_iter().zip(leads))
            .map(|(who, (cost_share_bps, lead_share_bps))| pb::CampaignParticipant {
                cost_share_bps,
                lead_share_bps,
                goal: self.any(&[CampaignGoal::Leads, CampaignGoal::Leads, CampaignGoal::Sales]).into(),
                party: Some(who.map_or(campaign_participant::Party::House(true), campaign_participant::Party::AgreementId)),
            })
            .collect();
        if self.one_in(2) {
            participants.reverse();
        }
        pb::CampaignPlanned {
            campaign_id: self.new_id('c', taken),
            r#type: self.any(&[CampaignType::JointWebinar, CampaignType::BundleOffer, CampaignType::EventSponsorship]).into(),
            title: "สัมมนา together".to_owned(),
            participants,
            deliverables,
            starts_at: ends.filter(|_| self.one_in(2)).map(|ends| stamp(ends - TimeDelta::days(1))),
            ends_at: ends.map(stamp),
        }
    }

    /// So many shares that add up to the whole: equal ones, odd ones, and some of nothing.
    fn shares(&mut self, count: usize) -> Vec<u32> {
        let whole = 10_000;
        let mut left = whole;
        let mut shares = Vec::new();
        let equal = self.one_in(2);
        for others in (1..count).rev() {
            let share = match self.below(6) {
                _ if equal => whole / u32::try_from(count).expect("few"),
                0 => 0,
                1 => left,
                _ => u32::try_from(self.below(u64::from(left) * 2 / (others as u64 + 1) + 1)).expect("small").min(left),
            };
            left -= share;
            shares.push(share);
        }
        shares.push(left);
        if self.one_in(2) {
            shares.reverse();
        }
        shares
    }

    fn deliverable(&mut self, number: u64, parties: &[Who]) -> pb::Deliverable {
        let owed_by = if self.one_in(20) { Some(self.agreement_id()) } else { self.any(parties) };
        let due = (!self.one_in(4)).then(|| self.clock() + self.span(50));
        pb::Deliverable {
            deliverable_id: format!("d{number}"),
            owed_by: Some(campaign_party(&owed_by)),
            description: String::new(),
            weight: self.days(4),
            due_at: due.map(stamp),
        }
    }

    /// Somebody who takes part in a campaign; rarely somebody who may not.
    fn participant(&mut self, campaign: &str) -> Who {
        let known = self.known();
        let plan = known.campaign(campaign).map(|(_, plan)| plan);
        let parties: Vec<Who> = plan.map_or(vec![None], |plan| plan.participants.iter().map(who_participates).collect());
        if self.one_in(20) { Some(self.agreement_id()) } else { self.any(&parties) }
    }

    /// The agreement of a participant that is not the house, if there is one.
    pub fn participating_agreement(&mut self, campaign: &str) -> Option<String> {
        (0..3).find_map(|_| self.participant(campaign))
    }

    fn deliverable_completed(&mut self, campaign_id: String) -> pb::DeliverableCompleted {
        let known = self.known();
        let plan = known.campaign(&campaign_id).map(|(_, plan)| plan);
        let all: Vec<String> = plan.iter().flat_map(|plan| &plan.deliverables).map(|all| all.deliverable_id.clone()).collect();
        pb::DeliverableCompleted { deliverable_id: self.known_id(&all), campaign_id }
    }

    fn cost_incurred(&mut self, campaign_id: String) -> pb::CostIncurred {
        let taken = self.ids(|body| match body {
            Body::CostIncurred(body) => Some(&body.cost_id),
            _ => None,
        });
        let most = self.any(&[3, 10_001, 4_000_000]);
        pb::CostIncurred {
            cost_id: self.new_id('k', taken.len()),
            amount: Some(self.money(most)),
            description: "booth".to_owned(),
            paid_by: Some(self.participant(&campaign_id).map_or(PaidBy::House(true), PaidBy::AgreementId)),
            campaign_id,
        }
    }

    fn reach_measured(&mut self, campaign_id: String) -> pb::ReachMeasured {
        let most_overlap = self.any(&[100, 100, 200_000]);
        let mut number = |least: u64, most: u64| match self.below(100) {
            0 => Some(1_000_000_000_000_000),
            1..50 => Some(i64::try_from(least + self.below(most)).expect("small")),
            _ => None,
        };
        pb::ReachMeasured {
            house_audience: number(100, 50_000).filter(|audience| audience % 7 != 0),
            partner_audience: number(100, 100_000),
            overlap: number(0, most_overlap),
            impressions: number(0, 1_000_000),
            visits: number(0, 9_000),
            registrations: number(0, 30),
            mentions: number(0, 20),
            measured_by: Some(campaign_party(&self.participant(&campaign_id))),
            campaign_id,
        }
    }

    /// Mostly a joint venture.
    fn venture_id(&mut self) -> String {
        let ventures = self.ids(|body| match body {
            Body::AgreementSigned(body) if body.r#type() == pb::AgreementType::JointVenture => Some(&body.agreement_id),
            _ => None,
        });
        // Mostly the same one, so that both sides' capital comes together.
        match ventures.first() {
            Some(first) if !self.one_in(3) => first.clone(),
            Some(_) if !self.one_in(3) => self.known_id(&ventures),
            _ => self.agreement_id(),
        }
    }

    pub fn venture_body(&mut self) -> Body {
        let agreement_id = self.venture_id();
        let taken = self.ids(|body| match body {
            Body::CapitalContributed(body) => Some(&body.contribution_id),
            Body::ProfitDistributed(body) => Some(&body.distribution_id),
            _ => None,
        });
        if self.one_in(2) {
            return Body::CapitalContributed(pb::CapitalContributed {
                contribution_id: self.new_id('v', taken.len()),
                agreement_id,
                side: self.any(&[Side::House, Side::Partner]).into(),
                amount: Some(self.money(10_000)),
            });
        }
        let most = self.any(&[2, 3_000, 60_000, 60_000]);
        Body::ProfitDistributed(pb::ProfitDistributed {
            distribution_id: self.new_id('v', taken.len()),
            agreement_id,
            amount: Some(self.money(most)),
            method: self.any(&[DistributionMethod::ByOwnership, DistributionMethod::CapitalFirst, DistributionMethod::CapitalFirst]).into(),
        })
    }
}
