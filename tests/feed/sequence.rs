//! The same sequence for everybody: early and late, quick and slow, and those who read nothing for a while.

use crate::common::events::{long_named, partner};
use crate::common::service::{Connections, Service, told};
use crate::{Follower, PATIENCE};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::ledger::{Ledger, Limits};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, SubscribeRequest};
use partnership_ledger::server::{Assembly, ServeConfig};
use std::sync::Arc;
use std::time::Duration;
use tonic::Code;

/// Appends so many partners in requests of several sizes.
async fn append(service: &Service, name: &str, count: usize) {
    let mut writer = service.writer().await;
    let mut number = 0;
    while number < count {
        let size = (1 + number % 37).min(count - number);
        let events = (number..number + size).map(|number| long_named(&format!("{name}-{number}"), 1 + number % 9)).collect();
        writer.append(AppendRequest { events, expected_last_position: None }).await.expect("recorded");
        number += size;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_the_same_sequence_whole_and_in_order() {
    let service = Arc::new(Service::start().await);
    append(&service, "before", 1_500).await;
    let mut tasks = Vec::new();
    let total = 6_000;
    for number in 0..24_u64 {
        let service = Arc::clone(&service);
        tasks.push(tokio::spawn(async move {
            // Some come while events are appended, and begin in the middle of what is there.
            tokio::time::sleep(Duration::from_millis(number * 7)).await;
            let after = if number % 3 == 0 { 0 } else { number * 61 };
            let mut follower = Follower::of(&service, after, None).await;
            while follower.position < total {
                if number % 4 == 1 {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                if number == 5 && follower.position < 1_600 {
                    // One that takes in nothing for a while.
                    tokio::time::sleep(Duration::from_millis(400)).await;
                }
                follower.next().await.expect("it goes on");
            }
            (after, follower)
        }));
    }
    append(&service, "meanwhile", 4_500).await;
    let records = service.records();
    assert_eq!(records.len() as u64, total);
    for task in tasks {
        let (after, follower) = tokio::time::timeout(PATIENCE, task).await.expect("in time").expect("no panic");
        assert!(follower.records == records[usize::try_from(after).expect("few")..], "{after}: {:?}", follower.positions());
        assert!(follower.caught_up <= 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_everything_is_told_so_once_and_then_what_comes() {
    let service = Service::start().await;
    let mut follower = Follower::of(&service, 0, None).await;
    follower.next().await.expect("an answer");
    assert_eq!((follower.caught_up, follower.position), (1, 0), "of nothing it has everything");
    append(&service, "a", 300).await;
    follower.until(300).await;
    assert_eq!((follower.caught_up, follower.records.len()), (1, 300));
    let mut late = Follower::of(&service, 120, None).await;
    while late.caught_up == 0 {
        late.next().await.expect("it goes on");
    }
    assert_eq!(late.positions(), (121..=300).collect::<Vec<_>>(), "all that was there came before");
    append(&service, "b", 1).await;
    for follower in [&mut follower, &mut late] {
        follower.until(301).await;
        assert_eq!((follower.caught_up, follower.heartbeats), (1, 0));
    }
    let beyond = SubscribeRequest { after_position: 302, filter: None };
    let status = service.auditor().await.subscribe(beyond).await.expect_err("beyond the last");
    assert_eq!(told(&status), (Code::FailedPrecondition, "POSITION_NOT_REACHED".to_owned()));
}

/// The service over connections in memory, with settings of its own, and the memory that it counts.
struct Counted {
    ledger: Ledger,
    connections: Connections,
    assembly: Assembly,
}

impl Counted {
    async fn start(config: ServeConfig) -> Self {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let assembly = Assembly::new(&ledger, &config);
        let connections = Connections::to(assembly.service().expect("a service")).0;
        assembly.health().serving().await;
        Self { ledger, connections, assembly }
    }

    async fn follow(&self) -> Follower {
        let client = AuditServiceClient::new(self.connections.connect().await);
        Follower::begin(client, SubscribeRequest::default()).await.expect("it begins")
    }

    async fn append(&self, name: &str, count: usize, times: usize) {
        let mut writer = LedgerServiceClient::new(self.connections.connect().await);
        let events = (0..count).map(|number| long_named(&format!("{name}-{number}"), times)).collect();
        writer.append(AppendRequest { events, expected_last_position: None }).await.expect("recorded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_heard_nothing_for_a_while_is_told_that_the_stream_lives() {
    let service = Counted::start(ServeConfig { heartbeat: Duration::from_millis(100), ..ServeConfig::default() }).await;
    let mut follower = service.follow().await;
    while follower.heartbeats < 3 {
        follower.next().await.expect("it lives");
    }
    service.append("a", 5, 1).await;
    follower.until(5).await;
    assert_eq!(follower.positions(), [1, 2, 3, 4, 5]);
    let before = follower.heartbeats;
    while follower.heartbeats == before {
        follower.next().await.expect("it lives");
    }
    assert_eq!(follower.position, 5);
}

/// Who reads nothing costs a page or two however much is recorded, stays a subscriber, and gets everything once it reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_nothing_costs_little_and_misses_nothing() {
    const SILENT: usize = 8;
    let service = Counted::start(ServeConfig::default()).await;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(service.follow().await);
    }
    let mut quick = service.follow().await;
    // Some 40 MB, which is more than the windows of the connections and the ring of the newest pages take.
    for round in 0..50 {
        service.append(&format!("r{round}"), 400, 50).await;
        quick.until(service.ledger.last()).await;
    }
    let last = service.ledger.last();
    let feed = service.assembly.feed();
    assert_eq!((feed.audience().count(), quick.records.len() as u64), (SILENT + 1, last));
    assert!(feed.lag() > 0, "somebody is behind");
    let held = service.assembly.memory().held();
    let most = SILENT * (2 << 20);
    assert!(held < most, "{SILENT} silent subscribers hold {held} bytes");
    for follower in &mut silent {
        follower.until(last).await;
        assert!(follower.records == quick.records);
    }
    drop((silent, quick));
    tokio::time::timeout(PATIENCE, feed.audience().left()).await.expect("they have left");
    assert_eq!(feed.lag(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_nobody_followed_for_a_while_goes_on() {
    let service = Service::start().await;
    for round in 0..20_u64 {
        let mut follower = Follower::of(&service, round, None).await;
        service.append([partner(&format!("p{round}"))]).await.expect("recorded");
        follower.until(round + 1).await;
        assert_eq!(follower.positions(), [round + 1]);
        drop(follower);
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }
}
