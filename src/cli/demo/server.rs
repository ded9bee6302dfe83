//! A real server on a port of the system's choice, over a ledger in a directory that is removed afterwards.

use crate::cli::failure::Failure;
use partnership_ledger::clock::SystemClock;
use partnership_ledger::config::ServeConfig;
use partnership_ledger::grpc::assemble;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::ledger::Ledger;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;

/// The running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    ledger: Ledger,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
    _dir: TempDir,
}

/// Starts the server.
pub async fn start() -> Result<Server, Failure> {
    let dir = tempfile::tempdir().map_err(cannot("make a directory"))?;
    let config = ServeConfig::default();
    let (journal, _) = EmbeddedJournal::open(dir.path(), Options::default()).map_err(cannot("open a ledger"))?;
    let (ledger, _) = Ledger::open(Arc::new(journal), Arc::new(SystemClock), config.limits.clone()).map_err(cannot("open a ledger"))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot("listen"))?;
    let address = listener.local_addr().map_err(cannot("listen"))?;
    let (service, health) = assemble(&ledger, &config).map_err(cannot("serve"))?;
    health.serving().await;
    let task = tokio::spawn(service.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    Ok(Server { address, ledger, task, _dir: dir })
}

impl Server {
    /// Ends it; the directory goes with it.
    pub fn stop(self) -> Result<(), Failure> {
        self.task.abort();
        self.ledger.close().map_err(cannot("close the ledger"))
    }
}

fn cannot<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::check(format!("the demo cannot {what}: {error}"))
}
