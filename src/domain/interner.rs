//! What many have alike, kept once.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// Values that are shared by all who have the same. What a refused batch left here does no harm; nothing is answered in its
/// order.
pub struct Interner<T>(HashSet<Arc<T>, foldhash::quality::RandomState>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(HashSet::default())
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The value, shared.
    pub fn share(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.0.get(&value) {
            return Arc::clone(known);
        }
        let shared = Arc::new(value);
        self.0.insert(Arc::clone(&shared));
        shared
    }
}
