//! The signal between the journal and its maintenance thread.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

#[derive(Debug, Default)]
struct Progress {
    checkpointed: u64,
    is_stopped: bool,
}

/// Wakes the maintenance thread: after checkpoints, and to stop it.
#[derive(Debug, Default)]
pub(super) struct MaintenanceSignal {
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl MaintenanceSignal {
    /// Reports that the store is complete up to this position: segments before it may be sealed.
    pub fn checkpointed(&self, position: u64) {
        self.progress.lock().checkpointed = position;
        self.changed.notify_all();
    }

    /// Stops the thread; what it is doing is abandoned.
    pub fn stop(&self) {
        self.progress.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits for `time`. Returns false, at once, if it is stopped.
    pub fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut progress = self.progress.lock();
        while !progress.is_stopped && !self.changed.wait_until(&mut progress, until).timed_out() {}
        !progress.is_stopped
    }

    /// Waits for a checkpoint after position `seen` and returns its position; `None` once it is stopped.
    pub fn wait_beyond(&self, seen: u64) -> Option<u64> {
        let mut progress = self.progress.lock();
        while progress.checkpointed <= seen && !progress.is_stopped {
            self.changed.wait(&mut progress);
        }
        (!progress.is_stopped).then_some(progress.checkpointed)
    }
}
