//! A side took its notices back (rules 4.4).

use super::{Agreement, TerminationNotice};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, Side};
use smallvec::smallvec;

/// A side goes on after all: all its running notices are taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminationNoticeWithdrawn {
    agreement: Id,
    given_by: Side,
}

impl EventType for TerminationNoticeWithdrawn {
    type Message = proto::TerminationNoticeWithdrawn;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { agreement: fields.id("agreement_id", &message.agreement_id), given_by: fields.enum_value("given_by", message.given_by) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let agreement = state.agreements.known(&self.agreement);
        if running(agreement, self.given_by, context.occurred_at).next().is_none() {
            let given_by = Some(if self.given_by == Side::House { "house" } else { "partner" });
            return Err(Rejection::NoRunningNotice { agreement: self.agreement.clone(), given_by, at: context.occurred_at });
        }
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let agreement = state.agreements.by_id.get_mut(row);
        let places: Vec<usize> = running(agreement, self.given_by, stamp.occurred_at).map(|(place, _)| place).collect();
        for place in places {
            agreement.notices[place].withdrawn = Some(stamp);
        }
    }
}

/// The notices of a side that run at a time, with their places.
fn running(agreement: &Agreement, side: Side, at: Time) -> impl Iterator<Item = (usize, &TerminationNotice)> {
    let runs = move |notice: &TerminationNotice| {
        notice.given_by == side && notice.withdrawn.is_none() && notice.given.occurred_at <= at && at < notice.ends_at
    };
    agreement.notices.iter().enumerate().filter(move |(_, notice)| runs(notice))
}
