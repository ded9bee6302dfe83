//! The signals of a long-running command: SIGTERM and SIGINT end it, SIGHUP has files read anew.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives SIGTERM, SIGINT and SIGHUP. While it exists they do not end the process by themselves.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// From now on SIGHUP does not end the process: a service outlives the terminal that started it.
///
/// # Errors
/// If the system refuses.
///
/// # Panics
/// Outside of a runtime.
pub(super) fn ignore_hang_up() -> io::Result<()> {
    // What is received once stays received, also when nobody waits for it.
    signal(SignalKind::hangup()).map(drop)
}

impl Signals {
    /// Receives signals from now on.
    ///
    /// # Errors
    /// If the system refuses.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal that ends the process and returns its name. SIGHUP calls `on_hang_up`.
    pub async fn next(&mut self, mut on_hang_up: impl FnMut()) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hang_up.recv() => on_hang_up(),
            }
        }
    }
}
