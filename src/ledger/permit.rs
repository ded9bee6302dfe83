//! What a submitter may record, asked of whoever knows: the ledger has no policy of its own.

use super::error::{Error, EventPlace};
use crate::domain::effect::Effect;
use crate::domain::{Event, State, Subjects};
use std::fmt;

/// What a submitter may record.
pub trait Permit: fmt::Debug + Send + Sync {
    /// Whether it may submit events of this type. Asked before the request is queued.
    ///
    /// # Errors
    /// If it may not.
    fn check_type(&self, event: &Event) -> Result<(), Denied>;

    /// Whether it may record an event about those whom it names. Asked by the writer before it decides, so that a refusal by the
    /// rules says nothing of others. Returns what it has found on the way, for `check_moved`.
    ///
    /// # Errors
    /// If it may not.
    fn check_named(&self, event: &Event, state: &State) -> Result<Subjects, Denied>;

    /// Whether it may record an event that has these effects. Asked by the writer before the record is written, of the state that
    /// `check_named` was asked of.
    ///
    /// # Errors
    /// If it may not.
    fn check_moved(&self, event: &Event, named: &Subjects, effects: &[Effect], state: &State) -> Result<(), Denied>;
}

/// A submitter may not record an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What it lacks.
    pub missing: Missing,
    /// For what: the event's type, or the id that is outside of its scope.
    pub what: String,
}

/// What a submitter lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The event type is not among those that it may append.
    EventType,
    /// The event is about what is outside of its scope.
    Scope,
}

impl Missing {
    /// Its name in the metadata of a refusal.
    pub fn name(self) -> &'static str {
        match self {
            Self::EventType => "event_type",
            Self::Scope => "scope",
        }
    }
}

/// Whether a submitter may submit events of these types; without a permit it may.
///
/// # Errors
/// `Denied` with the first that it may not.
pub(super) fn check_types<'a>(permit: Option<&dyn Permit>, events: impl ExactSizeIterator<Item = &'a Event>) -> Result<(), Error> {
    let Some(permit) = permit else { return Ok(()) };
    let of = events.len();
    for (index, event) in events.enumerate() {
        permit.check_type(event).map_err(|denied| Error::Denied { denied, event: EventPlace { index, of } })?;
    }
    Ok(())
}
