//! An interner: equal values are kept once.

use super::slice::Slice;
use crate::encoding::{Damaged, Input, Loader, Output, Section, Sink};
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// An interner. It only saves memory: a rollback leaves it as it is, copies and snapshots leave it out, and its order is never used.
pub struct Interner<T>(HashSet<Arc<T>, foldhash::quality::RandomState>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(HashSet::default())
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// Returns the one copy of a value.
    pub fn intern(&mut self, value: impl Into<Arc<T>> + std::borrow::Borrow<T>) -> Arc<T> {
        if let Some(known) = self.0.get(value.borrow()) {
            return Arc::clone(known);
        }
        let interned = value.into();
        self.0.insert(Arc::clone(&interned));
        interned
    }
}

impl<T: Hash + Eq> Slice for Interner<T> {
    type Sections = ();
    type Loading = ();

    fn savepoint(&mut self) {}

    fn release(&mut self) {}

    fn rollback(&mut self) {}

    fn share(&self) -> Self {
        Self::default()
    }

    fn add_sections((): (), _: &mut Vec<Section>) {}

    fn save<S: Sink>(&mut self, (): (), _: Section, _: &mut S) -> Result<(), S::Error> {
        Ok(())
    }

    fn encode_values(&self, _: &mut Output) {}

    fn loader((): &(), (): (), _: Section) -> Option<&dyn Loader> {
        None
    }

    fn decode_values((): &(), _: &mut Input<'_>) -> Result<(), Damaged> {
        Ok(())
    }

    fn take((): &()) -> Result<Self, Damaged> {
        Ok(Self::default())
    }
}
