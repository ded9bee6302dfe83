//! The events of agreements. Rules 4.

use partnership_ledger::proto::{self as pb, EndCause, TerminationCause, event::Body, notice};

use super::agreements::runs_at;
use super::calendar::{self, Instant};
use super::decide::{At, refuse_if};
use super::record::{Effects, Known, ProgrammeVersion};
use crate::outside::ledger::{Answer, Refusal, instant};

impl Known<'_> {
    pub fn proposed(&self, body: &pb::AgreementProposed) -> Answer<Effects> {
        refuse_if(self.is_agreement(&body.agreement_id), "DUPLICATE_ID")?;
        self.known_partner(&body.partner_id)?;
        Ok(Effects::default())
    }

    pub fn signed(&self, body: &pb::AgreementSigned, at: At) -> Answer<Effects> {
        refuse_if(self.signature(&body.agreement_id).is_some(), "DUPLICATE_ID")?;
        self.known_partner(&body.partner_id)?;
        for id in &body.acknowledged_conflicts {
            self.known_agreement(id)?;
        }
        if let Some(programme) = &body.programme_id {
            refuse_if(self.programme(programme).is_none(), "UNKNOWN_ID")?;
        }
        for relative in body.recruited_by_agreement_id.iter().chain(&body.supersedes_agreement_id) {
            self.known_agreement(relative)?;
        }
        self.may_have_relatives(body, at)?;
        if let Some((_, proposal)) = self.proposal(&body.agreement_id) {
            let same = proposal.partner_id == body.partner_id && proposal.r#type == body.r#type;
            refuse_if(!same, "PROPOSAL_MISMATCH")?;
        }
        let start = body.effective_at.as_ref().map_or(at.occurred, instant);
        let breaches = self.conflicts(body, start);
        let other = |breach: &super::record::Breach| {
            let own = breach.broken == body.agreement_id;
            if own { breach.by.clone() } else { breach.broken.clone() }
        };
        let acknowledged = |id: String| body.acknowledged_conflicts.contains(&id);
        let all = breaches.iter().map(other).all(acknowledged);
        refuse_if(!all, "EXCLUSIVITY_CONFLICT")?;
        Ok(Effects { breaches, end: body.expires_at.as_ref().map(|end| (instant(end), EndCause::Expiry)), ..Effects::default() })
    }

    /// Whether a new agreement may name its recruiter and its predecessor. Rules 15.1, 18.1, 22.
    fn may_have_relatives(&self, body: &pb::AgreementSigned, at: At) -> Answer<()> {
        if let Some(old) = &body.supersedes_agreement_id {
            refuse_if(self.successor(old).is_some(), "ALREADY_DONE")?;
        }
        if let Some(recruiter) = &body.recruited_by_agreement_id {
            refuse_if(self.signature(recruiter).is_none(), "AGREEMENT_NOT_ACTIVE")?;
            refuse_if(self.partner_of(recruiter) == Some(body.partner_id.as_str()), "PARTNER_MISMATCH")?;
        }
        if let Some(old) = &body.supersedes_agreement_id {
            refuse_if(self.signature(old).is_none(), "AGREEMENT_NOT_ACTIVE")?;
            refuse_if(self.partner_of(old) != Some(body.partner_id.as_str()), "PARTNER_MISMATCH")?;
            let start = body.effective_at.as_ref().map_or(at.occurred, instant);
            refuse_if(self.effective_at(old).is_some_and(|old| old > start), "SUCCESSION_TOO_EARLY")?;
        }
        Ok(())
    }

    pub fn programme_defined(&self, body: &pb::ProgrammeDefined) -> Answer<Effects> {
        refuse_if(self.programme(&body.programme_id).is_some(), "DUPLICATE_ID")?;
        let terms = body.terms.as_deref().expect("required").clone();
        Ok(of_programme(ProgrammeVersion { programme: body.programme_id.clone(), effective: None, existing: false, terms }))
    }

    pub fn programme_amended(&self, body: &pb::ProgrammeAmended, at: At) -> Answer<Effects> {
        refuse_if(self.programme(&body.programme_id).is_none(), "UNKNOWN_ID")?;
        let effective = body.effective_at.as_ref().map_or(at.occurred, instant);
        Ok(of_programme(ProgrammeVersion {
            programme: body.programme_id.clone(),
            effective: Some(effective),
            existing: body.existing,
            terms: body.terms.as_deref().expect("required").clone(),
        }))
    }

    pub fn amended(&self, body: &pb::AgreementAmended, at: At) -> Answer<Effects> {
        self.known_agreement(&body.agreement_id)?;
        self.signed_and_not_ended(&body.agreement_id, at.occurred)?;
        Ok(Effects::default())
    }

    pub fn renewed(&self, body: &pb::AgreementRenewed, at: At) -> Answer<Effects> {
        self.known_agreement(&body.agreement_id)?;
        self.signed_and_not_ended(&body.agreement_id, at.occurred)?;
        let new = instant(body.expires_at.as_ref().expect("required"));
        let ends = self.ends(&body.agreement_id);
        let old = ends.iter().find(|end| end.cause == EndCause::Expiry);
        refuse_if(old.is_none_or(|old| new <= old.at), "EXPIRY_NOT_LATER")?;
        Ok(ends_at(new, EndCause::Expiry))
    }

    pub fn notice_given(&self, body: &pb::TerminationNoticeGiven, at: At) -> Answer<Effects> {
        self.known_agreement(&body.agreement_id)?;
        let earliest = self.notice_end(&body.agreement_id, at.occurred);
        let ends = body.ends_at.as_ref().map_or(earliest, instant);
        refuse_if(ends < earliest, "NOTICE_TOO_SHORT")?;
        self.signed_and_not_ended(&body.agreement_id, at.occurred)?;
        Ok(ends_at(ends, EndCause::Notice))
    }

    /// When a notice given at `given` ends at the earliest. Rules 4.4, 13.
    fn notice_end(&self, agreement: &str, given: Instant) -> Instant {
        let Some(version) = self.terms_at(agreement, given) else {
            return given;
        };
        let zone = calendar::zone(&version.terms.time_zone);
        match version.terms.notice.as_ref().and_then(|notice| notice.period) {
            Some(notice::Period::Days(days)) => calendar::plus_days(given, u64::from(days), zone),
            Some(notice::Period::Months(months)) => calendar::plus_months(given, months, zone),
            None => given,
        }
    }

    pub fn notice_withdrawn(&self, body: &pb::TerminationNoticeWithdrawn, at: At) -> Answer<Effects> {
        self.known_agreement(&body.agreement_id)?;
        let runs = self
            .notices(&body.agreement_id)
            .iter()
            .any(|notice| notice.by == body.given_by() && !notice.withdrawn && runs_at(notice, at.occurred));
        refuse_if(!runs, "NO_RUNNING_NOTICE")?;
        Ok(Effects::default())
    }

    pub fn terminated(&self, body: &pb::AgreementTerminated, at: At) -> Answer<Effects> {
        self.known_agreement(&body.agreement_id)?;
        if body.cause() == TerminationCause::Notice {
            return self.terminated_by_notice(&body.agreement_id, at);
        }
        let effective = body.effective_at.as_ref().map_or(at.occurred, instant);
        self.signed_and_not_ended(&body.agreement_id, effective)?;
        let cause = match body.cause() {
            TerminationCause::Mutual => EndCause::Mutual,
            _ => EndCause::Breach,
        };
        Ok(ends_at(effective, cause))
    }

    fn terminated_by_notice(&self, agreement: &str, at: At) -> Answer<Effects> {
        let notices = self.notices(agreement);
        let stands = |notice: &&super::agreements::Notice| !notice.withdrawn && notice.given <= at.occurred;
        let given: Vec<_> = notices.iter().filter(stands).collect();
        let Some(ends) = given.iter().map(|notice| notice.ends).min() else {
            return Err(Refusal::rule("NO_RUNNING_NOTICE"));
        };
        let by_these = |position| given.iter().any(|notice| notice.position == position);
        let other_end = self.ends(agreement).into_iter().find(|end| !by_these(end.position) && end.at < ends);
        refuse_if(other_end.is_some(), "AGREEMENT_NOT_ACTIVE")?;
        Ok(ends_at(ends, EndCause::Notice))
    }

    fn signed_and_not_ended(&self, agreement: &str, at: Instant) -> Answer<()> {
        let signed = self.has(|body| matches!(body, Body::AgreementSigned(b) if b.agreement_id == agreement));
        refuse_if(!signed || self.has_ended(agreement, at), "AGREEMENT_NOT_ACTIVE")
    }
}

fn of_programme(version: ProgrammeVersion) -> Effects {
    Effects { programme: Some(version), ..Effects::default() }
}

fn ends_at(at: Instant, cause: EndCause) -> Effects {
    Effects { end: Some((at, cause)), ..Effects::default() }
}
