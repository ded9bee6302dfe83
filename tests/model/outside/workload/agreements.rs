//! Events of partners and agreements.

use chrono::TimeDelta;
use partnership_ledger::proto::{self as pb, AgreementType, PartnerKind, Side, TerminationCause, event::Body};

use super::World;
use crate::outside::ledger::stamp;
use crate::outside::model::calendar::Instant;

impl World {
    pub fn partner_registered(&mut self, partner_id: String) -> pb::PartnerRegistered {
        pb::PartnerRegistered {
            display_name: format!("บริษัท {partner_id}"),
            partner_id,
            kind: PartnerKind::Reseller.into(),
            categories: self.categories(),
            country_code: None,
        }
    }

    pub fn partner_updated(&mut self) -> pb::PartnerUpdated {
        let replace_categories = self.one_in(2);
        pb::PartnerUpdated {
            partner_id: self.partner_id(),
            display_name: self.one_in(2).then(|| "Renamed".to_owned()),
            kind: self.one_in(2).then(|| PartnerKind::Agency.into()),
            replace_categories,
            categories: if replace_categories { self.categories() } else { Vec::new() },
        }
    }

    pub fn partner_id(&mut self) -> String {
        let known = self.ids(|body| match body {
            Body::PartnerRegistered(body) => Some(&body.partner_id),
            _ => None,
        });
        self.known_id(&known)
    }

    /// A signed agreement, mostly one that still runs; rarely one that is only proposed.
    pub fn agreement_id(&mut self) -> String {
        if self.one_in(25) {
            let proposed = self.ids(|body| match body {
                Body::AgreementProposed(body) => Some(&body.agreement_id),
                _ => None,
            });
            return self.known_id(&proposed);
        }
        let signed = self.ids(|body| match body {
            Body::AgreementSigned(body) => Some(&body.agreement_id),
            _ => None,
        });
        let clock = self.clock();
        let running = |id: &String| self.known().is_active(id, clock);
        let active: Vec<String> = signed.iter().filter(|id| running(id)).cloned().collect();
        if active.is_empty() || self.one_in(6) { self.known_id(&signed) } else { self.any(&active) }
    }

    fn new_agreement_id(&mut self) -> String {
        format!("a{}", self.below(9) + 1)
    }

    pub fn agreement_proposed(&mut self) -> pb::AgreementProposed {
        pb::AgreementProposed {
            agreement_id: self.new_agreement_id(),
            partner_id: self.partner_id(),
            r#type: self.agreement_type().into(),
            terms: Some(Box::new(self.terms())),
        }
    }

    fn agreement_type(&mut self) -> AgreementType {
        self.any(&[AgreementType::Channel, AgreementType::Channel, AgreementType::Integration, AgreementType::JointVenture])
    }

    pub fn agreement_signed(&mut self, id: Option<String>) -> pb::AgreementSigned {
        let agreement_id = id.unwrap_or_else(|| self.new_agreement_id());
        let clock = self.clock();
        let effective = match self.below(8) {
            0 => Some(clock + self.span(60)),
            1 => Some(clock - self.span(30)),
            _ => None,
        };
        let start = effective.unwrap_or(clock);
        // Later than the event itself, whenever that will be said to have occurred.
        let expires = self.one_in(if self.is_family { 8 } else { 3 }).then(|| start.max(clock) + TimeDelta::days(32) + self.span(300));
        let mut signed = pb::AgreementSigned {
            agreement_id,
            partner_id: self.partner_id(),
            r#type: self.agreement_type().into(),
            terms: Some(Box::new(self.terms())),
            effective_at: effective.map(stamp),
            expires_at: expires.map(stamp),
            acknowledged_conflicts: Vec::new(),
            programme_id: None,
            recruited_by_agreement_id: None,
            supersedes_agreement_id: None,
        };
        self.give_relatives(&mut signed);
        if self.one_in(3) {
            signed.acknowledged_conflicts = self.conflicts_of(&signed, start);
        }
        signed
    }

    /// Maybe a programme in place of terms, a recruiter, and a predecessor.
    fn give_relatives(&mut self, signed: &mut pb::AgreementSigned) {
        let programmes = self.programme_ids();
        if !programmes.is_empty() && self.one_in(2) {
            signed.programme_id = Some(self.known_id(&programmes));
            signed.terms = None;
        }
        let known = self.known();
        let is_own = |id: &&&str| known.partner_of(id) == Some(signed.partner_id.as_str());
        let all = known.signed_agreements();
        let others: Vec<String> = all.iter().filter(|id| !is_own(id)).map(|id| (*id).to_owned()).collect();
        let free: Vec<String> = all.iter().filter(|id| is_own(id) && known.successor(id).is_none()).map(|id| (*id).to_owned()).collect();
        let stranger = if self.one_in(6) { Some(self.agreement_id()) } else { None };
        if self.is_family || self.one_in(3) {
            // Mostly the last one, so that chains grow long.
            let last = others.last().cloned();
            let recruiter = if self.one_in(6) && !others.is_empty() { Some(self.any(&others)) } else { last };
            signed.recruited_by_agreement_id = stranger.clone().or(recruiter);
        }
        if self.one_in(3) {
            let old = if free.is_empty() { None } else { Some(self.any(&free)) };
            let too_early = old.as_ref().filter(|_| self.one_in(6)).and_then(|old| self.known().effective_at(old));
            if let Some(start) = too_early {
                signed.effective_at = Some(stamp(start - TimeDelta::nanoseconds(1)));
            }
            signed.supersedes_agreement_id = stranger.or(old);
        }
    }

    pub fn programme_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::ProgrammeDefined(body) => Some(&body.programme_id),
            _ => None,
        })
    }

    /// A programme is defined or, rather, amended.
    pub fn programme_body(&mut self) -> Body {
        let programmes = self.programme_ids();
        if programmes.is_empty() || (programmes.len() < 3 && self.one_in(4)) {
            let programme_id = self.new_id('g', programmes.len());
            return Body::ProgrammeDefined(pb::ProgrammeDefined { programme_id, terms: Some(Box::new(self.terms())) });
        }
        let effective = match self.below(5) {
            0 => Some(self.clock() + self.span(60)),
            1 => Some(self.clock() - self.span(90)),
            2 => Some(self.turn()),
            _ => None,
        };
        Body::ProgrammeAmended(pb::ProgrammeAmended {
            programme_id: self.known_id(&programmes),
            terms: Some(Box::new(self.terms())),
            effective_at: effective.map(stamp),
            existing: !self.one_in(3),
        })
    }

    fn conflicts_of(&self, signed: &pb::AgreementSigned, start: Instant) -> Vec<String> {
        let mut others = Vec::new();
        for breach in self.known().conflicts(signed, start) {
            let other = if breach.broken == signed.agreement_id { breach.by } else { breach.broken };
            if !others.contains(&other) {
                others.push(other);
            }
        }
        others
    }

    pub fn agreement_amended(&mut self) -> pb::AgreementAmended {
        let effective = match self.below(5) {
            0 => Some(self.clock() + self.span(60)),
            1 => Some(self.clock() - self.span(90)),
            2 => Some(self.turn()),
            _ => None,
        };
        pb::AgreementAmended { agreement_id: self.agreement_id(), terms: Some(Box::new(self.terms())), effective_at: effective.map(stamp) }
    }

    pub fn agreement_renewed(&mut self) -> pb::AgreementRenewed {
        let expires = self.clock() + self.span(500);
        pb::AgreementRenewed { agreement_id: self.agreement_id(), expires_at: Some(stamp(expires)) }
    }

    pub fn side(&mut self) -> Side {
        self.any(&[Side::House, Side::Partner])
    }

    pub fn notice_given(&mut self) -> pb::TerminationNoticeGiven {
        let ends = self.one_in(2).then(|| self.clock() + self.span(60));
        pb::TerminationNoticeGiven {
            agreement_id: self.agreement_id(),
            given_by: self.side().into(),
            ends_at: ends.map(stamp),
            reason: String::new(),
        }
    }

    pub fn notice_withdrawn(&mut self) -> pb::TerminationNoticeWithdrawn {
        let noticed = self.ids(|body| match body {
            Body::TerminationNoticeGiven(body) => Some(&body.agreement_id),
            _ => None,
        });
        pb::TerminationNoticeWithdrawn { agreement_id: self.known_id(&noticed), given_by: self.side().into() }
    }

    pub fn agreement_terminated(&mut self) -> pb::AgreementTerminated {
        let cause = self.any(&[TerminationCause::Notice, TerminationCause::Mutual, TerminationCause::Breach]);
        let effective = match self.below(4) {
            0 => Some(self.clock() + self.span(30)),
            1 => Some(self.turn()),
            _ => None,
        };
        let effective = effective.filter(|_| cause != TerminationCause::Notice);
        pb::AgreementTerminated {
            agreement_id: self.agreement_id(),
            cause: cause.into(),
            effective_at: effective.map(stamp),
            reason: String::new(),
        }
    }
}
