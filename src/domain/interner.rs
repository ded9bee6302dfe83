//! An interner: equal values are kept once.

use super::slice::{Slice, derived};
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// An interner. It only saves memory: copies and snapshots leave it out, and its order is never used.
pub struct Interner<T> {
    values: HashSet<Arc<T>, foldhash::quality::RandomState>,
    /// What is new since the open savepoint was opened; `None` if none is open.
    since_savepoint: Option<Vec<Arc<T>>>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: HashSet::default(), since_savepoint: None }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// Returns the one copy of a value.
    pub fn intern(&mut self, value: impl Into<Arc<T>> + std::borrow::Borrow<T>) -> Arc<T> {
        if let Some(known) = self.values.get(value.borrow()) {
            return Arc::clone(known);
        }
        let interned = value.into();
        self.values.insert(Arc::clone(&interned));
        if let Some(new) = &mut self.since_savepoint {
            new.push(Arc::clone(&interned));
        }
        interned
    }
}

impl<T: Hash + Eq> Slice for Interner<T> {
    derived!();

    fn savepoint(&mut self) {
        self.since_savepoint = Some(Vec::new());
    }

    fn release(&mut self) {
        self.since_savepoint = None;
    }

    /// What is taken back alone referred to the new values.
    fn rollback(&mut self) {
        for new in self.since_savepoint.take().into_iter().flatten() {
            self.values.remove(&new);
        }
    }

    fn share(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_leaves_no_values_behind() {
        let mut interner: Interner<u64> = Interner::default();
        interner.intern(1);
        interner.savepoint();
        [1, 2, 3, 2].into_iter().for_each(|value| drop(interner.intern(value)));
        interner.rollback();
        assert_eq!(interner.values, HashSet::from_iter([Arc::new(1)]));
        interner.savepoint();
        interner.intern(2);
        interner.release();
        interner.rollback();
        assert_eq!(interner.values.len(), 2);
    }
}
