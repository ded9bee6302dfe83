//! An agreement got a new version of its terms (rules 4.3, 4.5).

use super::OwnVersion;
use super::terms::Terms;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto;
use std::sync::Arc;

/// Both sides agreed on other terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementAmended {
    agreement: Id,
    terms: Arc<Terms>,
    effective_at: Time,
}

impl EventType for AgreementAmended {
    type Message = proto::AgreementAmended;

    fn parse(message: &Self::Message, occurred_at: Time, fields: &mut Fields) -> Self {
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            terms: Terms::parse(message.terms.as_deref(), fields),
            effective_at: fields.optional_time("effective_at", message.effective_at.as_ref()).unwrap_or(occurred_at),
        }
    }

    fn terms(&self) -> Option<&Terms> {
        Some(&self.terms)
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        state.agreements.known(&self.agreement).require_not_ended(&self.agreement, context.occurred_at)?;
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let version = OwnVersion { effective_at: self.effective_at, stamp, terms: Arc::clone(&self.terms) };
        state.agreements.by_id.get_mut(row).add_version(version);
        state.agreements.note_exclusivity(row, &self.terms);
    }
}
