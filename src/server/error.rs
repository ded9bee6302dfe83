//! Why serving failed.

use crate::journal::JournalError;
use crate::ledger::ReplayError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Why the service could not be started, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data directory cannot be made.
    #[error("the data directory {} cannot be created: {source}", dir.display())]
    DataDir {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The journal cannot be opened, or not closed well.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The records cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The system refused threads or signals.
    #[error("the system refused {what}: {source}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The contract's own description cannot be served.
    #[error("the contract's description cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The server ended by itself.
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// A thread that served has ended by itself.
    #[error("a thread of the service ended by a defect")]
    Defect,
    /// Recording stopped while serving.
    #[error("recording stopped: {0}")]
    Stopped(String),
    /// The journal was not closed in time.
    #[error("the journal was not closed within {0:?}; what was acknowledged is safe, the next start takes longer")]
    CloseTimeout(Duration),
}
