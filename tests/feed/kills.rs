//! The server is killed again and again while events are appended and followed: whoever goes on from its last position has the
//! same sequence as everybody else, and it is what was recorded.

use crate::common::events::{append_request, long_named};
use crate::common::server::{ANY_PORT, Server, connect, serving};
use crate::{MAX_ANSWER_BYTES, PATIENCE};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::subscribe_response::Item;
use partnership_ledger::proto::{Event, ReadRecordsRequest, Record, SubscribeRequest};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tonic::transport::{Channel, Endpoint};

/// How often the server is killed; `KILL_ROUNDS` says otherwise.
const ROUNDS: u32 = 6;
const FOLLOWERS: u64 = 6;
const BATCHES: u64 = 400;

/// Serves a directory where it was served before, which may take a moment to be free.
fn serve(dir: &Path, address: &str) -> Server {
    let begun = Instant::now();
    loop {
        match Server::start(&mut serving(dir, address)) {
            Ok(server) => return server,
            Err(not_started) => assert!(begun.elapsed() < PATIENCE, "{not_started:?}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn channel(address: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    loop {
        match endpoint.connect().await {
            Ok(channel) => return channel,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Appends all batches, each until it is acknowledged.
async fn append(address: String, mut number: u64) {
    while number < BATCHES {
        let mut writer = LedgerServiceClient::new(channel(&address).await);
        loop {
            let events: Vec<Event> = (0..=number % 7)
                .map(|index| long_named(&format!("p-{number}-{index}"), 1 + usize::try_from(index).expect("few") * 8))
                .collect();
            if writer.append(append_request(events)).await.is_err() {
                break;
            }
            number += 1;
            if number == BATCHES {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Follows from its last position on, through all that befalls the server, up to a position that it is told at last.
async fn follow(address: String, number: u64, until: watch::Receiver<Option<u64>>) -> Vec<Record> {
    let (mut records, mut position) = (Vec::<Record>::new(), 0);
    let is_over = |position: u64| until.borrow().is_some_and(|until| position >= until);
    while !is_over(position) {
        let mut auditor = AuditServiceClient::new(channel(&address).await).max_decoding_message_size(MAX_ANSWER_BYTES);
        let request = SubscribeRequest { after_position: position, filter: None };
        let Ok(stream) = auditor.subscribe(request).await else { continue };
        let mut stream = stream.into_inner();
        while !is_over(position) {
            // Whoever is through waits for what comes, but looks now and then whether it is over.
            let Ok(next) = tokio::time::timeout(Duration::from_millis(300), stream.message()).await else { continue };
            let Ok(Some(response)) = next else { break };
            if let Some(Item::Records(page)) = response.item {
                for record in page.records {
                    assert_eq!(record.position, records.len() as u64 + 1, "nothing twice, nothing missing");
                    records.push(record);
                }
            }
            position = response.position;
            assert_eq!(position, records.len() as u64);
            if number % 3 == 1 {
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        }
    }
    records
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_on_from_its_position_has_everything_once_however_often_the_server_is_killed() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(&mut serving(dir.path(), ANY_PORT)).expect("it starts");
    let address = server.address.clone();
    let appending = tokio::spawn(append(address.clone(), 0));
    let (until, watching) = watch::channel(None);
    let followers: Vec<_> = (0..FOLLOWERS).map(|number| tokio::spawn(follow(address.clone(), number, watching.clone()))).collect();
    let rounds = std::env::var("KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(80 + u64::from(round) * 37 % 200)).await;
        server.kill();
        server = serve(dir.path(), &address);
    }
    tokio::time::timeout(4 * PATIENCE, appending).await.expect("in time").expect("no panic");
    let mut auditor = AuditServiceClient::new(connect(&address).await).max_decoding_message_size(MAX_ANSWER_BYTES);
    let request = ReadRecordsRequest { page_size: 1_000, ..ReadRecordsRequest::default() };
    let mut pages = auditor.read_records(request).await.expect("records").into_inner();
    let mut recorded = Vec::new();
    while let Some(page) = pages.message().await.expect("a page") {
        recorded.extend(page.records);
    }
    let count: u64 = (0..BATCHES).map(|number| 1 + number % 7).sum();
    assert_eq!(recorded.len() as u64, count, "each batch is recorded once");
    until.send_replace(Some(count));
    for follower in followers {
        let records = tokio::time::timeout(PATIENCE, follower).await.expect("in time").expect("no panic");
        assert!(records == recorded, "{} records of {count}", records.len());
    }
    assert!(server.terminate().0.success());
}
