//! A programme was defined (rules 18.2).

use super::programmes::Programme;
use super::terms::Terms;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto;
use std::sync::Arc;

/// Terms that many agreements may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeDefined {
    programme: Id,
    terms: Arc<Terms>,
}

impl EventType for ProgrammeDefined {
    type Message = proto::ProgrammeDefined;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { programme: fields.id("programme_id", &message.programme_id), terms: Terms::parse(message.terms.as_deref(), fields) }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Programme, &self.programme))
    }

    fn terms(&self) -> Option<&Terms> {
        Some(&self.terms)
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        Vec::new()
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.agreements.programmes.insert(self.programme.clone(), Programme::new(stamp, Arc::clone(&self.terms)));
        state.agreements.note_programme_exclusivity(row, &self.terms);
    }
}
