//! Servers that share a ledger, and clients that remember what they were told.

use crate::common::events::{append_request, long_named};
use crate::common::postgres::{Postgres, until};
use crate::common::server::{ANY_PORT, NotStarted, Server, serving};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendResult, ReadRecordsRequest, Record};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

/// How long an answer is waited for: a server that is stopped or cut off gives none.
const ANSWER: Duration = Duration::from_secs(1);
/// The service that records.
pub const RECORDING: &str = "partnership.ledger.v1.LedgerService";
/// The service that answers questions.
pub const READING: &str = "partnership.ledger.v1.PartnershipService";

/// A server of a ledger, with its data directory.
pub struct Node {
    pub server: Option<Server>,
    pub address: String,
    dir: TempDir,
}

/// Starts a server at an address, with the database at `url`.
pub fn start(dir: &Path, listen: &str, url: &str, options: &[&str]) -> Result<Server, NotStarted> {
    Server::start(serving(dir, listen).args(["--store", url]).args(options).stderr(Stdio::null()))
}

impl Node {
    /// Starts a new server.
    pub fn new(url: &str, options: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let server = start(dir.path(), ANY_PORT, url, options).unwrap_or_else(|not_started| panic!("{not_started:?}"));
        Self { address: server.address.clone(), server: Some(server), dir }
    }

    /// Its data directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its process.
    pub fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("it runs")
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill();
        }
    }

    /// Starts it again where it was; a process that has ended by itself, or was killed.
    pub fn restart(&mut self, url: &str, options: &[&str]) {
        self.kill();
        let started = start(self.dir.path(), &self.address, url, options);
        self.server = Some(started.unwrap_or_else(|not_started| panic!("{not_started:?}")));
    }

    /// A connection to it, made when it is used.
    pub fn channel(&self) -> Channel {
        channel(&self.address)
    }
}

/// A connection, made when it is used.
pub fn channel(address: &str) -> Channel {
    let address = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    Endpoint::from_shared(address).expect("an address").connect_timeout(Duration::from_millis(500)).timeout(ANSWER).connect_lazy()
}

/// Whether a service of a server serves.
pub async fn serves(address: &str, service: &str) -> bool {
    let asked = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel(address)).check(asked).await;
    answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}

/// Waits until one of the servers leads, and returns which.
pub async fn leader(nodes: &[Node]) -> usize {
    leader_but(nodes, usize::MAX).await
}

/// Waits until one of the servers leads that is another one than `but`, and returns which.
pub async fn leader_but(nodes: &[Node], but: usize) -> usize {
    let began = Instant::now();
    loop {
        for (index, node) in nodes.iter().enumerate() {
            if index != but && node.server.is_some() && serves(&node.address, RECORDING).await {
                return index;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(40), "nobody leads");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Where a refusal says that another server leads.
pub fn leader_of(status: &Status) -> Option<String> {
    let details = status.get_error_details();
    let info = details.error_info()?;
    assert!(status.code() == Code::Unavailable || info.reason != "NOT_LEADER");
    (info.reason == "NOT_LEADER").then(|| info.metadata.get("leader").cloned()).flatten()
}

/// All records of a server, in order.
pub async fn records(address: &str) -> Vec<Record> {
    let mut auditor = AuditServiceClient::new(channel(address));
    let request = ReadRecordsRequest { page_size: 1_000, ..ReadRecordsRequest::default() };
    let mut pages = auditor.read_records(request).await.expect("records").into_inner();
    let mut records = Vec::new();
    while let Some(page) = pages.message().await.expect("a page") {
        records.extend(page.records);
    }
    records
}

/// What clients were told: event ids and their positions; and how long nobody was told anything.
#[derive(Default)]
pub struct Told {
    pub acknowledged: Mutex<BTreeMap<String, u64>>,
    /// When the last answer came, and the longest time without any.
    silence: Mutex<(Option<Instant>, Duration)>,
    next: AtomicU64,
    is_over: AtomicBool,
}

impl Told {
    /// Starts clients that append to whichever server takes it, one event after the other, and send each until it is answered.
    pub fn start(self: &Arc<Self>, addresses: &[String], clients: u64) -> Vec<tokio::task::JoinHandle<()>> {
        (0..clients).map(|_| tokio::spawn(append_on(addresses.to_vec(), Arc::clone(self)))).collect()
    }

    /// Waits for an answer to an event that was sent after now; returns how long that took.
    pub async fn next_answer(&self, within: Duration) -> Duration {
        let began = Instant::now();
        let before = self.acknowledged.lock().await.len();
        // One answer may have been on its way.
        while self.acknowledged.lock().await.len() <= before + 2 {
            assert!(began.elapsed() < within, "no answer within {within:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        began.elapsed()
    }

    /// Takes note of an answer.
    async fn take(&self, results: Vec<AppendResult>) {
        self.acknowledged.lock().await.extend(results.into_iter().map(|result| (result.event_id, result.position)));
        let (now, mut silence) = (Instant::now(), self.silence.lock().await);
        let since = silence.0.map(|last| now.duration_since(last)).unwrap_or_default();
        *silence = (Some(now), silence.1.max(since));
    }

    /// The longest time without an answer since this was asked last.
    pub async fn longest_silence(&self) -> Duration {
        std::mem::take(&mut self.silence.lock().await.1)
    }

    /// Ends the clients, each after the answer that it waits for.
    pub async fn end(&self, clients: Vec<tokio::task::JoinHandle<()>>) {
        self.is_over.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.expect("a client");
        }
    }

    /// Compares what was told with what there is: all of it at its position, positions without gaps, no event twice.
    pub async fn check(&self, records: &[Record]) {
        let mut found = BTreeMap::new();
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record.position, index as u64 + 1, "positions without gaps");
            let id = record.event.as_ref().expect("an event").event_id.clone();
            assert!(found.insert(id, record.position).is_none(), "an event twice");
        }
        for (id, position) in self.acknowledged.lock().await.iter() {
            assert_eq!(found.get(id), Some(position), "an acknowledged event is where it was said to be");
        }
    }
}

/// Appends events one after the other, each until it is acknowledged: to the leader, as far as it is known.
async fn append_on(addresses: Vec<String>, told: Arc<Told>) {
    let mut at = 0;
    let mut writer = LedgerServiceClient::new(channel(&addresses[0]));
    while !told.is_over.load(Ordering::SeqCst) {
        let number = told.next.fetch_add(1, Ordering::Relaxed);
        let event = long_named(&format!("p-{number}"), 2);
        let began = Instant::now();
        loop {
            match writer.append(append_request([event.clone()])).await {
                Ok(answer) => {
                    told.take(answer.into_inner().results).await;
                    break;
                }
                Err(status) => {
                    at = (at + 1) % addresses.len();
                    let address = leader_of(&status).unwrap_or_else(|| addresses[at].clone());
                    writer = LedgerServiceClient::new(channel(&address));
                    // When all is over what was never acknowledged need not be.
                    if told.is_over.load(Ordering::SeqCst) && began.elapsed() > Duration::from_secs(30) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

/// Waits until all servers have so many records; then all have the same, and nothing that was told is missing.
pub async fn agree(nodes: &[&Node], told: &Told) {
    let mut all: Vec<Vec<Record>> = Vec::new();
    let most = told.acknowledged.lock().await.values().copied().max().unwrap_or_default();
    for node in nodes {
        let began = Instant::now();
        loop {
            let records = records(&node.address).await;
            let is_complete = records.len() as u64 >= most && all.first().is_none_or(|first| records.len() >= first.len());
            if is_complete {
                all.push(records);
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{} has {} of {most} records", node.address, records.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    told.check(&all[0]).await;
    let shortest = all.iter().map(Vec::len).min().unwrap_or_default();
    assert!(all.iter().all(|records| records[..shortest] == all[0][..shortest]), "two histories");
}

/// The check of the ledger in the database: `verify` finds nothing.
pub fn verify(postgres: &Postgres) {
    let outcome = crate::common::program::finish(crate::common::program::program().args(["verify", "--store", &postgres.url(), "--json"]));
    let answer = outcome.json();
    assert_eq!(answer["problems"], serde_json::json!([]), "{answer}");
}

/// Waits until a process has ended by itself, and returns its exit code.
pub fn exit_code(server: &mut Server) -> i32 {
    let mut code = None;
    until("the end of a server", || {
        code = server.ended();
        code.is_some()
    });
    code.and_then(|status| status.code()).expect("it ended by itself")
}
