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

/// The state, and what of it is seen. The writer waits while a view is held: take what is needed and drop it, and
/// never hold one across an await, nor ask for a second while holding one: a writer that waits between them would wait
/// for ever. What `seen` does not see must not be answered: it may not be durable yet.
pub struct View<'a> {
    state: RwLockReadGuard<'a, State>,
    /// What is seen; its position is the one to answer as the position read at.
    pub seen: Seen,
}

impl<'a> View<'a> {
    pub(super) fn new(core: &'a Core, seen: Seen) -> Self {
        Self { state: core.state.read(), seen }
    }

    /// Lets a waiting writer in, between the parts of a long answer. What is seen stays the same, but a table may
    /// have lost rows that were not seen anyway: ask it for its length again.
    pub fn yield_to_writer(&mut self) {
        RwLockReadGuard::bump(&mut self.state);
    }
}

impl Deref for View<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

/// What `options` mean: `otherwise` is the time if they name none.
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
