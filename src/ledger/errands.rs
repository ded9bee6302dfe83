//! What long reads have done for them at the usual priority.
//!
//! Their own is low. If one of them held a lock that the writer, the committer or a short question waits for, those would wait
//! until it gets the processor, which others keep busy (priority inversion). So a thread of its own takes frozen views and
//! copies the index for them.

use super::Ledger;
use super::common::Core;
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

/// What is to be done with the ledger; it sends its outcome by itself.
type Errand = Box<dyn FnOnce(&Core) + Send>;

/// The way to the thread for errands; closed before the ledger is started, and once it is closed.
#[derive(Default)]
pub struct Errands(Mutex<Option<Sender<Errand>>>);

impl Errands {
    /// Opens the way; returns its end.
    pub fn open(&self) -> Receiver<Errand> {
        let (sender, errands) = channel();
        *self.0.lock() = Some(sender);
        errands
    }

    /// Takes no more errands: the thread ends after those that were sent.
    pub fn close(&self) {
        *self.0.lock() = None;
    }

    fn send(&self, errand: Errand) -> bool {
        self.0.lock().as_ref().is_some_and(|sender| sender.send(errand).is_ok())
    }
}

/// Does errands until no more can come. A defect in one is its caller's: it gets no outcome.
pub fn run(core: &Core, errands: &Receiver<Errand>) {
    errands.iter().for_each(|errand| {
        let _ = catch_unwind(AssertUnwindSafe(|| errand(core)));
    });
}

impl Ledger {
    /// Has something short done at the usual priority, and waits for it. Where no thread does it, the caller does.
    pub(super) fn at_usual_priority<T: Send + 'static>(&self, work: impl Fn(&Core) -> T + Clone + Send + 'static) -> T {
        let (sender, outcome) = sync_channel(1);
        let asked = work.clone();
        let is_sent = self.errands.send(Box::new(move |core| {
            // Nobody waits if the caller has panicked.
            let _ = sender.send(asked(core));
        }));
        let outcome = if is_sent { outcome.recv().ok() } else { None };
        outcome.unwrap_or_else(|| work(&self.core))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::MemoryJournal;
    use crate::ledger::Limits;
    use std::sync::Arc;
    use std::thread::{ThreadId, current};

    fn done_by(ledger: &Ledger) -> ThreadId {
        ledger.at_usual_priority(|_| current().id())
    }

    #[test]
    fn errands_are_done_by_another_thread_as_long_as_the_ledger_is_open() {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let thread = done_by(&ledger);
        assert!(thread != current().id() && done_by(&ledger) == thread);
        ledger.close().expect("closed");
        assert_eq!(done_by(&ledger), current().id());
        assert_eq!(ledger.frozen(0).position(), 0);
    }
}
