//! A server on a free port, over a ledger in a temporary directory.

use crate::cli::failure::Failure;
use partnership_ledger::ledger::Ledger;
use partnership_ledger::server::{Assembly, ConsoleListener, ServeConfig, open};
use std::net::SocketAddr;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    ledger: Ledger,
    assembly: Assembly,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
    _dir: TempDir,
}

/// Starts the server.
pub async fn start() -> Result<Server, Failure> {
    let dir = tempfile::tempdir().map_err(cannot("make a directory"))?;
    let config = ServeConfig { data_dir: dir.path().to_owned(), snapshot_records: 0, ..ServeConfig::default() };
    let ledger = open(&config, "").map_err(cannot("open a ledger"))?.ledger;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot("listen"))?;
    let address = listener.local_addr().map_err(cannot("listen"))?;
    let assembly = Assembly::new(&ledger, &config);
    let service = assembly.service().map_err(cannot("serve"))?;
    assembly.health().serving().await;
    let task = tokio::spawn(service.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    Ok(Server { address, ledger, assembly, task, _dir: dir })
}

impl Server {
    /// Serves the console of its ledger on this machine.
    pub fn console(&self, address: SocketAddr) -> Result<ConsoleListener, Failure> {
        let listener = std::net::TcpListener::bind(address).map_err(cannot("listen"))?;
        ConsoleListener::start_open(listener, &self.assembly).map_err(cannot("serve the console"))
    }

    /// Stops it, closes the ledger and removes its directory.
    pub fn stop(self) -> Result<(), Failure> {
        self.task.abort();
        drop(self.assembly);
        self.ledger.close().map_err(cannot("close the ledger"))
    }
}

fn cannot<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::check(format!("the demo cannot {what}: {error}"))
}
