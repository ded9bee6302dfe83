//! A ledger on disk, filled with the workload, and a connection to its service.

#![allow(dead_code, reason = "each bench uses a part of it")]

use crate::workload::Workload;
use partnership_ledger::clock::SystemClock;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::ledger::{Append, Ledger, Limits};
use partnership_ledger::proto;
use partnership_ledger::server::{ServeConfig, assemble};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};

/// Partners of the workload.
pub const PARTNERS: u32 = 200;
/// Events per request where it is filled.
const BATCH: usize = 500;

/// A ledger on disk and what it is fed with.
pub struct Bench {
    /// Runs all that waits.
    pub runtime: Runtime,
    /// The ledger.
    pub ledger: Ledger,
    workload: Workload,
    dir: TempDir,
}

impl Bench {
    /// A fresh ledger with so many events of the workload.
    pub fn with(events: usize) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let ledger = open(dir.path());
        let runtime = Runtime::new().expect("threads");
        let mut bench = Self { runtime, ledger, workload: Workload::new(1, PARTNERS), dir };
        for _ in 0..events / BATCH {
            let events = bench.events(BATCH);
            bench.append(events);
        }
        bench
    }

    /// Where it is kept.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The next events of the workload.
    pub fn events(&mut self, count: usize) -> Vec<proto::Event> {
        (0..count).map(|_| self.workload.next_event()).collect()
    }

    /// Records events and waits until they are durable.
    pub fn append(&self, events: Vec<proto::Event>) {
        let append = Append {
            events: events.into(),
            expected_last_position: None,
            recorded_by: Arc::from("bench"),
            permit: None,
            deadline: None,
            account: None,
        };
        self.runtime.block_on(self.ledger.append(append)).expect("the workload follows the rules");
    }

    /// Serves the ledger over TCP, and connects to it.
    pub fn connect(&self) -> Channel {
        self.runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
            let address = listener.local_addr().expect("bound");
            let (service, _) = assemble(&self.ledger, &ServeConfig::default()).expect("the contract is whole");
            tokio::spawn(service.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
            let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
            endpoint.tcp_nodelay(true).connect().await.expect("it listens")
        })
    }
}

/// Opens the ledger of a directory.
pub fn open(dir: &Path) -> Ledger {
    let (journal, _) = EmbeddedJournal::open(dir, Options::default()).expect("a fresh directory, or a whole one");
    let (ledger, _) = Ledger::open(Arc::new(journal), Arc::new(SystemClock), Limits::default()).expect("replayable");
    ledger
}
