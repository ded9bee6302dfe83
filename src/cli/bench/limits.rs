//! The machine's own limits, to compare the ledger's figures with: no-op calls, syncs, raw frames, decoding.

use super::clients::{Address, call, connect_all};
use super::measure::{Latencies, Percentiles, per_second};
use super::report::percentiles;
use super::server::{ServerDir, Setup};
use super::wire::{Ignored, append_request};
use crate::cli::failure::Failure;
use crate::cli::table::Table;
use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::{Record, State, parse};
use partnership_ledger::journal::{Batch, Frontier, encode_frame};
use partnership_ledger::proto;
use partnership_ledger::workload::{Mix, Story};
use prost::Message as _;
use prost::bytes::Bytes;
use serde::Serialize;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The standard health check, which touches nothing of the ledger.
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// Calls in flight where there are many.
const MANY: u32 = 128;
/// Bytes written by each sync.
const BLOCK_BYTES: usize = 4_096;
/// Size of the preallocated file; at its end writing starts over.
const FILE_BYTES: u64 = 64 << 20;
/// Records in a frame.
const FRAME_RECORDS: usize = 1_000;
/// Events that the measurements use.
const EVENTS: usize = 8_000;

/// A measured speed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Speed {
    pub count: u64,
    pub seconds: f64,
    pub per_second: f64,
    pub latency: Percentiles,
}

/// What the machine can do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Calls that do nothing, one after the other.
    pub calls_one_by_one: Speed,
    /// The same with 128 in flight over one connection.
    pub calls_on_one_connection: Speed,
    /// The same with 128 in flight over four connections.
    pub calls_on_four_connections: Speed,
    /// 4 KiB written to a preallocated file, and `fdatasync`.
    pub syncs: Speed,
    /// Records in raw frames of 1 000, each written and synced.
    pub records_in_synced_frames: Speed,
    /// Events decoded from requests of 1 000, on one thread.
    pub events_decoded: Speed,
}

/// Measures each limit for `time`.
pub async fn measure(setup: &Setup, time: Duration) -> Result<Limits, Failure> {
    let home = ServerDir::new(setup)?;
    let server = home.start()?;
    let calls_one_by_one = no_op_calls(&server.address, 1, 1, time).await?;
    let calls_on_one_connection = no_op_calls(&server.address, 1, MANY, time).await?;
    let calls_on_four_connections = no_op_calls(&server.address, 4, MANY, time).await?;
    drop(server);
    let cannot = |error: io::Error| Failure::check(format!("{} cannot be written: {error}", home.path().display()));
    let story = Story::new(Mix::Realistic, 1, 200, 1);
    let mut events: Vec<_> = story.introduce().collect();
    let introductions = events.len();
    events.extend(story.lane(0).events(0, EVENTS - introductions));
    Ok(Limits {
        calls_one_by_one,
        calls_on_one_connection,
        calls_on_four_connections,
        syncs: syncs(home.path(), time).map_err(cannot)?,
        records_in_synced_frames: frames(home.path(), &records(&events)?, time).map_err(cannot)?,
        events_decoded: decoding(&events, time),
    })
}

impl Limits {
    /// The figures for people.
    pub fn table(&self) -> Table {
        let mut table = Table::new(["the machine's own", ">per second", "latency"]);
        let rows = [
            ("calls that do nothing, one by one", &self.calls_one_by_one),
            ("128 in flight, 1 connection", &self.calls_on_one_connection),
            ("128 in flight, 4 connections", &self.calls_on_four_connections),
            ("fdatasync of 4 KiB", &self.syncs),
            ("records in synced frames of 1 000", &self.records_in_synced_frames),
            ("events decoded, one thread", &self.events_decoded),
        ];
        for (name, speed) in rows {
            table.row([name.to_owned(), format!("{:.0}", speed.per_second), percentiles(&speed.latency)]);
        }
        table
    }
}

/// Repeats `work` until the time is over; each time counts `worth`.
fn repeat(time: Duration, worth: u64, mut work: impl FnMut() -> io::Result<()>) -> io::Result<Speed> {
    let (mut latencies, mut count) = (Latencies::new(), 0);
    let started = Instant::now();
    while started.elapsed() < time {
        let begun = Instant::now();
        work()?;
        latencies.record(begun.elapsed());
        count += worth;
    }
    Ok(speed(count, started, &latencies))
}

fn speed(count: u64, started: Instant, latencies: &Latencies) -> Speed {
    let seconds = started.elapsed().as_secs_f64();
    Speed { count, seconds, per_second: per_second(count, seconds), latency: latencies.summary() }
}

async fn no_op_calls(address: &Address, clients: u32, in_flight: u32, time: Duration) -> Result<Speed, Failure> {
    let connections = connect_all(address, clients).await?;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for lane in 0..in_flight as usize {
        let mut grpc = connections[lane % connections.len()].clone();
        tasks.spawn(async move {
            let (mut latencies, mut count) = (Latencies::new(), 0_u64);
            while started.elapsed() < time {
                let sent = Instant::now();
                call::<Ignored>(&mut grpc, CHECK, Bytes::new()).await?;
                latencies.record(sent.elapsed());
                count += 1;
            }
            Ok::<_, Failure>((count, latencies))
        });
    }
    let (mut count, mut latencies) = (0, Latencies::new());
    while let Some(done) = tasks.join_next().await {
        // A panic in a lane is a defect of this program: it is passed on.
        let (more, theirs) = done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        count += more;
        latencies.add(&theirs);
    }
    Ok(speed(count, started, &latencies))
}

/// Creates a file that is fully written and synced, so that later writes change no metadata.
fn preallocated_file(dir: &Path) -> io::Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(dir.join("limits"))?;
    let zeros = vec![0; 1 << 20];
    for at in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, at)?;
    }
    file.sync_all()?;
    Ok(file)
}

fn syncs(dir: &Path, time: Duration) -> io::Result<Speed> {
    let file = preallocated_file(dir)?;
    let block = [1; BLOCK_BYTES];
    let mut at = 0;
    repeat(time, 1, || {
        file.write_all_at(&block, at)?;
        at = (at + BLOCK_BYTES as u64) % FILE_BYTES;
        file.sync_data()
    })
}

/// Returns the records of events as they are stored.
fn records(events: &[proto::Event]) -> Result<Vec<Vec<u8>>, Failure> {
    let now = chrono::Utc::now();
    let defect = |error: &dyn std::fmt::Debug| Failure::check(format!("the workload is refused: {error:?}"));
    let mut state = State::default();
    let mut records = Vec::new();
    for (message, event) in events.iter().zip(parse(events).map_err(|violations| defect(&violations))?) {
        let effects = state.decide(&event, now, 0).map_err(|rejection| defect(&rejection))?;
        let record = Record { position: state.position + 1, recorded_at: now, event, effects };
        state.evolve(&record);
        records.push(stored(message, &record));
    }
    Ok(records)
}

fn stored(message: &proto::Event, record: &Record) -> Vec<u8> {
    let recorded_at = prost_types::Timestamp { seconds: record.recorded_at.timestamp(), nanos: 0 };
    let message = proto::Record {
        position: record.position,
        recorded_at: Some(recorded_at),
        recorded_by: "anonymous".to_owned(),
        event: Some(message.clone()),
        effects: record.effects.iter().map(Effect::to_message).collect(),
    };
    message.encode_to_vec()
}

fn frames(dir: &Path, records: &[Vec<u8>], time: Duration) -> io::Result<Speed> {
    let file = preallocated_file(dir)?;
    let (mut frontier, mut first) = (Frontier::new(), 1);
    let frame_of = |records: &[Vec<u8>]| {
        let mut batch = Batch::new();
        for record in records {
            frontier.push(record);
            batch.push(record);
        }
        let mut frame = Vec::new();
        encode_frame(&mut frame, first, &batch, frontier.head());
        first += batch.len() as u64;
        frame
    };
    let frames: Vec<Vec<u8>> = records.chunks_exact(FRAME_RECORDS).map(frame_of).collect();
    let (mut at, mut next) = (0, frames.iter().cycle());
    repeat(time, FRAME_RECORDS as u64, || {
        let frame = next.next().ok_or(io::ErrorKind::InvalidInput)?;
        if at + frame.len() as u64 > FILE_BYTES {
            at = 0;
        }
        file.write_all_at(frame, at)?;
        at += frame.len() as u64;
        file.sync_data()
    })
}

fn decoding(events: &[proto::Event], time: Duration) -> Speed {
    let requests: Vec<Bytes> = events.chunks_exact(FRAME_RECORDS).map(|chunk| append_request(chunk.to_vec(), false)).collect();
    let (mut latencies, mut count, started) = (Latencies::new(), 0, Instant::now());
    for request in requests.iter().cycle() {
        let begun = Instant::now();
        // What was encoded here decodes.
        count += proto::AppendRequest::decode(request.clone()).map_or(0, |request| request.events.len() as u64);
        latencies.record(begun.elapsed());
        if started.elapsed() >= time {
            break;
        }
    }
    speed(count, started, &latencies)
}
