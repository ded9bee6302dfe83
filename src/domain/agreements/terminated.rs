//! An agreement was terminated: for notice, by both sides, or for breach (rules 4.4, 4.5).

use super::RecordedEnd;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto::{self, EndCause, TerminationCause};
use smallvec::smallvec;

/// The agreement ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementTerminated {
    agreement: Id,
    cause: TerminationCause,
    effective_at: Option<Time>,
}

impl EventType for AgreementTerminated {
    type Message = proto::AgreementTerminated;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("reason", &message.reason);
        let cause = fields.enum_value("cause", message.cause);
        if cause == TerminationCause::Notice && message.effective_at.is_some() {
            fields.bad("effective_at", "does not go with the cause NOTICE, which takes effect when the notice ends");
        }
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            cause,
            effective_at: fields.optional_time("effective_at", message.effective_at.as_ref()),
        }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let agreement = state.agreements.known(&self.agreement);
        let (ends_at, cause) = match self.cause {
            TerminationCause::Notice => {
                let given = agreement
                    .notices(Seen::ALL)
                    .filter(|notice| notice.given.occurred_at <= context.occurred_at && notice.withdrawn.is_none());
                let Some(ends_at) = given.map(|notice| notice.ends_at).min() else {
                    return Err(Rejection::NoRunningNotice { agreement: self.agreement.clone(), given_by: None, at: context.occurred_at });
                };
                // The notice itself ends it then; only an earlier end stands against it (rules 13).
                if let Some(end) = agreement.end(Seen::ALL).filter(|end| end.at < ends_at) {
                    let why = format!("it ends at {}, before the notice does at {ends_at}", end.at);
                    return Err(Rejection::AgreementNotActive { agreement: self.agreement.clone(), at: ends_at, why });
                }
                (ends_at, EndCause::Notice)
            }
            TerminationCause::Mutual => (self.effective_at.unwrap_or(context.occurred_at), EndCause::Mutual),
            TerminationCause::Breach | TerminationCause::Unspecified => {
                (self.effective_at.unwrap_or(context.occurred_at), EndCause::Breach)
            }
        };
        if cause != EndCause::Notice {
            agreement.require_not_ended(&self.agreement, ends_at)?;
        }
        Ok(vec![Effect::AgreementEndSet { agreement: self.agreement.clone(), ends_at, cause }])
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let agreement = state.agreements.by_id.get_mut(row);
        for effect in effects {
            if let Effect::AgreementEndSet { ends_at, cause, .. } = effect {
                agreement.terminations.push(RecordedEnd { stamp, ends_at: *ends_at, cause: *cause });
            }
        }
    }
}
