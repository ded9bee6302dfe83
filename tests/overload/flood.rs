//! Ten times more than there is room for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use partnership_ledger::journal::Journal as _;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, Event, Record};
use prost::Message as _;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::common::events::partner;
use crate::server::{self, QUEUE_BYTES, QUEUE_REQUESTS, memory};

/// How long it is offered, in seconds, unless `OVERLOAD_SECONDS` says otherwise.
const SECONDS: u64 = 3;
/// How much more is offered than there is room for.
const TIMES: usize = 10;
/// Connections over which it is offered.
const CONNECTIONS: usize = 4;
/// A call that is not answered by then waited without bound.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// Memory beside the queue and the records: connections, calls, the journal's store.
const MEMORY: u64 = 96 << 20;
/// Memory for each record, in the state, the indexes and the store's cache.
const MEMORY_PER_RECORD: u64 = 2 << 10;

/// What the clients were told.
#[derive(Default)]
struct Told {
    next: AtomicU64,
    refused: AtomicU64,
    is_over: AtomicBool,
    /// Positions by event id.
    acknowledged: Mutex<BTreeMap<String, u64>>,
    /// How long calls took that were taken.
    took: Mutex<Vec<Duration>>,
    wrong: Mutex<Vec<Status>>,
}

impl Told {
    /// Appends until it is over; what is refused is given up, and something else offered at once.
    async fn offer(self: Arc<Self>, channel: Channel, events: u64) {
        let mut writer = LedgerServiceClient::new(channel);
        while !self.is_over.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(events, Ordering::Relaxed);
            let events: Vec<Event> = (first..first + events).map(|number| partner(&format!("p{number}"))).collect();
            let mut request = Request::new(AppendRequest { events, expected_last_position: None });
            request.set_timeout(DEADLINE);
            let started = Instant::now();
            match writer.append(request).await {
                Ok(answer) => {
                    self.took.lock().push(started.elapsed());
                    let results = answer.into_inner().results;
                    self.acknowledged.lock().extend(results.into_iter().map(|result| (result.event_id, result.position)));
                }
                Err(status) if is_overload(&status) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(status) => self.wrong.lock().push(status),
            }
        }
    }

    fn figures(&self) -> String {
        let mut took = self.took.lock().clone();
        took.sort_unstable();
        let at = |part: usize| took.get(took.len() * part / 1_000).copied().unwrap_or_default();
        let (taken, refused) = (took.len(), self.refused.load(Ordering::Relaxed));
        format!("{taken} calls taken, {refused} refused; taken ones took {:?}, at most {:?} of 99.9 %", at(500), at(999))
    }
}

/// A refusal that says when to try again.
fn is_overload(status: &Status) -> bool {
    let retry = status.get_error_details().retry_info().and_then(|retry| retry.retry_delay);
    status.code() == Code::ResourceExhausted && retry.is_some_and(|delay| delay > Duration::ZERO)
}

/// Offers requests of so many events for a while; memory is looked at, and what was acknowledged is looked for after a
/// kill.
pub async fn flood(events: u64) {
    let seconds = std::env::var("OVERLOAD_SECONDS").map_or(SECONDS, |value| value.parse().expect("a number of seconds"));
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = server::start(dir.path());
    let before = memory(&server);
    let told = Arc::new(Told::default());
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let channel = server.connect().await;
        clients.extend((0..QUEUE_REQUESTS * TIMES / CONNECTIONS).map(|_| tokio::spawn(told.clone().offer(channel.clone(), events))));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    told.is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("a client ends");
    }
    let after = memory(&server);
    println!("{events} events a call: {}; memory before, after and at most: {before:?} {after:?}", told.figures());
    assert!(told.wrong.lock().is_empty(), "neither taken nor refused for overload: {:?}", told.wrong.lock().first());
    assert!(told.refused.load(Ordering::Relaxed) > 0, "there was no overload");
    let acknowledged = told.acknowledged.lock().clone();
    assert!(!acknowledged.is_empty(), "nothing was taken");
    if let (Some((before, _)), Some((_, most))) = (before, after) {
        let bound = before + MEMORY + QUEUE_BYTES as u64 + acknowledged.len() as u64 * MEMORY_PER_RECORD;
        assert!(most < bound, "{most} bytes of memory were in use, {bound} would be enough");
    }
    server.kill();
    let recorded = recorded(dir.path());
    let lost: Vec<_> = acknowledged.iter().filter(|(id, position)| recorded.get(*id) != Some(position)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged events are lost: {:?}", lost.len(), acknowledged.len(), lost.first());
}

/// Where events are in the journal of a directory.
fn recorded(dir: &std::path::Path) -> BTreeMap<String, u64> {
    let (journal, _) = EmbeddedJournal::open(dir, Options::default()).expect("the journal opens");
    let stored = journal.read(1, usize::MAX, usize::MAX).expect("records");
    let of = |bytes: &[u8]| Record::decode(bytes).expect("a record").event.expect("an event").event_id;
    let recorded = stored.iter().map(|record| (of(&record.bytes), record.position)).collect();
    journal.close().expect("the journal closes");
    recorded
}
