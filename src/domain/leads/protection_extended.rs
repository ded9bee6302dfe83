//! The protection of a claim was extended (rules 5.2).

use super::ProtectionEnd;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// The owner got more days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadProtectionExtended {
    lead: Id,
    days: u32,
}

impl EventType for LeadProtectionExtended {
    type Message = proto::LeadProtectionExtended;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { lead: fields.id("lead_id", &message.lead_id), days: fields.days("days", message.days) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Lead, &self.lead)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let at = context.occurred_at;
        let (row, lead) = state.leads.known(&self.lead);
        let lapsed = |lapsed_at| Rejection::ProtectionLapsed { lead: self.lead.clone(), lapsed_at, at };
        let Some(decision) = lead.decision_at(at, Seen::ALL) else { return Err(lapsed(None)) };
        // A loss is no lapse, but what had lapsed by date before it stays lapsed (rules 13).
        let until = lead.protection_at(at, Seen::ALL).unwrap_or(ProtectionEnd::Unlimited);
        if let Some(until) = until.time().filter(|until| *until <= at) {
            return Err(lapsed(Some(until)));
        }
        lead.require_not_lost(&self.lead, at)?;
        let mut extended = decision.clone();
        extended.extend(Stamp { occurred_at: at, position: u64::MAX }, self.days);
        let protected_until = if until == ProtectionEnd::Unlimited { None } else { extended.protected_until(Seen::ALL).time() };
        Ok(vec![Effect::LeadProtectionSet { lead: state.leads.by_id.key(row).clone(), protected_until }])
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.leads.known(&self.lead).0;
        state.leads.change_protection(row, stamp.occurred_at, |decision| decision.extend(stamp, self.days));
    }
}
