//! Checking an event against what is recorded, and working out its effects. Rules 2.5.

use partnership_ledger::proto::{self as pb, event::Body};

use super::calendar::Instant;
use super::record::{Effects, Known, Record};
use crate::outside::ledger::{Answer, Refusal};

/// What is the same for every event that is decided.
#[derive(Clone, Copy)]
pub struct At {
    pub occurred: Instant,
    pub position: u64,
    pub now: Instant,
}

impl At {
    /// The record that is being decided, as far as it is.
    pub fn draft(self, event: &pb::Event, effects: Effects) -> Record {
        Record { position: self.position, occurred: self.occurred, event: event.clone(), effects }
    }
}

impl Known<'_> {
    pub fn decide(&self, event: &pb::Event, occurred: Instant, position: u64, now: Instant) -> Answer<Effects> {
        let at = At { occurred, position, now };
        match event.body.as_ref().expect("the workload sets it") {
            Body::PartnerRegistered(body) => self.partner_registered(body),
            Body::PartnerUpdated(body) => {
                self.known_partner(&body.partner_id)?;
                Ok(Effects::default())
            }
            Body::AgreementProposed(body) => self.proposed(body),
            Body::AgreementSigned(body) => self.signed(body, at),
            Body::AgreementAmended(body) => self.amended(body, at),
            Body::AgreementRenewed(body) => self.renewed(body, at),
            Body::TerminationNoticeGiven(body) => self.notice_given(body, at),
            Body::TerminationNoticeWithdrawn(body) => self.notice_withdrawn(body, at),
            Body::AgreementTerminated(body) => self.terminated(body, at),
            Body::ProgrammeDefined(body) => self.programme_defined(body),
            Body::ProgrammeAmended(body) => self.programme_amended(body, at),
            Body::LeadReferred(body) => self.referred(body, at),
            Body::LeadApproved(body) => self.approved(body, at),
            Body::LeadQualified(body) => self.qualified(body, at),
            Body::LeadLost(body) => self.lost(body, at),
            Body::LeadProtectionExtended(body) => self.extended(body, at),
            Body::LeadReassigned(body) => self.reassigned(body, at),
            Body::SaleRecorded(body) => self.sale_recorded(body, at),
            Body::SaleRefunded(body) => self.sale_refunded(body, event, at),
            Body::SaleReinstated(body) => self.sale_reinstated(body, event, at),
            Body::SaleVoided(body) => self.sale_voided(body, at),
            Body::CustomerPaymentReceived(body) => self.customer_payment_received(body, event, at),
            Body::CommissionAdjusted(body) => self.adjusted(body, at),
            Body::CommissionPaid(body) => self.commission_paid(body, at),
            Body::PayoutInitiated(body) => self.payout_initiated(body, at),
            Body::PayoutSettled(body) => self.payout_settled(body, at),
            Body::PayoutFailed(body) => self.payout_failed(body, at),
            Body::PartnerHoldPlaced(body) => self.hold_placed(body),
            Body::PartnerHoldLifted(body) => self.hold_lifted(body),
            Body::PayoutReturned(body) => self.payout_returned(body, at),
            Body::PaymentReceived(body) => self.payment_received(body, at),
            Body::PeriodClosed(body) => self.period_closed(body, at),
            Body::DisputeOpened(body) => self.dispute_opened(body),
            Body::DisputeResolved(body) => self.dispute_resolved(body),
            Body::PartnerAssessed(body) => self.partner_assessed(body),
            Body::ManagerAssigned(body) => self.manager_assigned(body),
            Body::LaunchStepCompleted(body) => self.launch_step_completed(body),
            Body::ReviewHeld(body) => self.review_held(body),
            Body::BrandUseRequested(body) => self.brand_use_requested(body, at),
            Body::BrandUseDecided(body) => self.brand_use_decided(body),
            Body::BreachReported(body) => self.breach_reported(body),
            Body::BreachCured(body) => self.breach_cured(body),
            Body::CampaignPlanned(body) => self.campaign_planned(body),
            Body::CampaignStarted(body) => self.campaign_started(body),
            Body::CampaignEnded(body) => self.campaign_ended(body),
            Body::DeliverableCompleted(body) => self.deliverable_completed(body),
            Body::CostIncurred(body) => self.cost_incurred(body, at),
            Body::ReachMeasured(body) => self.reach_measured(body),
            Body::CapitalContributed(body) => self.capital_contributed(body, at),
            Body::ProfitDistributed(body) => self.profit_distributed(body, at),
        }
    }

    fn partner_registered(&self, body: &pb::PartnerRegistered) -> Answer<Effects> {
        refuse_if(self.registration(&body.partner_id).is_some(), "DUPLICATE_ID")?;
        Ok(Effects::default())
    }

    pub fn known_partner(&self, partner: &str) -> Answer<()> {
        refuse_if(self.registration(partner).is_none(), "UNKNOWN_ID")
    }

    pub fn known_agreement(&self, agreement: &str) -> Answer<()> {
        refuse_if(!self.is_agreement(agreement), "UNKNOWN_ID")
    }

    /// The first id of a lead that must be known.
    pub fn known_lead(&self, id: &str) -> Answer<String> {
        let lead = self.lead(id).map(str::to_owned);
        lead.ok_or_else(|| Refusal::rule("UNKNOWN_ID"))
    }

    /// Whether an event of this kind and business id is recorded.
    pub fn has(&self, wanted: impl Fn(&Body) -> bool) -> bool {
        self.records.iter().any(|record| wanted(record.body()))
    }
}

/// A refusal for the rule of this code, if it applies.
pub fn refuse_if(applies: bool, reason: &str) -> Answer<()> {
    if applies { Err(Refusal::rule(reason)) } else { Ok(()) }
}
