//! A hold on the payouts to a partner ended; once (rules 2.2, 19.2).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto;

/// The partner may be paid again, as far as this hold goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerHoldLifted {
    hold: Id,
}

impl EventType for PartnerHoldLifted {
    type Message = proto::PartnerHoldLifted;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { hold: fields.id("hold_id", &message.hold_id) }
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Hold, &self.hold)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        match state.holds.by_key(&self.hold).and_then(|hold| hold.lifted) {
            Some(lifted) => Err(Rejection::AlreadyDone { what: format!("the end of hold {}", self.hold), position: lifted.position }),
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.holds.find(&self.hold).expect("decide found the hold");
        state.holds.get_mut(row).lifted = Some(stamp);
    }
}
