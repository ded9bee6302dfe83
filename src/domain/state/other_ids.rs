//! Ids of what has no table of its own: costs, capital, reviews, payments, adjustments, …

use crate::domain::ids::{Id, IdKind};
use crate::domain::table::undo_by_copy;
use crate::domain::{Stamp, State};
use crate::encoding::codec;

/// The record that introduced an id, and what it is about.
#[derive(Clone)]
pub(in crate::domain) struct OtherId {
    position: u64,
    about: Option<(IdKind, Id)>,
}

codec!(OtherId { position, about });
undo_by_copy!(OtherId);

impl State {
    /// Introduces an id of a kind that has no table of its own.
    pub(in crate::domain) fn introduce(&mut self, kind: IdKind, id: &Id, stamp: Stamp, about: Option<(IdKind, Id)>) {
        self.other_ids.insert((kind, id.clone()), OtherId { position: stamp.position, about });
    }

    /// Where such an id was introduced.
    pub(super) fn other_introduced_at(&self, kind: IdKind, id: &Id) -> Option<u64> {
        self.other_ids.by_key(&(kind, id.clone())).map(|other| other.position)
    }

    /// What such an id is about.
    pub(super) fn other_about(&self, kind: IdKind, id: &Id) -> Option<(IdKind, Id)> {
        self.other_ids.by_key(&(kind, id.clone()))?.about.clone()
    }
}
