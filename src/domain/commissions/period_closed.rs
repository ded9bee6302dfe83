//! A period was closed: what was reported for it never changes (rules 7.7).

use super::Close;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;

/// All before an instant is closed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodClosed {
    through: Time,
}

impl EventType for PeriodClosed {
    type Message = proto::PeriodClosed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { through: fields.time("through", message.through.as_ref()) }
    }

    fn refers_to(&self) -> References<'_> {
        References::new()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        context.not_in_future("through", self.through)?;
        match state.commissions.closes.last() {
            Some(last) if self.through <= last.through => Err(Rejection::CloseNotLater { last: last.through }),
            _ => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        state.commissions.closes.push(Close { stamp, through: self.through });
    }
}
