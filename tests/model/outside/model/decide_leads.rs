//! The events of leads. Rules 5.

use partnership_ledger::proto::{self as pb, AcquiredBy, OwnershipRule, event::Body, lead_reassigned::To};

use super::commission::Deal;
use super::decide::{At, refuse_if};
use super::record::{Allocated, Decision, Declined, Effects, Known, Party, Pinned, Posting, Protection};
use crate::outside::ledger::Answer;

impl Known<'_> {
    pub fn referred(&self, body: &pb::LeadReferred, at: At) -> Answer<Effects> {
        let effects = self.referred_under(body, at)?;
        let lead = effects.decision.as_ref().map(|decision| decision.lead.as_str());
        let known = lead.map_or(Vec::new(), |lead| self.match_keys(lead));
        let is_new = |key: &&String| lead.is_some() && !known.contains(&key.as_str());
        let new_keys = body.match_keys.iter().filter(is_new).cloned().collect();
        Ok(Effects { introduces: self.lead(&body.lead_id).is_none(), new_keys, ..effects })
    }

    fn referred_under(&self, body: &pb::LeadReferred, at: At) -> Answer<Effects> {
        body.agreement_id.as_ref().map_or(Ok(()), |agreement| self.known_agreement(agreement))?;
        let plan = body.campaign_id.as_ref().map(|campaign| self.known_campaign(campaign)).transpose()?;
        let is_joint = body.acquired_by() == AcquiredBy::Joint;
        if let Some(agreement) = body.agreement_id.as_ref().filter(|_| !is_joint) {
            refuse_if(!self.is_active(agreement, at.occurred), "AGREEMENT_NOT_ACTIVE")?;
        }
        if let Some(plan) = plan {
            refuse_if(!Self::takes_part(plan, body.agreement_id.as_deref()), "NOT_A_PARTICIPANT")?;
            refuse_if(self.is_stopped(plan, at.occurred), "CAMPAIGN_STOPPED")?;
        }
        let joint_to = plan.filter(|_| is_joint).map(|plan| Allocated { who: self.next_joint_lead(plan).who });
        let Some(lead) = self.claimed_lead(body, at.occurred) else {
            let rule = match body.acquired_by() {
                AcquiredBy::Partner => OwnershipRule::FirstClaim,
                AcquiredBy::Joint => OwnershipRule::JointAllocation,
                _ => OwnershipRule::HouseLead,
            };
            let decision = self.claim(body, &body.lead_id, rule, joint_to.as_ref(), at);
            return Ok(Effects { joint_to, ..decided(decision) });
        };
        if let Some(declined) = self.declined(body, lead, at) {
            return Ok(Effects { declined: Some(declined), lead: Some(lead.to_owned()), ..Effects::default() });
        }
        let rule = if self.lost_since(lead, at.occurred).is_some() { OwnershipRule::AfterLoss } else { OwnershipRule::ProtectionLapsed };
        let decision = self.claim(body, lead, rule, joint_to.as_ref(), at);
        Ok(Effects { joint_to, ..decided(decision) })
    }

    /// The decision that a claim brings if it succeeds. Rules 5.1, 5.2.
    fn claim(&self, body: &pb::LeadReferred, lead: &str, rule: OwnershipRule, joint_to: Option<&Allocated>, at: At) -> Decision {
        // A joint lead is the participant's own, or a house lead of the agreement named.
        let to_partner = joint_to.and_then(|to| to.who.as_deref());
        let agreement = to_partner.or(body.agreement_id.as_deref());
        let version = agreement.and_then(|agreement| self.terms_at(agreement, at.occurred));
        let by_partner = to_partner.is_some() || body.acquired_by() == AcquiredBy::Partner;
        let partner = agreement.and_then(|agreement| self.partner_of(agreement));
        let credits_house = version.as_ref().is_some_and(|v| v.terms.credit_house_leads);
        Decision {
            lead: lead.to_owned(),
            owner: match partner {
                Some(partner) if by_partner => Party::Partner(partner.to_owned()),
                _ => Party::House,
            },
            credit: agreement.filter(|_| by_partner || credits_house).map(str::to_owned),
            rule,
            is_claim: true,
            position: at.position,
            occurred: at.occurred,
            pinned: if agreement.is_some() { Pinned::by_terms(version.as_ref()) } else { Pinned::no_limit() },
            terms_position: version.map_or(0, |version| version.position),
        }
    }

    /// Why a claim on a known lead does not succeed; none if it does. Rules 5.3.
    fn declined(&self, body: &pb::LeadReferred, lead: &str, at: At) -> Option<Declined> {
        let decisions = self.decisions(lead);
        let last = decisions.last().expect("a lead has an owner from its first referral on");
        let earlier = at.occurred < last.occurred;
        let lost = self.lost_since(lead, at.occurred).is_some();
        let protected = !lost && self.protection(last, at.occurred).lasts_at(at.occurred);
        if !earlier && !protected {
            return None;
        }
        let owner = self.owner_at(lead, at.occurred).map(|ownership| ownership.owner);
        Some(Declined {
            agreement: body.agreement_id.clone(),
            held_by: owner.filter(|_| !earlier).unwrap_or_else(|| last.owner.clone()),
            protected_until: self.protection(last, at.occurred.max(last.occurred)).until(),
            earlier_than_owner: earlier,
        })
    }

    pub fn approved(&self, body: &pb::LeadApproved, at: At) -> Answer<Effects> {
        let lead = self.known_lead(&body.lead_id)?;
        refuse_if(self.has_been_approved(&lead, at.occurred), "ALREADY_DONE")?;
        refuse_if(self.lost_since(&lead, at.occurred).is_some(), "LEAD_LOST")?;
        let mut effects = self.about_claim(&lead, at);
        if let Some(decision) = self.decision_at(&lead, at.occurred) {
            let awaits = self.protection(decision, at.occurred) == Protection::AwaitsApproval;
            if let Some(days) = decision.pinned.days.filter(|_| awaits) {
                let days = days + self.extension(decision);
                let until = super::calendar::plus_days(at.occurred, days, decision.pinned.zone);
                effects.protection = Some(Protection::Until(until));
            }
        }
        Ok(effects)
    }

    pub fn qualified(&self, body: &pb::LeadQualified, at: At) -> Answer<Effects> {
        let lead = self.known_lead(&body.lead_id)?;
        refuse_if(self.has_qualified(&lead), "ALREADY_DONE")?;
        refuse_if(self.lost_since(&lead, at.occurred).is_some(), "LEAD_LOST")?;
        let mut effects = self.about_claim(&lead, at);
        if let Some(decision) = self.decision_at(&lead, at.occurred) {
            let lasts = self.protection(decision, at.occurred).lasts_at(at.occurred);
            effects.protection = lasts.then_some(Protection::NoLimit);
        }
        let assessed = self.assess_qualification(&Deal { at: at.occurred, lead: Some(&lead), sale: None });
        effects.postings = self.accrual(&assessed, at.position, at.occurred);
        effects.assessed = vec![assessed];
        effects.effective = Some(self.effective(at.occurred));
        Ok(effects)
    }

    pub fn lost(&self, body: &pb::LeadLost, at: At) -> Answer<Effects> {
        let lead = self.known_lead(&body.lead_id)?;
        refuse_if(self.lost_since(&lead, at.occurred).is_some(), "LEAD_LOST")?;
        Ok(self.about_claim(&lead, at))
    }

    pub fn extended(&self, body: &pb::LeadProtectionExtended, at: At) -> Answer<Effects> {
        let lead = self.known_lead(&body.lead_id)?;
        let decision = self.decision_at(&lead, at.occurred);
        let lasts = decision.is_some_and(|d| self.protection(d, at.occurred).lasts_at(at.occurred));
        refuse_if(!lasts, "PROTECTION_LAPSED")?;
        refuse_if(self.lost_since(&lead, at.occurred).is_some(), "LEAD_LOST")?;
        let mut effects = self.about_claim(&lead, at);
        let decision = decision.expect("protected, so claimed");
        effects.protection = Some(match self.protection(decision, at.occurred) {
            Protection::Until(_) => {
                let from = self.protected_from(decision).expect("a limit has an anchor");
                let days = decision.pinned.days.expect("a limit has days");
                let days = days + self.extension(decision) + u64::from(body.days);
                let until = super::calendar::plus_days(from, days, decision.pinned.zone);
                Protection::Until(until)
            }
            unmoved => unmoved,
        });
        Ok(effects)
    }

    pub fn reassigned(&self, body: &pb::LeadReassigned, at: At) -> Answer<Effects> {
        let lead = self.known_lead(&body.lead_id)?;
        let to = match body.to.as_ref().expect("required") {
            To::AgreementId(agreement) => {
                self.known_agreement(agreement)?;
                Some(agreement)
            }
            To::House(_) => None,
        };
        if let Some(dispute) = &body.dispute_id {
            let known = self.has(|b| matches!(b, Body::DisputeOpened(d) if d.dispute_id == *dispute));
            refuse_if(!known, "UNKNOWN_ID")?;
        }
        if let Some(agreement) = to {
            refuse_if(!self.is_active(agreement, at.occurred), "AGREEMENT_NOT_ACTIVE")?;
        }
        let mut effects = decided(self.reassignment(&lead, to, at));
        if body.transfer_unpaid_commission {
            effects.postings = self.transfer_to(&lead, to, at);
        }
        Ok(effects)
    }

    fn reassignment(&self, lead: &str, to: Option<&String>, at: At) -> Decision {
        let version = to.and_then(|agreement| self.terms_at(agreement, at.occurred));
        let partner = to.and_then(|agreement| self.partner_of(agreement));
        Decision {
            lead: lead.to_owned(),
            owner: partner.map_or(Party::House, |partner| Party::Partner(partner.to_owned())),
            credit: to.cloned(),
            rule: OwnershipRule::Reassigned,
            is_claim: false,
            position: at.position,
            occurred: at.occurred,
            pinned: if to.is_some() { Pinned::by_terms(version.as_ref()) } else { Pinned::no_limit() },
            terms_position: version.map_or(0, |version| version.position),
        }
    }

    fn transfer_to(&self, lead: &str, to: Option<&String>, at: At) -> Vec<Posting> {
        let receiver = to.and_then(|agreement| {
            let partner = self.partner_of(agreement)?;
            Some((partner, agreement.as_str()))
        });
        self.transfer(lead, receiver, at.position, at.occurred)
    }

    fn about_claim(&self, lead: &str, at: At) -> Effects {
        Effects {
            lead: Some(lead.to_owned()),
            claim: self.decision_at(lead, at.occurred).map(|decision| decision.position),
            ..Effects::default()
        }
    }
}

fn decided(decision: Decision) -> Effects {
    Effects { lead: Some(decision.lead.clone()), decision: Some(decision), ..Effects::default() }
}
