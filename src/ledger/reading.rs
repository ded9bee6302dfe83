//! Reads that may take long: from frozen views, in rooms with a bound.

use super::{Cancellation, Error, FrozenView, Ledger};
use std::sync::Arc;

impl Ledger {
    /// The state, index and figures of one moment, with all records up to a durable position, to be read without a lock. It may
    /// wait some milliseconds for the writer.
    pub fn frozen(&self, position: u64) -> Arc<FrozenView> {
        self.core.views.with(&self.core, position)
    }

    /// Reads what may take long, on a thread for that: so many at a time, the others wait.
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

    /// Looks up something on disk, on a thread for that, beside long reads.
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
}
