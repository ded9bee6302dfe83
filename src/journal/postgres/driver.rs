//! The thread that drives the connections: the journal's port blocks, and the client library does not.

use crate::journal::error::JournalError;
use std::future::Future;
use std::sync::mpsc::sync_channel;
use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of its own, so that callers may wait on any thread, also on one of another runtime.
pub(super) struct Driver(Option<Runtime>);

impl Driver {
    pub fn start() -> Result<Self, JournalError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("postgres").enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(JournalError::storage("starting the threads of the database's connections"))
    }

    /// Where tasks are started that go on by themselves.
    pub fn handle(&self) -> Option<&Handle> {
        self.0.as_ref().map(Runtime::handle)
    }

    /// Blocks until `work` is done.
    pub fn wait<T: Send + 'static>(&self, work: impl Future<Output = Result<T, JournalError>> + Send + 'static) -> Result<T, JournalError> {
        let closed = || JournalError::stopped("it was closed");
        let handle = self.handle().ok_or_else(closed)?;
        let (sender, receiver) = sync_channel(1);
        handle.spawn(async move {
            // The receiver waits below.
            let _ = sender.send(work.await);
        });
        receiver.recv().unwrap_or_else(|_| Err(JournalError::stopped("a bug in asking the database")))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may be dropped on a thread of another runtime, where nothing may be waited for.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
