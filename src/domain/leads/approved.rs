//! A claim on a lead was approved (rules 5.2).

use super::Decision;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// The house approved the claim in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadApproved {
    lead: Id,
}

impl EventType for LeadApproved {
    type Message = proto::LeadApproved;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { lead: fields.id("lead_id", &message.lead_id) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Lead, &self.lead)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let at = context.occurred_at;
        let (row, lead) = state.leads.known(&self.lead);
        let decision = lead.decision_at(at, Seen::ALL);
        if let Some(approved) = decision.and_then(Decision::approved) {
            return Err(Rejection::AlreadyDone {
                what: format!("the approval of the claim on lead {}", self.lead),
                position: approved.position,
            });
        }
        lead.require_not_lost(&self.lead, at)?;
        let Some(decision) = decision.filter(|decision| decision.protection.from_approval) else { return Ok(Vec::new()) };
        let mut approved = decision.clone();
        approved.approve(Stamp { occurred_at: at, position: u64::MAX });
        let kept = lead.keeps_protection(at, Seen::ALL);
        let protected_until = approved.protected_until(Seen::ALL).time().filter(|_| !kept);
        Ok(vec![Effect::LeadProtectionSet { lead: state.leads.by_id.key(row).clone(), protected_until }])
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.leads.known(&self.lead).0;
        state.leads.change_protection(row, stamp.occurred_at, |decision| decision.approve(stamp));
    }
}
