//! A lead was lost (rules 5.2).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// A lead was lost; another claim may open it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadLost {
    lead: Id,
}

impl EventType for LeadLost {
    type Message = proto::LeadLost;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("reason", &message.reason);
        Self { lead: fields.id("lead_id", &message.lead_id) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Lead, &self.lead)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        state.leads.known(&self.lead).1.require_not_lost(&self.lead, context.occurred_at)?;
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.leads.known(&self.lead).0;
        state.leads.change_state(row, stamp, |lead| lead.add_loss(stamp));
    }
}
