//! A side broke the agreement (rules 10.1).

use super::Breach;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, BreachClause, Side};
use smallvec::smallvec;

/// A side did not keep a clause of the agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachReported {
    breach: Id,
    agreement: Id,
    by: Side,
    clause: BreachClause,
    cure_by: Option<Time>,
    description: Box<str>,
}

impl EventType for BreachReported {
    type Message = proto::BreachReported;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("description", &message.description);
        Self {
            breach: fields.id("breach_id", &message.breach_id),
            agreement: fields.id("agreement_id", &message.agreement_id),
            by: fields.enum_value("by", message.by),
            clause: fields.enum_value("clause", message.clause),
            cure_by: fields.optional_time("cure_by", message.cure_by.as_ref()),
            description: message.description.as_str().into(),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Breach, &self.breach))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let agreement = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let breach = Breach {
            reported: stamp,
            agreement,
            by: self.by,
            clause: self.clause,
            cure_by: self.cure_by,
            description: self.description.clone(),
            cured: None,
        };
        let row = state.relationship.breaches.insert(self.breach.clone(), breach);
        state.relationship.agreement_activity_mut(agreement).breaches.push(row);
    }
}
