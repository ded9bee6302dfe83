//! Where the time comes from: the system's clock, or one that a test sets.

use crate::domain::calendar::Time;
use parking_lot::Mutex;

/// A source of the present time. The domain takes time as a value; only the ledger asks a clock.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Time;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}

/// A clock that stands still until it is set, for tests.
#[derive(Debug, Default)]
pub struct ManualClock(Mutex<Time>);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Time) -> Self {
        Self(Mutex::new(now))
    }

    /// Sets the present instant; it may go backwards, as clocks do.
    pub fn set(&self, now: Time) {
        *self.0.lock() = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        *self.0.lock()
    }
}
