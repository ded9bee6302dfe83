//! Reads that may take long: from frozen views, in rooms with a bound.
//!
//! They run at a low priority, so that appends and short questions do not wait for the processor. What holds a lock that those
//! wait for is done for them at the usual one: taking a view, copying the index (see `errands`).

use super::{Cancellation, Error, FrozenView, Ledger};
use std::sync::Arc;

impl Ledger {
    /// The state, index and figures of one moment, with all records up to a durable position, to be read without a lock. It may
    /// wait some milliseconds for the writer.
    pub fn frozen(&self, position: u64) -> Arc<FrozenView> {
        self.core.views.latest(&self.core, position).unwrap_or_else(|pause| {
            std::thread::sleep(pause);
            self.at_usual_priority(move |core| core.views.take(core, position))
        })
    }

    /// Reads what may take long, on a thread of a low priority: so many at a time, the others wait.
    ///
    /// # Errors
    /// `Overloaded` if too many wait; else those of `read`, which ends early when it is cancelled.
    pub async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Self, &Cancellation) -> Result<T, Error> + Send + 'static,
    {
        let ledger = self.clone();
        self.core.reads.run(move |cancellation| read(&ledger, cancellation)).await
    }

    /// Reads a further part of a stream, as `read` does; it is not refused for overload.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn read_on<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Cancellation) -> Result<T, Error> + Send + 'static,
    {
        self.core.reads.run_on(read).await
    }

    /// Looks up something on disk, on a thread for that, beside long reads and before them.
    ///
    /// # Errors
    /// As for `read`.
    pub async fn look_up<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    {
        let ledger = self.clone();
        self.core.lookups.run(move |_| read(&ledger)).await
    }

    /// Looks up a further part of a stream, as `look_up` does; it is not refused for overload.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn look_up_on<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    {
        let ledger = self.clone();
        self.core.lookups.run_on(move |_| read(&ledger)).await
    }
}
