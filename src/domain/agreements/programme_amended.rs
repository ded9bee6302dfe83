//! A programme got a new version of its terms (rules 18.2).

use super::programmes::ProgrammeVersion;
use super::terms::Terms;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto;
use std::sync::Arc;

/// The house changed what a programme offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeAmended {
    programme: Id,
    terms: Arc<Terms>,
    effective_at: Time,
    existing: bool,
}

impl EventType for ProgrammeAmended {
    type Message = proto::ProgrammeAmended;

    fn parse(message: &Self::Message, occurred_at: Time, fields: &mut Fields) -> Self {
        Self {
            programme: fields.id("programme_id", &message.programme_id),
            terms: Terms::parse(message.terms.as_deref(), fields),
            effective_at: fields.optional_time("effective_at", message.effective_at.as_ref()).unwrap_or(occurred_at),
            existing: message.existing,
        }
    }

    fn terms(&self) -> Option<&Terms> {
        Some(&self.terms)
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Programme, &self.programme)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.agreements.programmes.find(&self.programme).expect("decide found the programme");
        let (effective_at, terms) = (Some(self.effective_at), Arc::clone(&self.terms));
        let version = ProgrammeVersion { effective_at, stamp, terms, existing: self.existing };
        state.agreements.programmes.get_mut(row).add_version(version);
        state.agreements.note_programme_exclusivity(row, &self.terms);
    }
}
