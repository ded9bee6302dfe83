//! Payouts to a partner were put on hold (rules 19.2).

use super::Hold;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto;

/// Nothing more is to be paid to a partner for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerHoldPlaced {
    hold: Id,
    partner: Id,
    reason: Box<str>,
}

impl EventType for PartnerHoldPlaced {
    type Message = proto::PartnerHoldPlaced;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("reason", &message.reason);
        Self {
            hold: fields.id("hold_id", &message.hold_id),
            partner: fields.id("partner_id", &message.partner_id),
            reason: message.reason.as_str().into(),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Hold, &self.hold))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Partner, &self.partner)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let partner = state.partners.find(&self.partner).expect("decide found the partner");
        let hold = Hold { partner, placed: stamp, reason: self.reason.clone(), lifted: None };
        let row = state.holds.insert(self.hold.clone(), hold);
        state.partners.get_mut(partner).holds.push(row);
    }
}
