//! An agreement's expiry was moved later (rules 4.5).

use super::RecordedEnd;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto::{self, EndCause};
use smallvec::smallvec;

/// Both sides went on beyond the expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRenewed {
    agreement: Id,
    expires_at: Time,
}

impl EventType for AgreementRenewed {
    type Message = proto::AgreementRenewed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            expires_at: fields.time("expires_at", message.expires_at.as_ref()),
        }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let agreement = state.agreements.known(&self.agreement);
        agreement.require_not_ended(&self.agreement, context.occurred_at)?;
        let current = agreement.expiry(Seen::ALL).map(|end| end.ends_at);
        if current.is_none_or(|current| self.expires_at <= current) {
            return Err(Rejection::ExpiryNotLater { agreement: self.agreement.clone(), current });
        }
        Ok(vec![Effect::AgreementEndSet { agreement: self.agreement.clone(), ends_at: self.expires_at, cause: EndCause::Expiry }])
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let agreement = state.agreements.by_id.get_mut(row);
        for effect in effects {
            if let Effect::AgreementEndSet { ends_at, cause, .. } = effect {
                agreement.expiries.push(RecordedEnd { stamp, ends_at: *ends_at, cause: *cause });
            }
        }
    }
}
