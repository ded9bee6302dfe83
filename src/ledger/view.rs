//! Reading the state as of a time and as known at a position (rules 1.4).

use super::common::Core;
use super::error::Error;
use crate::domain::calendar::Time;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Seen, State};
use crate::proto;
use parking_lot::RwLockReadGuard;
use std::ops::Deref;

/// A read lock on the state, with the time and position to read at: for answers that cost less than a millisecond, as the writer
/// waits while it is held. All others read a frozen view. Never hold one across an await, and never take a second while holding
/// one: with a writer waiting between them that is a deadlock. What lies beyond `seen` must not be returned: it may not be
/// durable yet.
pub struct View<'a> {
    state: RwLockReadGuard<'a, State>,
    /// The time and position to read at.
    pub seen: Seen,
}

impl<'a> View<'a> {
    pub(super) fn new(core: &'a Core, seen: Seen) -> Self {
        Self { state: core.state.read(), seen }
    }
}

impl Deref for View<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

/// Resolves `options` to a time and a position; `otherwise` is the time if they name none.
pub fn resolve(core: &Core, options: Option<&proto::ReadOptions>, otherwise: Time) -> Result<Seen, Error> {
    let last = core.last();
    let Some(options) = options else {
        return Ok(Seen { time: otherwise, position: last });
    };
    let mut fields = Fields::default();
    let time = fields.within("options", |fields| fields.optional_time("as_of", options.as_of.as_ref()));
    if !fields.is_clean() {
        return Err(Error::Malformed(fields.into_violations()));
    }
    for asked in options.as_of_position.into_iter().chain(options.min_position) {
        if asked > last {
            return Err(Rejection::PositionNotReached { asked, last }.into());
        }
    }
    Ok(Seen { time: time.unwrap_or(otherwise), position: options.as_of_position.unwrap_or(last) })
}
