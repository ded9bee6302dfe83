//! A step of the launch checklist was done, of an agreement or, before there is one, with a partner (rules 10.1).

use super::CompletedStep;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto::{self, LaunchStep, launch_step_completed::Subject};
use smallvec::smallvec;

/// A step is done; steps may be done in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchStepCompleted {
    subject: (IdKind, Id),
    step: LaunchStep,
}

impl EventType for LaunchStepCompleted {
    type Message = proto::LaunchStepCompleted;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        let subject = match &message.subject {
            Some(Subject::AgreementId(id)) => (IdKind::Agreement, fields.id("agreement_id", id)),
            Some(Subject::PartnerId(id)) => (IdKind::Partner, fields.id("partner_id", id)),
            None => {
                fields.bad("subject", "is required: agreement_id, or partner_id as long as there is no agreement");
                (IdKind::Partner, Id::default())
            }
        };
        Self { subject, step: fields.enum_value("step", message.step) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(self.subject.0, &self.subject.1)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let done = self.steps(state).into_iter().find(|done| done.step == self.step);
        done.map_or(Ok(Vec::new()), |done| {
            let (kind, id) = &self.subject;
            let subject = if *kind == IdKind::Agreement { "agreement" } else { "partner" };
            let what = format!("launch step {} of {subject} {id}", self.step.as_str_name().trim_start_matches("LAUNCH_STEP_"));
            Err(Rejection::AlreadyDone { what, position: done.stamp.position })
        })
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let step = CompletedStep { stamp, step: self.step };
        if self.subject.0 == IdKind::Agreement {
            let agreement = state.agreements.by_id.find(&self.subject.1).expect("decide found the agreement");
            state.relationship.agreement_activity_mut(agreement).steps.push(step);
        } else {
            let partner = state.partners.find(&self.subject.1).expect("decide found the partner");
            state.relationship.partner_activity_mut(partner).steps.push(step);
        }
    }
}

impl LaunchStepCompleted {
    /// All steps of the subject that are recorded, whatever their times.
    fn steps(&self, state: &State) -> Vec<CompletedStep> {
        let (kind, id) = &self.subject;
        let agreement = state.agreements.by_id.find(id).filter(|_| *kind == IdKind::Agreement);
        let partner = state.partners.find(id).filter(|_| *kind == IdKind::Partner);
        let of_agreement = agreement.map(|row| state.relationship.agreement_steps(row, Seen::ALL));
        of_agreement.or_else(|| partner.map(|row| state.relationship.partner_steps(row, Seen::ALL))).unwrap_or_default()
    }
}
