//! Campaigns: who takes part, when they stop, who gets which joint lead. Rules 5.1, 8.

use partnership_ledger::proto::{self as pb, CampaignState, CampaignsAtEnd, campaign_participant, campaign_party, event::Body};

use super::calendar::Instant;
use super::record::{Decision, Known, Party, Record};
use crate::outside::ledger::instant;

/// A participant as it is named: an agreement, or the house if absent.
pub type Who = Option<String>;

/// Who takes part, with its shares.
#[derive(Clone, Debug)]
pub struct Participant<'a> {
    pub who: Who,
    /// The partner; absent for the house.
    pub partner: Option<&'a str>,
    pub plan: &'a pb::CampaignParticipant,
}

impl<'a> Known<'a> {
    pub fn campaign(&self, campaign: &str) -> Option<(&'a Record, &'a pb::CampaignPlanned)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::CampaignPlanned(body) if body.campaign_id == campaign => Some((*record, body)),
            _ => None,
        })
    }

    /// All campaigns, in the order of their plans.
    pub fn campaigns(&self) -> Vec<&'a pb::CampaignPlanned> {
        let plan = |record: &&'a Record| match record.body() {
            Body::CampaignPlanned(body) => Some(body),
            _ => None,
        };
        self.records.iter().filter_map(plan).collect()
    }

    /// The participants in the order that decides ties: the house, then by partner, then by agreement. Rules 3.3.
    pub fn participants(&self, plan: &'a pb::CampaignPlanned) -> Vec<Participant<'a>> {
        let participant = |plan: &'a pb::CampaignParticipant| {
            let who = who_participates(plan);
            Participant { partner: who.as_deref().and_then(|agreement| self.partner_of(agreement)), who, plan }
        };
        let mut participants: Vec<_> = plan.participants.iter().map(participant).collect();
        participants.sort_by(|one, other| (one.partner, &one.who).cmp(&(other.partner, &other.who)));
        participants
    }

    /// Whether the one named takes part; the house always does.
    pub fn takes_part(plan: &pb::CampaignPlanned, who: Option<&str>) -> bool {
        plan.participants.iter().any(|participant| who_participates(participant).as_deref() == who)
    }

    /// The first end of a participant's agreement whose terms say so. Rules 8.3.
    pub fn stop(&self, plan: &pb::CampaignPlanned) -> Option<Instant> {
        let stops = |participant: &pb::CampaignParticipant| {
            let agreement = who_participates(participant)?;
            let end = self.end(&agreement)?;
            let at_end = self.terms_at_end(&agreement)?;
            (at_end.terms.campaigns_at_end() == CampaignsAtEnd::Stop).then_some(end.at)
        };
        plan.participants.iter().filter_map(stops).min()
    }

    pub fn is_stopped(&self, plan: &pb::CampaignPlanned, at: Instant) -> bool {
        self.stop(plan).is_some_and(|stop| stop <= at)
    }

    pub fn start_of(&self, campaign: &str) -> Option<&'a Record> {
        self.find_record(|body| matches!(body, Body::CampaignStarted(b) if b.campaign_id == campaign))
    }

    pub fn end_of(&self, campaign: &str) -> Option<(&'a Record, &'a pb::CampaignEnded)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::CampaignEnded(body) if body.campaign_id == campaign => Some((*record, body)),
            _ => None,
        })
    }

    pub fn completion(&self, campaign: &str, deliverable: &str) -> Option<&'a Record> {
        self.find_record(
            |body| matches!(body, Body::DeliverableCompleted(b) if b.campaign_id == campaign && b.deliverable_id == deliverable),
        )
    }

    pub fn find_record(&self, wanted: impl Fn(&Body) -> bool) -> Option<&'a Record> {
        self.records.iter().find(|record| wanted(record.body())).copied()
    }

    pub fn campaign_state(&self, plan: &pb::CampaignPlanned, at: Instant) -> CampaignState {
        let by_then = |record: Option<&Record>| record.is_some_and(|record| record.occurred <= at);
        if by_then(self.end_of(&plan.campaign_id).map(|(record, _)| record)) {
            CampaignState::Ended
        } else if self.is_stopped(plan, at) {
            CampaignState::Stopped
        } else if by_then(self.start_of(&plan.campaign_id)) {
            CampaignState::Running
        } else {
            CampaignState::Planned
        }
    }

    /// Whether somebody still works on it.
    pub fn is_open(&self, plan: &pb::CampaignPlanned, at: Instant) -> bool {
        matches!(self.campaign_state(plan, at), CampaignState::Planned | CampaignState::Running)
    }

    /// To whom the joint leads of a campaign went when they were recorded.
    pub fn joint_leads(&self, campaign: &str) -> Vec<Who> {
        let went_to = |record: &&Record| match record.body() {
            Body::LeadReferred(body) if body.campaign_id.as_deref() == Some(campaign) => record.effects.joint_to.clone().map(|to| to.who),
            _ => None,
        };
        self.records.iter().filter_map(went_to).collect()
    }

    /// The participant that the next joint lead goes to. Rules 5.1.
    pub fn next_joint_lead(&self, plan: &'a pb::CampaignPlanned) -> Participant<'a> {
        let so_far = self.joint_leads(&plan.campaign_id);
        let mut best: Option<(i64, Participant<'_>)> = None;
        for participant in self.participants(plan) {
            let own = so_far.iter().filter(|who| **who == participant.who).count();
            let count = |number: usize| i64::try_from(number).expect("not that many");
            let claim = i64::from(participant.plan.lead_share_bps) * count(so_far.len() + 1) - 10_000 * count(own);
            if best.as_ref().is_none_or(|(most, _)| claim > *most) {
                best = Some((claim, participant));
            }
        }
        best.expect("the house takes part").1
    }

    /// The record of the referral that gave the credit, or the last one recorded before a reassignment.
    pub fn referral_of(&self, decision: &Decision) -> Option<&'a Record> {
        let decisions = self.decisions(&decision.lead);
        let claim = decisions.into_iter().rfind(|d| d.is_claim && d.position <= decision.position)?;
        self.at_position(claim.position)
    }

    /// The decision on its lead that was in force for a sale or qualification when that was recorded. Rules 1.3.
    pub fn decision_behind(&self, record: &Record) -> Option<&'a Decision> {
        self.at_position(record.effects.claim?)?.effects.decision.as_ref()
    }

    /// The campaign that brought the lead of a sale or qualification.
    pub fn campaign_behind(&self, record: &Record) -> Option<&'a str> {
        match self.referral_of(self.decision_behind(record)?)?.body() {
            Body::LeadReferred(body) => body.campaign_id.as_deref(),
            _ => None,
        }
    }

    /// The agreement that a decision on a lead belongs to: its credit, or the one that a house lead was referred under.
    pub fn agreement_behind(&self, decision: &Decision) -> Option<String> {
        let named = || match self.at_position(decision.position)?.body() {
            Body::LeadReferred(body) => body.agreement_id.clone().filter(|_| decision.owner == Party::House),
            _ => None,
        };
        decision.credit.clone().or_else(named)
    }

    /// When a deliverable is due: by the campaign's end if nothing else is said.
    pub fn due_at(plan: &pb::CampaignPlanned, deliverable: &pb::Deliverable) -> Option<Instant> {
        deliverable.due_at.as_ref().or(plan.ends_at.as_ref()).map(instant)
    }
}

pub fn who_participates(participant: &pb::CampaignParticipant) -> Who {
    match participant.party.as_ref().expect("required") {
        campaign_participant::Party::House(_) => None,
        campaign_participant::Party::AgreementId(agreement) => Some(agreement.clone()),
    }
}

pub fn who(party: Option<&pb::CampaignParty>) -> Who {
    match party.and_then(|party| party.party.as_ref()).expect("required") {
        campaign_party::Party::House(_) => None,
        campaign_party::Party::AgreementId(agreement) => Some(agreement.clone()),
    }
}

pub fn campaign_party(who: &Who) -> pb::CampaignParty {
    let party = match who {
        None => campaign_party::Party::House(true),
        Some(agreement) => campaign_party::Party::AgreementId(agreement.clone()),
    };
    pb::CampaignParty { party: Some(party) }
}
