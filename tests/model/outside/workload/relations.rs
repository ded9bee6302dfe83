//! Events of the relationship.

use partnership_ledger::proto::{
    self as pb, BrandChannel, BreachClause, LaunchStep, ReviewDecision, ReviewKind, event::Body, launch_step_completed::Subject,
};

use super::World;
use crate::outside::ledger::stamp;

pub const CHANNELS: [BrandChannel; 3] = [BrandChannel::Website, BrandChannel::Social, BrandChannel::PressRelease];

impl World {
    pub fn relation_body(&mut self) -> Body {
        match self.below(16) {
            0 => Body::PartnerAssessed(self.partner_assessed()),
            1..5 => Body::ManagerAssigned(self.manager_assigned()),
            5 | 6 => Body::LaunchStepCompleted(self.launch_step_completed()),
            7..10 => Body::ReviewHeld(self.review_held()),
            10 | 11 => Body::BrandUseRequested(self.brand_use_requested()),
            12 => Body::BrandUseDecided(self.brand_use_decided()),
            13 | 14 => Body::BreachReported(self.breach_reported()),
            _ => {
                let reported = self.breach_ids();
                Body::BreachCured(pb::BreachCured { breach_id: self.known_id(&reported) })
            }
        }
    }

    fn partner_assessed(&mut self) -> pb::PartnerAssessed {
        let mut scale = || self.any(&[1, 2, 3, 3, 4, 4, 5]);
        pb::PartnerAssessed {
            complementarity: scale(),
            shared_audience: scale(),
            brand_alignment: scale(),
            competitor: self.one_in(4),
            notes: "seen".to_owned(),
            partner_id: self.partner_id(),
        }
    }

    fn manager_assigned(&mut self) -> pb::ManagerAssigned {
        pb::ManagerAssigned {
            agreement_id: self.agreement_id(),
            side: self.side().into(),
            manager: self.any(&["Ann", "สมชาย", "Bo"]).to_owned(),
        }
    }

    fn launch_step_completed(&mut self) -> pb::LaunchStepCompleted {
        let step = self.any(&[LaunchStep::Contacted, LaunchStep::Signed, LaunchStep::KickedOff, LaunchStep::Decided]);
        let subject = if self.one_in(3) { Subject::PartnerId(self.partner_id()) } else { Subject::AgreementId(self.agreement_id()) };
        pb::LaunchStepCompleted { step: step.into(), subject: Some(subject) }
    }

    fn review_held(&mut self) -> pb::ReviewHeld {
        let taken = self.ids(|body| match body {
            Body::ReviewHeld(body) => Some(&body.review_id),
            _ => None,
        });
        let kind = self.any(&[ReviewKind::CheckIn, ReviewKind::QuarterlyReview]);
        let decides = kind == ReviewKind::QuarterlyReview || self.one_in(3);
        pb::ReviewHeld {
            review_id: self.new_id('q', taken.len()),
            agreement_id: self.agreement_id(),
            kind: kind.into(),
            decision: decides.then(|| self.any(&[ReviewDecision::Continue, ReviewDecision::Expand]).into()),
            summary: "talked".to_owned(),
        }
    }

    fn brand_use_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::BrandUseRequested(body) => Some(&body.brand_use_id),
            _ => None,
        })
    }

    fn brand_use_requested(&mut self) -> pb::BrandUseRequested {
        let taken = self.brand_use_ids().len();
        pb::BrandUseRequested {
            brand_use_id: self.new_id('u', taken),
            agreement_id: self.agreement_id(),
            requested_by: self.side().into(),
            channel: self.any(&CHANNELS).into(),
            asset: "logo".to_owned(),
        }
    }

    fn brand_use_decided(&mut self) -> pb::BrandUseDecided {
        let requested = self.brand_use_ids();
        pb::BrandUseDecided { brand_use_id: self.known_id(&requested), approved: self.one_in(2), note: "noted".to_owned() }
    }

    fn breach_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::BreachReported(body) => Some(&body.breach_id),
            _ => None,
        })
    }

    fn breach_reported(&mut self) -> pb::BreachReported {
        let taken = self.breach_ids().len();
        pb::BreachReported {
            breach_id: self.new_id('x', taken),
            agreement_id: self.agreement_id(),
            by: self.side().into(),
            clause: self.any(&[BreachClause::Exclusivity, BreachClause::BrandUse, BreachClause::Other]).into(),
            cure_by: (!self.one_in(3)).then(|| stamp(self.clock() + self.span(20))),
            description: "seen".to_owned(),
        }
    }
}
