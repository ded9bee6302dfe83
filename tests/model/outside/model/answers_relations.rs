//! The model's answers about the relationship. Rules 10.1.

use partnership_ledger::proto::{self as pb, Side, event::Body, launch_step_completed::Subject};

use super::record::{Known, Record};
use crate::outside::ledger::stamp;

impl<'a> Known<'a> {
    /// The records in the order of time.
    pub fn by_time(&self) -> Vec<&'a Record> {
        let mut records = self.records.clone();
        records.sort_by_key(|record| (record.occurred, record.position));
        records
    }

    /// How well a partner fits, by the latest assessment.
    pub fn fit(&self, partner: &str) -> Option<pb::PartnerFit> {
        let fit = |record: &Record| match record.body() {
            Body::PartnerAssessed(body) if body.partner_id == partner => {
                let scales = [body.complementarity, body.shared_audience, body.brand_alignment];
                Some(pb::PartnerFit {
                    complementarity: body.complementarity,
                    shared_audience: body.shared_audience,
                    brand_alignment: body.brand_alignment,
                    competitor: body.competitor,
                    fits: !body.competitor && scales.iter().all(|scale| *scale >= 3),
                    notes: body.notes.clone(),
                    assessed_at: Some(stamp(record.occurred)),
                    position: record.position,
                })
            }
            _ => None,
        };
        self.by_time().into_iter().rev().find_map(fit)
    }

    pub fn manager(&self, agreement: &str, side: Side) -> Option<pb::Manager> {
        let named = |record: &Record| match record.body() {
            Body::ManagerAssigned(body) if body.agreement_id == agreement && body.side() == side => {
                Some(pb::Manager { side: body.side, manager: body.manager.clone() })
            }
            _ => None,
        };
        self.by_time().into_iter().rev().find_map(named)
    }

    /// The steps done for an agreement or partner, in the order of the checklist.
    pub fn launch_steps(&self, subject: &Subject) -> Vec<pb::LaunchStepDone> {
        let done = |record: &&Record| match record.body() {
            Body::LaunchStepCompleted(body) if body.subject.as_ref() == Some(subject) => {
                Some(pb::LaunchStepDone { step: body.step, completed_at: Some(stamp(record.occurred)), position: record.position })
            }
            _ => None,
        };
        let mut steps: Vec<_> = self.records.iter().filter_map(done).collect();
        steps.sort_by_key(|step| step.step);
        steps
    }

    pub fn reviews(&self, agreement: &str) -> Vec<pb::Review> {
        let review = |record: &&Record| match record.body() {
            Body::ReviewHeld(body) if body.agreement_id == agreement => Some(pb::Review {
                review_id: body.review_id.clone(),
                kind: body.kind,
                decision: body.decision,
                summary: body.summary.clone(),
                held_at: Some(stamp(record.occurred)),
                position: record.position,
            }),
            _ => None,
        };
        self.records.iter().filter_map(review).collect()
    }

    pub fn brand_uses(&self, agreement: &str) -> Vec<pb::BrandUse> {
        let shown = |record: &&Record| match record.body() {
            Body::BrandUseRequested(body) if body.agreement_id == agreement => {
                let requested_at = Some(stamp(record.occurred));
                let plain = pb::BrandUse {
                    brand_use_id: body.brand_use_id.clone(),
                    requested_by: body.requested_by,
                    channel: body.channel,
                    asset: body.asset.clone(),
                    requested_at,
                    position: record.position,
                    ..pb::BrandUse::default()
                };
                let decision = self.brand_use_decision(&body.brand_use_id);
                Some(match decision {
                    _ if record.effects.brand_use_approved => pb::BrandUse { approved: Some(true), decided_at: requested_at, ..plain },
                    Some((decided, decision)) => pb::BrandUse {
                        approved: Some(decision.approved),
                        decided_at: Some(stamp(decided.occurred)),
                        note: decision.note.clone(),
                        ..plain
                    },
                    None => plain,
                })
            }
            _ => None,
        };
        self.records.iter().filter_map(shown).collect()
    }

    pub fn reported_breaches(&self, agreement: &str) -> Vec<pb::Breach> {
        let breach = |record: &&Record| match record.body() {
            Body::BreachReported(body) if body.agreement_id == agreement => Some(pb::Breach {
                breach_id: body.breach_id.clone(),
                by: body.by,
                clause: body.clause,
                description: body.description.clone(),
                reported_at: Some(stamp(record.occurred)),
                cure_by: body.cure_by,
                cured_at: self.cure(&body.breach_id).map(|cure| stamp(cure.occurred)),
                position: record.position,
            }),
            _ => None,
        };
        self.records.iter().filter_map(breach).collect()
    }
}
