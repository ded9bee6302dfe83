//! The savepoint of a batch: while it is open the state is not shared, and it is closed whatever happens.

use super::common::Core;
use parking_lot::MutexGuard;

/// An open savepoint of the state. Dropped, what was written since stays: also by a panic, after which nothing more is written
/// and reads go on.
pub struct Savepoint<'a> {
    core: &'a Core,
    is_open: bool,
    /// Until the batch is complete the state is not shared: what may be taken back is not yet a fact. Given back last.
    _batch: MutexGuard<'a, ()>,
}

impl<'a> Savepoint<'a> {
    /// Opens one.
    pub fn open(core: &'a Core) -> Self {
        let batch = core.batches.lock();
        core.state.write().savepoint();
        Self { core, is_open: true, _batch: batch }
    }

    /// Takes back what was written since.
    pub fn rollback(mut self) {
        self.core.state.write().rollback();
        self.is_open = false;
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.core.state.write().release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::MemoryJournal;
    use crate::ledger::{Ledger, Limits};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    #[test]
    fn a_panic_leaves_no_savepoint_behind_which_would_fail_all_who_share_the_state() {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _savepoint = Savepoint::open(&ledger.core);
            panic!("a defect");
        }));
        assert!(panicked.is_err());
        assert_eq!(ledger.frozen(0).position(), 0);
    }
}
