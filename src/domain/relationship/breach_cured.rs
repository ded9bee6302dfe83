//! A breach was cured; a second time is refused (rules 10.1).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// A breach is cured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachCured {
    breach: Id,
}

impl EventType for BreachCured {
    type Message = proto::BreachCured;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { breach: fields.id("breach_id", &message.breach_id) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Breach, &self.breach)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let breach = state.relationship.breaches.by_key(&self.breach).expect("the breach is known");
        match breach.cured {
            Some(stamp) => Err(Rejection::AlreadyDone { what: format!("the cure of breach {}", self.breach), position: stamp.position }),
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.relationship.breaches.find(&self.breach).expect("decide found the breach");
        state.relationship.breaches.get_mut(row).cured = Some(stamp);
    }
}
