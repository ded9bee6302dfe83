//! The served program, killed and told to end: nothing acknowledged is lost, no batch is half recorded.

use crate::common::events::{append_request, long_named};
use crate::common::server::{ANY_PORT, Server, serving};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendResult, Event, GetTrialBalanceRequest, ReadRecordsRequest};
use rand::RngExt as _;
use std::collections::HashMap;
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tonic::transport::Channel;

/// How often the program is killed; `CRASH_ROUNDS` says otherwise.
const ROUNDS: u32 = 12;
/// Clients that append at the same time.
const CLIENTS: usize = 6;

/// Serves the ledger of a directory.
fn serve(dir: &Path) -> Server {
    let started = Server::start(serving(dir, ANY_PORT).stderr(Stdio::piped()));
    started.unwrap_or_else(|not_started| panic!("{not_started:?}"))
}

/// A batch of new partners.
fn batch(number: u64, size: u64) -> Vec<Event> {
    (0..size).map(|index| long_named(&format!("p-{number}-{index}"), 4)).collect()
}

/// What the clients have sent and been told.
#[derive(Default)]
struct Told {
    next: AtomicU64,
    sent: Mutex<Vec<Vec<Event>>>,
    acknowledged: Mutex<Vec<Vec<AppendResult>>>,
}

/// Appends until the server is gone.
async fn append_on(channel: Channel, told: Arc<Told>) {
    let mut writer = LedgerServiceClient::new(channel);
    loop {
        let number = told.next.fetch_add(1, Ordering::Relaxed);
        let events = batch(number, 1 + number % 7);
        told.sent.lock().await.push(events.clone());
        match writer.append(append_request(events)).await {
            Ok(answer) => told.acknowledged.lock().await.push(answer.into_inner().results),
            Err(_) => return,
        }
    }
}

/// The positions of all recorded events by their ids.
async fn recorded(channel: Channel) -> HashMap<String, u64> {
    let mut auditor = AuditServiceClient::new(channel);
    let balance = auditor.get_trial_balance(GetTrialBalanceRequest::default()).await.expect("a balance").into_inner();
    assert!(balance.is_balanced);
    let request = ReadRecordsRequest { page_size: 1_000, ..ReadRecordsRequest::default() };
    let mut pages = auditor.read_records(request).await.expect("records").into_inner();
    let mut found = HashMap::new();
    while let Some(page) = pages.message().await.expect("a page") {
        for record in page.records {
            assert_eq!(record.position, found.len() as u64 + 1, "positions without gaps");
            found.insert(record.event.expect("an event").event_id, record.position);
        }
    }
    found
}

/// Checks what came back against what was told.
async fn check(channel: Channel, told: &Told) {
    let recorded = recorded(channel).await;
    for result in told.acknowledged.lock().await.iter().flatten() {
        assert_eq!(recorded.get(&result.event_id), Some(&result.position), "an acknowledged event is where it was said to be");
    }
    for events in told.sent.lock().await.iter() {
        let found: Vec<u64> = events.iter().filter_map(|event| recorded.get(&event.event_id).copied()).collect();
        assert!(found.is_empty() || found.len() == events.len(), "half a batch: {found:?}");
        assert!(found.windows(2).all(|pair| pair[1] == pair[0] + 1), "a batch that is torn apart: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_acknowledged_and_records_no_half_batch() {
    let dir = tempfile::tempdir().expect("a directory");
    let told = Arc::new(Told::default());
    let rounds = std::env::var("CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for _ in 0..rounds {
        let mut server = serve(dir.path());
        check(server.connect().await, &told).await;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(tokio::spawn(append_on(server.connect().await, Arc::clone(&told))));
        }
        let lived = Duration::from_millis(rand::rng().random_range(5..250));
        tokio::time::sleep(lived).await;
        server.kill();
        for client in clients {
            client.await.expect("a client");
        }
    }
    assert!(told.acknowledged.lock().await.len() > rounds as usize, "something was acknowledged");
    let mut server = serve(dir.path());
    check(server.connect().await, &told).await;
    resend(&server, &told).await;
    let (status, _) = server.terminate();
    assert!(status.success(), "{status}");
}

/// Everything sent again is recorded once.
async fn resend(server: &Server, told: &Told) {
    let before = recorded(server.connect().await).await;
    let mut writer = LedgerServiceClient::new(server.connect().await);
    for events in told.sent.lock().await.clone() {
        let known = before.get(&events[0].event_id).copied();
        let answer = writer.append(append_request(events)).await.expect("recorded").into_inner();
        assert!(answer.results.iter().all(|result| result.duplicate == known.is_some()));
        assert!(known.is_none_or(|position| position == answer.results[0].position));
    }
    let sent: usize = told.sent.lock().await.iter().map(Vec::len).sum();
    assert_eq!(recorded(server.connect().await).await.len(), sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_end_finishes_in_time_whatever_its_clients_do() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = serve(dir.path());
    let told = Arc::new(Told::default());
    let clients: Vec<_> =
        [server.connect().await, server.connect().await].map(|channel| tokio::spawn(append_on(channel, Arc::clone(&told)))).into();
    // One client has connected and says nothing, one has an open stream and sends nothing.
    let _silent = TcpStream::connect(&server.address).expect("a connection");
    let (_sender, requests) = tokio::sync::mpsc::channel(1);
    let mut streaming = LedgerServiceClient::new(server.connect().await);
    let _open = streaming.append_stream(tokio_stream::wrappers::ReceiverStream::new(requests)).await.expect("a stream");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (status, took) = tokio::task::spawn_blocking(move || server.terminate()).await.expect("it ends");
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    for client in clients {
        client.await.expect("a client");
    }
    let mut server = serve(dir.path());
    check(server.connect().await, &told).await;
    assert!(!told.acknowledged.lock().await.is_empty());
    server.kill();
}
