//! More than the ledger can take, and clients that are stuck: memory stays bounded, what is taken is answered in time, the
//! rest is refused and told when to try again, nothing acknowledged is lost, and everybody else goes on.
//!
//! `OVERLOAD_SECONDS=60` lets each flood last a minute.

#[path = "../common/mod.rs"]
mod common;
mod flood;
mod queue;
mod resets;
mod server;
mod stuck;
mod unread;

use common::events::partner;
use common::server::Server;
use flood::DEADLINE;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{AppendRequest, GetBalanceRequest, ListBalancesRequest, ListPartnersRequest, ReadRecordsRequest};
use server::{BUDGET, CONNECTIONS, PREFACE_TIMEOUT, STALL, memory};
use std::time::Instant;
use tonic::Request;
use tonic::transport::Channel;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Memory that stuck clients may cost in all: pages of records for each of those who do not read them, and little else.
const MEMORY: u64 = 128 << 20;
/// The status of a call whose time is over.
const DEADLINE_EXCEEDED: &str = "4";
/// How many append streams do not read their answers.
const UNREAD_STREAMS: usize = 4;

/// Not a test of its own: the process that the others start to serve.
#[test]
fn serves_when_told() {
    server::serve_if_told();
}

#[tokio::test]
async fn of_ten_times_too_much_what_there_is_room_for_is_taken() {
    queue::takes_what_there_is_room_for().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_single_events_is_borne() {
    flood::flood(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_batches_is_borne() {
    flood::flood(300).await;
}

/// Somebody who appends and reads as usual.
struct Other {
    channel: Channel,
    appended: usize,
}

impl Other {
    /// Appends and reads, each within a time that only somebody who waits for others would need.
    async fn goes_on(&mut self, times: usize, beside: &str) {
        let (mut writer, mut reader) =
            (LedgerServiceClient::new(self.channel.clone()), PartnershipServiceClient::new(self.channel.clone()));
        for _ in 0..times {
            let id = format!("other-{}", self.appended);
            let mut request = Request::new(AppendRequest { events: vec![partner(&id)], expected_last_position: None });
            request.set_timeout(DEADLINE);
            writer.append(request).await.unwrap_or_else(|status| panic!("beside {beside}, no append: {status:?}"));
            self.appended += 1;
            let mut request = Request::new(GetBalanceRequest { partner_id: id, options: None });
            request.set_timeout(DEADLINE);
            reader.get_balance(request).await.unwrap_or_else(|status| panic!("beside {beside}, no read: {status:?}"));
        }
    }
}

/// Says what memory is in use beside stuck clients.
fn told(server: &Server, beside: &str) {
    println!("beside {beside}, memory {:?}", memory(server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_stuck_clients_everybody_else_goes_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    let mut other = Other { channel: server.connect().await, appended: 0 };
    other.goes_on(300, "nobody").await;
    let before = memory(&server);
    let half = stuck::half_sent(&server.address, 200).await;
    other.goes_on(20, "half sent requests").await;
    told(&server, "half sent requests");
    let records = stuck::unread_records(&server, 100).await;
    other.goes_on(20, "records that nobody reads").await;
    told(&server, "records that nobody reads");
    let slow = stuck::byte_by_byte(&server).await;
    other.goes_on(20, "a reader of single bytes").await;
    let mut unread = Vec::new();
    for number in 0..UNREAD_STREAMS {
        unread.push(stuck::unread_answers(&server, &format!("unread-{number}")).await);
        other.goes_on(20, "answers that nobody reads").await;
        told(&server, "answers that nobody reads");
    }
    let silent = stuck::silent(&server.address, CONNECTIONS / 2, b"PRI * HT");
    other.goes_on(20, "connections on which nothing is said").await;
    let after = memory(&server);
    println!("memory before {before:?}; unread streams sent {:?}", unread.iter().map(|stream| stream.sent).collect::<Vec<_>>());
    if let (Some((before, _)), Some((_, most))) = (before, after) {
        assert!(most < before + MEMORY, "stuck clients cost {} bytes", most - before);
    }
    slow.abort();
    drop((records, unread, silent));
    for call in half {
        assert_eq!(call.await.expect("a call").as_deref(), Some(DEADLINE_EXCEEDED), "the rest did not come in time");
    }
    other.goes_on(20, "nobody any more").await;
    assert!(server.terminate().0.success());
}

/// Connections are bounded, and those on which nothing is said are closed: the journal keeps its files, and others get in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mute_connections_keep_others_out_only_for_a_while() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    let mut other = Other { channel: server.connect().await, appended: 0 };
    let silent = stuck::silent(&server.address, CONNECTIONS * 2, b"");
    other.goes_on(50, "more connections than there is room for").await;
    let started = Instant::now();
    let mut newcomer = loop {
        let channel = server.connect().await;
        let asked = PartnershipServiceClient::new(channel.clone()).list_balances(ListBalancesRequest::default()).await;
        match asked {
            Ok(_) => break Other { channel, appended: other.appended },
            Err(_) => assert!(started.elapsed() < PREFACE_TIMEOUT * 10, "nobody gets in any more"),
        }
        tokio::time::sleep(PREFACE_TIMEOUT / 10).await;
    };
    newcomer.goes_on(10, "connections that were closed").await;
    drop(silent);
    assert!(server.terminate().0.success());
}

/// Bytes of memory for each call that is stuck, beside the budget: its task, its stream of HTTP/2.
const MEMORY_PER_CALL: u64 = 40 << 10;
/// Memory for what is read, decoded and built beside the budget, and what the allocator and the store keep of it.
const BESIDE: u64 = 256 << 20;

/// Runs something, and checks by how much it lets the memory of a server grow.
async fn costs_at_most<T>(server: &Server, bound: u64, what: &str, run: impl Future<Output = T>) -> T {
    let before = memory(server);
    let result = run.await;
    if let (Some((before, _)), Some((_, most))) = (before, memory(server)) {
        let cost = most.saturating_sub(before);
        println!("{what}: {} MiB more, {} MiB are allowed", cost >> 20, bound >> 20);
        assert!(cost < bound, "{what} cost {cost} bytes of memory, {bound} would be enough");
    }
    result
}

/// Everybody's records, read to the end by somebody who takes them in.
async fn reads_all(server: &Server) -> usize {
    let mut auditor = AuditServiceClient::new(server.connect().await);
    let mut pages = auditor
        .read_records(ReadRecordsRequest { page_size: 1_000, ..ReadRecordsRequest::default() })
        .await
        .expect("a stream")
        .into_inner();
    let mut count = 0;
    while let Some(page) = pages.message().await.expect("a page") {
        count += page.records.len();
    }
    count
}

/// Streams of records on closed windows: each holds little, all together no more than the budget, and who reads is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_nobody_reads_have_a_bound() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    unread::record_notes(&server, 4_000).await;
    let mut other = Other { channel: server.connect().await, appended: 0 };
    other.goes_on(20, "nobody").await;
    let (connections, each) = (4, 250);
    let bound = BUDGET as u64 + BESIDE + (connections * each) as u64 * MEMORY_PER_CALL;
    let held = costs_at_most(&server, bound, "records that nobody reads", async {
        let held = unread::calls(&server, connections, each, "AuditService/ReadRecords", &ReadRecordsRequest::default()).await;
        tokio::time::sleep(STALL / 2).await;
        other.goes_on(20, "records that nobody reads").await;
        let started = Instant::now();
        assert_eq!(reads_all(&server).await, 4_001 + other.appended);
        println!("beside them all records were read in {:?}", started.elapsed());
        // Those who wait for room meanwhile end.
        tokio::time::sleep(STALL).await;
        other.goes_on(20, "streams that ended").await;
        held
    })
    .await;
    println!("{} streams were taken, {} refused", held.taken, held.refused);
    assert!(held.taken > 100, "{} streams were taken", held.taken);
    drop(held);
    assert!(server.terminate().0.success());
}

/// Answers of megabytes on closed windows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_that_nobody_reads_have_a_bound() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    let mut writer = LedgerServiceClient::new(server.connect().await);
    for first in (0..1_000).step_by(250) {
        let events: Vec<_> = (first..first + 250).map(|number| common::events::long_named(&format!("long-{number}"), 50)).collect();
        writer.append(AppendRequest { events, expected_last_position: None }).await.expect("recorded");
    }
    let mut other = Other { channel: server.connect().await, appended: 0 };
    other.goes_on(20, "nobody").await;
    let (connections, each) = (2, 200);
    let bound = BUDGET as u64 + BESIDE + (connections * each) as u64 * MEMORY_PER_CALL;
    let question = ListPartnersRequest { page_size: 1_000, ..ListPartnersRequest::default() };
    let held = costs_at_most(&server, bound, "large answers that nobody reads", async {
        let held = unread::calls(&server, connections, each, "PartnershipService/ListPartners", &question).await;
        other.goes_on(20, "large answers that nobody reads").await;
        held
    })
    .await;
    // Somebody else has room for such an answer, at the latest when those that nobody takes are given up.
    let mut reader = PartnershipServiceClient::new(server.connect().await);
    let page = unread::patiently(async || reader.list_partners(question.clone()).await).await.into_inner();
    assert_eq!(page.partners.len(), 1_000);
    drop(held);
    assert!(server.terminate().0.success());
}

/// Large requests on many streams at once: what there is room for is decoded, the rest waits as it came or is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_requests_are_parsed_when_there_is_room_for_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    unread::record_notes(&server, 10).await;
    let events = unread::notes("large", 1_800);
    let bound = BUDGET as u64 + BESIDE;
    costs_at_most(&server, bound, "large requests", unread::large_requests(&server, 6, &events)).await;
    assert!(server.terminate().0.success());
}

/// Reads that a client gives up while the server is busy do not end its other calls; an attack with them ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_are_given_up_leave_the_connection_to_the_others() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    assert!(resets::survives(&server, 60, "after-sixty").await, "sixty reads that were given up end an append stream");
    assert!(resets::survives(&server, 250, "after-many").await, "as many as a client may have at a time end an append stream");
    assert!(!resets::survives(&server, 20_000, "after-an-attack").await, "the attack goes on");
    assert!(server.terminate().0.success());
}
