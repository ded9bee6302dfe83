//! A side gave notice of termination (rules 4.4).

use super::TerminationNotice;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EndCause, Side};

/// A side wants the agreement to end after the notice period, or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminationNoticeGiven {
    agreement: Id,
    given_by: Side,
    ends_at: Option<Time>,
}

impl EventType for TerminationNoticeGiven {
    type Message = proto::TerminationNoticeGiven;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("reason", &message.reason);
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            given_by: fields.enum_value("given_by", message.given_by),
            ends_at: fields.optional_time("ends_at", message.ends_at.as_ref()),
        }
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let agreement = state.agreements.known(&self.agreement);
        let earliest = agreement.earliest_end_of_notice(context.occurred_at, state);
        let ends_at = self.ends_at.unwrap_or(earliest);
        if ends_at < earliest {
            return Err(Rejection::NoticeTooShort { agreement: self.agreement.clone(), earliest });
        }
        agreement.require_not_ended(&self.agreement, context.occurred_at)?;
        Ok(vec![Effect::AgreementEndSet { agreement: self.agreement.clone(), ends_at, cause: EndCause::Notice }])
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let agreement = state.agreements.by_id.get_mut(row);
        for effect in effects {
            if let Effect::AgreementEndSet { ends_at, .. } = effect {
                agreement.notices.push(TerminationNotice { given: stamp, given_by: self.given_by, ends_at: *ends_at, withdrawn: None });
            }
        }
    }
}
