//! A side named its manager for an agreement (rules 10.1).

use super::Manager;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, Side};
use smallvec::smallvec;

/// A side names who looks after an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerAssigned {
    agreement: Id,
    side: Side,
    manager: Box<str>,
}

impl EventType for ManagerAssigned {
    type Message = proto::ManagerAssigned;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("manager", &message.manager);
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            side: fields.enum_value("side", message.side),
            manager: message.manager.as_str().into(),
        }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let agreement = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let manager = Manager { stamp, side: self.side, name: self.manager.clone() };
        state.relationship.agreement_activity_mut(agreement).managers.push(manager);
    }
}
