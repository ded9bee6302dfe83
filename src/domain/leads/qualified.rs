//! A lead qualified: it keeps its protection, and may earn a flat reward (rules 5.2, 6.2).

use crate::domain::calendar::Time;
use crate::domain::commissions::assess::{AssessmentInput, assess, assessments_in};
use crate::domain::commissions::earning::{Earning, Pinned};
use crate::domain::commissions::posting::{accrue, subject_of_agreement};
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto;

/// A lead qualified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadQualified {
    lead: Id,
}

impl EventType for LeadQualified {
    type Message = proto::LeadQualified;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { lead: fields.id("lead_id", &message.lead_id) }
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Lead, &self.lead)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let at = context.occurred_at;
        let (row, lead) = state.leads.known(&self.lead);
        if let Some(qualification) = lead.qualification(Seen::ALL) {
            let what = format!("the qualification of lead {}", self.lead);
            return Err(Rejection::AlreadyDone { what, position: qualification.stamp.position });
        }
        lead.require_not_lost(&self.lead, at)?;
        let credit = lead.credit_at(at, Seen::ALL, state);
        let (assessment, _) = assess(&AssessmentInput { part: None, lead: Some((row, lead)), credit, at }, state);
        let mut effects = Vec::with_capacity(4);
        if lead.is_protected(at, Seen::ALL) {
            effects.push(Effect::LeadProtectionSet { lead: state.leads.by_id.key(row).clone(), protected_until: None });
        }
        match credit {
            Some(credit) => accrue(assessment, subject_of_agreement(credit, Some(row), None, state), at, state, &mut effects),
            None => effects.push(Effect::CommissionAssessed(Box::new(assessment))),
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.leads.known(&self.lead).0;
        let protected = effects.iter().any(|effect| matches!(effect, Effect::LeadProtectionSet { .. }));
        let assessment = assessments_in(effects).next();
        let credit = assessment.and_then(|assessment| state.agreements.by_id.find(assessment.agreement.as_ref()?));
        let (pinned, earned) = Pinned::of(stamp, None, credit, false, assessment, state);
        let earning = Earning::new(stamp, earned, state.commissions.pinned.intern(pinned));
        let earned = earning.assessment();
        state.leads.by_id.get_mut(row).add_qualification(protected, earning);
        state.note_accrued(row, credit, earned);
    }
}
