//! Why serving failed.

use crate::access::Fault;
use crate::journal::JournalError;
use crate::ledger::ReplayError;
use crate::proofs::witness::WitnessError;
use crate::proofs::{self};
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
    /// The data directory cannot be read.
    #[error("the data directory {} cannot be read: {source}", dir.display())]
    DataDirUnreadable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are other files in the data directory, and no ledger.
    #[error(
        "{} holds no ledger, but other files ({found}): check --data-dir. A new ledger begins in an empty directory, or in one that is \
         not there yet",
        dir.display()
    )]
    NoLedger {
        /// The directory.
        dir: PathBuf,
        /// Some of the names.
        found: String,
    },
    /// The records are in a database, and the data directory holds a ledger of its own.
    #[error(
        "{} holds a ledger of its own, and the records of this one are in a database: name another --data-dir, or leave out --store",
        dir.display()
    )]
    HasLedger {
        /// The directory.
        dir: PathBuf,
    },
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The access log cannot be written.
    #[error("the access log {} cannot be opened: {source}", path.display())]
    AccessLog {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Traces cannot be sent.
    #[error("traces cannot be sent to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names: {0}")]
    Traces(String),
    /// Others would reach it, and nothing would keep them out.
    #[error(
        "{address} is open to other machines, so it needs TLS and an access file: --tls-cert FILE --tls-key FILE --access FILE; \
         or listen on 127.0.0.1. To serve whoever reaches it all the same, say --insecure"
    )]
    Unguarded {
        /// The address.
        address: SocketAddr,
    },
    /// The access file is not good.
    #[error("the access file {} is not good:{}", path.display(), listed(faults))]
    Access {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        faults: Vec<Fault>,
    },
    /// The console cannot be served as it was asked for.
    #[error("the console cannot be served: {0}")]
    Console(String),
    /// The files of TLS are not good.
    #[error("TLS cannot be served: {0}")]
    Tls(String),
    /// The files of `serve --dev` cannot be made.
    #[error("the files to try with cannot be made in {}: {source}", dir.display())]
    Dev {
        /// The data directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What proves the records to others cannot be set up.
    #[error(transparent)]
    Proofs(#[from] proofs::OpenError),
    /// A witness cannot begin.
    #[error(transparent)]
    Witness(#[from] WitnessError),
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
    /// This server no longer leads.
    #[error("{0}. Start it again: it follows then, and leads when nobody does")]
    Deposed(String),
    /// Recording stopped, as the database has lost or changed what this server has published.
    #[error("{0}")]
    LostHistory(String),
    /// The journal was not closed in time.
    #[error("the journal was not closed within {0:?}; what was acknowledged is safe, the next start takes longer")]
    CloseTimeout(Duration),
}

/// Faults, each on a line of its own.
fn listed(faults: &[Fault]) -> String {
    faults.iter().fold(String::new(), |text, fault| text + "\n  " + &fault.to_string())
}
