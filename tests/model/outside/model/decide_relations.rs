//! The events of the relationship. Rules 10.1.

use partnership_ledger::proto::{self as pb, BrandChannel, event::Body, launch_step_completed::Subject};

use super::calendar::Instant;
use super::decide::{At, refuse_if};
use super::record::{Effects, Known, Record};
use crate::outside::ledger::Answer;

impl<'a> Known<'a> {
    pub fn partner_assessed(&self, body: &pb::PartnerAssessed) -> Answer<Effects> {
        self.known_partner(&body.partner_id)?;
        Ok(Effects::default())
    }

    pub fn manager_assigned(&self, body: &pb::ManagerAssigned) -> Answer<Effects> {
        self.known_agreement(&body.agreement_id)?;
        Ok(Effects::default())
    }

    pub fn launch_step_completed(&self, body: &pb::LaunchStepCompleted) -> Answer<Effects> {
        match body.subject.as_ref().expect("required") {
            Subject::AgreementId(agreement) => self.known_agreement(agreement)?,
            Subject::PartnerId(partner) => self.known_partner(partner)?,
        }
        let done = self.has(|b| matches!(b, Body::LaunchStepCompleted(step) if step == body));
        refuse_if(done, "ALREADY_DONE")?;
        Ok(Effects::default())
    }

    pub fn review_held(&self, body: &pb::ReviewHeld) -> Answer<Effects> {
        let id = &body.review_id;
        refuse_if(self.has(|b| matches!(b, Body::ReviewHeld(r) if r.review_id == *id)), "DUPLICATE_ID")?;
        self.known_agreement(&body.agreement_id)?;
        Ok(Effects::default())
    }

    pub fn brand_use_requested(&self, body: &pb::BrandUseRequested, at: At) -> Answer<Effects> {
        refuse_if(self.brand_use(&body.brand_use_id).is_some(), "DUPLICATE_ID")?;
        self.known_agreement(&body.agreement_id)?;
        let brand_use_approved = self.is_allowed(&body.agreement_id, body.channel(), at.occurred);
        Ok(Effects { brand_use_approved, ..Effects::default() })
    }

    /// Whether a use of the brand needs no decision.
    fn is_allowed(&self, agreement: &str, channel: BrandChannel, at: Instant) -> bool {
        let version = self.terms_then(agreement, at);
        let terms = version.and_then(|version| version.terms.brand_use.as_ref());
        terms.is_some_and(|terms| terms.allowed_channels.contains(&channel.into()) && !terms.approval_channels.contains(&channel.into()))
    }

    pub fn brand_use(&self, id: &str) -> Option<&'a Record> {
        self.find_record(|body| matches!(body, Body::BrandUseRequested(b) if b.brand_use_id == id))
    }

    /// The decision on a brand use, if one was needed.
    pub fn brand_use_decision(&self, id: &str) -> Option<(&'a Record, &'a pb::BrandUseDecided)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::BrandUseDecided(body) if body.brand_use_id == id => Some((*record, body)),
            _ => None,
        })
    }

    pub fn brand_use_decided(&self, body: &pb::BrandUseDecided) -> Answer<Effects> {
        let request = self.brand_use(&body.brand_use_id);
        refuse_if(request.is_none(), "UNKNOWN_ID")?;
        let approved_at_once = request.is_some_and(|request| request.effects.brand_use_approved);
        refuse_if(approved_at_once || self.brand_use_decision(&body.brand_use_id).is_some(), "ALREADY_DONE")?;
        Ok(Effects::default())
    }

    pub fn breach(&self, id: &str) -> Option<&'a Record> {
        self.find_record(|body| matches!(body, Body::BreachReported(b) if b.breach_id == id))
    }

    pub fn cure(&self, id: &str) -> Option<&'a Record> {
        self.find_record(|body| matches!(body, Body::BreachCured(b) if b.breach_id == id))
    }

    pub fn breach_reported(&self, body: &pb::BreachReported) -> Answer<Effects> {
        refuse_if(self.breach(&body.breach_id).is_some(), "DUPLICATE_ID")?;
        self.known_agreement(&body.agreement_id)?;
        Ok(Effects::default())
    }

    pub fn breach_cured(&self, body: &pb::BreachCured) -> Answer<Effects> {
        refuse_if(self.breach(&body.breach_id).is_none(), "UNKNOWN_ID")?;
        refuse_if(self.cure(&body.breach_id).is_some(), "ALREADY_DONE")?;
        Ok(Effects::default())
    }
}
