//! Tells the maintenance thread what there is to do.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

#[derive(Debug, Default)]
struct Progress {
    checkpointed: u64,
    is_stopped: bool,
}

/// Tells the maintenance thread what there is to do.
#[derive(Debug, Default)]
pub(super) struct MaintenanceSignal {
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl MaintenanceSignal {
    /// The store is whole up to this position: segments before it may be sealed.
    pub fn checkpointed(&self, position: u64) {
        self.progress.lock().checkpointed = position;
        self.changed.notify_all();
    }

    /// Nothing more is begun, and what is being done is given up.
    pub fn stop(&self) {
        self.progress.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits so long, or until it is stopped: then false.
    pub fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut progress = self.progress.lock();
        while !progress.is_stopped && !self.changed.wait_until(&mut progress, until).timed_out() {}
        !progress.is_stopped
    }

    /// Waits for a checkpoint beyond `seen`; `None` once it is stopped.
    pub fn wait_beyond(&self, seen: u64) -> Option<u64> {
        let mut progress = self.progress.lock();
        while progress.checkpointed <= seen && !progress.is_stopped {
            self.changed.wait(&mut progress);
        }
        (!progress.is_stopped).then_some(progress.checkpointed)
    }
}
