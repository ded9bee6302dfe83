//! Broken and full disks under the served program: appends are refused with what to do, reads go on with everything that
//! was acknowledged, health tells of it, and once the cause is gone a restart has all of it and goes on.
//!
//! The fault layer stands below the real program, and lets single operations on its files fail as a disk would.

use crate::common::server::{ANY_PORT, NotStarted, Server, get};
use crate::layer::served::{append, errors, partners, records, serve};
use crate::layer::{EIO, ENOSPC, EROFS, Layer, order};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::{AppendResult, GetTrialBalanceRequest, audit_service_server, ledger_service_server};
use rstest::rstest;
use std::process::Command;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

/// Events of a batch: some fill the log's first segment.
const EVENTS: u64 = 120;
/// Appends before the disk breaks.
const BEFORE: u64 = 3;
/// Appends after which a broken disk must have shown: the store is synced every few seconds only.
const MOST: u64 = 600;

/// What was recorded of the batches, and the number of the one that was not answered.
struct Told {
    acknowledged: Vec<AppendResult>,
    next: u64,
}

impl Told {
    /// Appends one batch after the other until `until` of them are recorded, or one is refused.
    async fn append_until(&mut self, channel: &Channel, until: u64, pause: Duration) -> Result<(), Status> {
        while self.next < until {
            self.acknowledged.extend(append(channel.clone(), partners(self.next, EVENTS)).await?.results);
            self.next += 1;
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// All that was acknowledged is where it was said to be; of the batch behind it there is all or nothing.
    async fn check(&self, channel: &Channel) {
        let records = records(channel.clone()).await;
        for result in &self.acknowledged {
            let record = usize::try_from(result.position - 1).ok().and_then(|index| records.get(index));
            let event = record.and_then(|record| record.event.as_ref()).expect("an acknowledged record");
            assert_eq!(event.event_id, result.event_id);
        }
        let more = records.len() - self.acknowledged.len();
        assert!(more == 0 || more as u64 == EVENTS, "{more} records more: a batch is there as a whole or not at all");
        let request = GetTrialBalanceRequest::default();
        let balance = AuditServiceClient::new(channel.clone()).get_trial_balance(request).await.expect("a balance").into_inner();
        assert!(balance.is_balanced);
    }
}

async fn health(channel: &Channel) -> [ServingStatus; 3] {
    let mut answers = [ServingStatus::Unknown; 3];
    for (answer, name) in answers.iter_mut().zip(["", ledger_service_server::SERVICE_NAME, audit_service_server::SERVICE_NAME]) {
        let request = HealthCheckRequest { service: name.to_owned() };
        *answer = HealthClient::new(channel.clone()).check(request).await.expect("an answer").into_inner().status();
    }
    answers
}

fn assert_refused(status: &Status) {
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default();
    assert_eq!((status.code(), reason.as_str()), (Code::Unavailable, "STOPPED"), "{status}");
    for words in ["until it is restarted", "it is safe to send the same request again"] {
        assert!(status.message().contains(words), "{}", status.message());
    }
}

async fn end(mut server: Server) -> std::process::ExitStatus {
    tokio::task::spawn_blocking(move || server.terminate().0).await.expect("it ends")
}

fn load_and_observe(layer: &Layer, command: &mut Command) {
    layer.load(command);
    command.args(["--observe", ANY_PORT]);
}

/// Breaks the disk of a running ledger as ordered, and mends it. `words` are what the program says of the cause.
async fn break_and_mend(orders: &[String], words: &str) {
    let layer = Layer::new();
    layer.order(&[]);
    let mut server = serve(&layer, load_and_observe).expect("it starts");
    let observed = server.observed();
    let channel = server.connect().await;
    let mut told = Told { acknowledged: Vec::new(), next: 0 };
    told.append_until(&channel, BEFORE, Duration::ZERO).await.expect("recorded");
    assert_eq!(get(&observed, "/readyz", "*/*").expect("an answer").0, 200);
    layer.order(orders);
    let refused = told.append_until(&channel, MOST, Duration::from_millis(15)).await.expect_err("it breaks");
    assert_refused(&refused);
    // What is sent next fares no better, even where the disk would take it again; nor does what was recorded before.
    for number in [told.next + 1, 0] {
        assert_refused(&append(channel.clone(), partners(number, 2)).await.expect_err("stopped"));
    }
    told.check(&channel).await;
    assert_eq!(health(&channel).await, [ServingStatus::NotServing, ServingStatus::NotServing, ServingStatus::Serving]);
    let (status, why) = get(&observed, "/readyz", "*/*").expect("an answer");
    assert!(status == 503 && why.contains("recording has stopped"), "{status}: {why}");
    assert_eq!(get(&observed, "/healthz", "*/*").expect("an answer").0, 200, "it lives, so that it can be asked what it has");
    drop(channel);
    assert!(!end(server).await.success(), "it tells by its exit code that recording had stopped");
    let errors = errors(&layer);
    for words in [words, "restart", "recording stopped"] {
        assert!(errors.contains(words), "{words:?} in {errors}");
    }
    start_mended(&layer, told).await;
}

/// The cause is gone: a restart has everything and goes on, twice.
async fn start_mended(layer: &Layer, mut told: Told) {
    layer.order(&[]);
    for _ in 0..2 {
        let server = serve(layer, Layer::load).expect("it starts again");
        let channel = server.connect().await;
        assert_eq!(health(&channel).await, [ServingStatus::Serving; 3]);
        told.check(&channel).await;
        told.append_until(&channel, told.next + 2, Duration::ZERO).await.expect("it records again");
        told.check(&channel).await;
        drop(channel);
        assert!(end(server).await.success());
    }
}

#[rstest]
#[case::full_disk(&[order("write", "ledger/wal/0", 0, 0, ENOSPC)], "No space left on device")]
#[case::full_disk_within_a_frame(
    &[order("write", "ledger/wal/0", 2, 1, "short"), order("write", "ledger/wal/0", 3, 0, ENOSPC)], "No space left on device"
)]
#[case::failed_write(&[order("write", "ledger/wal/0", 1, 1, EIO)], "writing to the log")]
#[case::failed_sync(&[order("sync", "ledger/wal/0", 1, 1, EIO)], "syncing the log")]
#[case::no_space_for_the_next_segment(&[order("write", "ledger/wal/s", 0, 0, ENOSPC)], "starting a segment of the log")]
#[case::no_room_for_the_next_segments_name(&[order("open", "ledger/wal/s", 0, 0, ENOSPC)], "starting a segment of the log")]
#[case::next_segment_not_named(&[order("rename", "ledger/wal/", 0, 1, EIO)], "starting a segment of the log")]
#[case::next_segments_name_not_synced(&[order("sync", "ledger/wal$", 1, 1, EIO)], "starting a segment of the log")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_log_stops_recording_and_loses_nothing(#[case] orders: &[String], #[case] words: &str) {
    break_and_mend(orders, words).await;
}

/// All at once: the store is synced every few seconds, and each waits for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_store_stops_recording_and_loses_nothing() {
    let cases = [
        ("write", "ledger/store/", 0, ENOSPC, "No space left on device"),
        ("write", "ledger/store/", 1, EIO, "the store failed"),
        ("range", "ledger/store/", 1, EIO, "the store failed"),
        ("sync", "ledger/store/", 1, EIO, "syncing the store"),
        ("write", "ledger/checkpoint", 0, ENOSPC, "No space left on device"),
        ("sync", "ledger/checkpoint", 1, EIO, "ledger/checkpoint: Input/output error"),
        ("rename", "ledger/checkpoint", 1, EIO, "ledger/checkpoint: Input/output error"),
    ];
    let mut breaking = tokio::task::JoinSet::new();
    for (operation, path, times, what, words) in cases {
        breaking.spawn(async move { break_and_mend(&[order(operation, path, 0, times, what)], words).await });
    }
    breaking.join_all().await;
}

/// The store is written behind the answers: that it broke is told without anybody appending.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_of_a_broken_store_before_an_append_is_refused() {
    let layer = Layer::new();
    layer.order(&[]);
    let server = serve(&layer, Layer::load).expect("it starts");
    layer.order(&[order("sync", "ledger/store/", 0, 1, EIO)]);
    let channel = server.connect().await;
    let request = HealthCheckRequest { service: ledger_service_server::SERVICE_NAME.to_owned() };
    let mut watching = HealthClient::new(channel.clone()).watch(request).await.expect("answers").into_inner();
    let mut told = Told { acknowledged: Vec::new(), next: 0 };
    told.append_until(&channel, 1, Duration::ZERO).await.expect("recorded");
    let mut statuses = Vec::new();
    while statuses.last() != Some(&ServingStatus::NotServing) {
        statuses.push(watching.message().await.expect("an answer").expect("a status").status());
    }
    assert_eq!(statuses, [ServingStatus::Serving, ServingStatus::NotServing]);
    assert_refused(&append(channel.clone(), partners(1, 1)).await.expect_err("stopped"));
    told.check(&channel).await;
    drop((watching, channel));
    assert!(!end(server).await.success());
    start_mended(&layer, told).await;
}

/// Compressing only saves room: where there is none for it, everything else goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_too_full_to_compress_a_segment_stops_nothing() {
    let layer = Layer::new();
    layer.order(&[order("write", "ledger/wal/sealing", 0, 0, ENOSPC)]);
    let server = serve(&layer, Layer::load).expect("it starts");
    let channel = server.connect().await;
    let mut told = Told { acknowledged: Vec::new(), next: 0 };
    while !errors(&layer).contains("could not be compressed") {
        assert!(told.next < MOST, "nothing is compressed");
        told.append_until(&channel, told.next + 1, Duration::from_millis(15)).await.expect("recorded");
    }
    told.append_until(&channel, told.next + 5, Duration::ZERO).await.expect("recorded");
    told.check(&channel).await;
    drop(channel);
    assert!(end(server).await.success());
    start_mended(&layer, told).await;
}

#[rstest]
#[case::all_that_changes_is_refused(&[order("change", "-", 0, 0, EROFS)], "Read-only file system")]
#[case::syncs_are_refused_as_well(&[order("change", "-", 0, 0, EROFS), order("sync", "-", 0, 0, EROFS)], "Read-only file system")]
#[case::a_full_disk(&[order("change", "-", 0, 0, ENOSPC)], "No space left on device")]
#[case::a_dead_disk(&[order("change", "-", 0, 0, EIO), order("sync", "-", 0, 0, EIO), order("range", "-", 0, 0, EIO)], "Input/output error")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_nothing_stops_recording_and_loses_nothing(#[case] orders: &[String], #[case] words: &str) {
    break_and_mend(orders, words).await;
}

/// Nothing is taken by a start that cannot record: it says why, and what to do.
#[rstest]
#[case::read_only(&[order("change", "-", 0, 0, EROFS)], "Read-only file system")]
#[case::full(&[order("write", "-", 0, 0, ENOSPC)], "No space left on device")]
#[case::full_for_new_files(&[order("open", "-", 0, 0, ENOSPC)], "No space left on device")]
#[case::full_for_the_log(&[order("write", "ledger/wal", 0, 0, ENOSPC), order("open", "ledger/wal/0", 0, 0, ENOSPC)], "No space left on device")]
#[case::broken(&[order("sync", "-", 0, 0, EIO)], "Input/output error")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_broken_disk_says_what_is_wrong(#[case] orders: &[String], #[case] words: &str) {
    let layer = Layer::new();
    layer.order(&[]);
    let mut server = serve(&layer, Layer::load).expect("it starts");
    let mut told = Told { acknowledged: Vec::new(), next: 0 };
    told.append_until(&server.connect().await, BEFORE, Duration::ZERO).await.expect("recorded");
    server.kill();
    layer.order(orders);
    for _ in 0..2 {
        let NotStarted { status, errors, .. } = serve(&layer, Layer::load).expect_err("it cannot record");
        assert!(status.code().is_some_and(|code| code != 0), "{status}");
        let path = layer.data();
        let clear = [words, "Check the disk's health, its free space", "restart", path.to_str().expect("a path")];
        assert!(clear.iter().all(|words| errors.contains(words)), "{clear:?} in {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
    start_mended(&layer, told).await;
}
