//! One measurement: partners, the load, reading back, questions, disk space, and a restart.

use super::asking::{Questions, ask, read};
use super::calls::{Amount, Calls, prepare};
use super::clients::{APPEND, Address, CallKind, Load, Schedule, call, connect, connect_all, send};
use super::followers::Followers;
use super::measure::{Cpu, Disk, Memory, per, per_second};
use super::report::{AskedMeanwhile, LoadReport, OnDisk, Report, Restarted, ServerReport, Settings, Snapshot};
use super::server::{Server, ServerDir, Setup, StartReport};
use super::wire::{Appended, Checked, Decoded, append_request};
use crate::cli::client::Channel;
use crate::cli::failure::Failure;
use partnership_ledger::proto::GetTreeHeadResponse;
use partnership_ledger::workload::{Mix, Story};
use prost::bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::client::Grpc;

const GET_TREE_HEAD: &str = "/partnership.ledger.v1.AuditService/GetTreeHead";
/// Events per call while partners are introduced.
const INTRODUCED_TOGETHER: usize = 1_000;
/// The most calls per second that are expected of a load limited by time.
const CALLS_PER_SECOND: u64 = 100_000;
/// The most events per second that are expected.
const EVENTS_PER_SECOND: u64 = 1_000_000;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the ledger is; a temporary server if absent.
    pub address: Option<String>,
    pub setup: Setup,
    pub clients: u32,
    pub in_flight: u32,
    pub events_per_call: u64,
    pub amount: Amount,
    pub mix: Mix,
    pub partners: u32,
    pub seed: u64,
    pub on_streams: bool,
    pub check: bool,
    /// Bytes of requests that are encoded before the clock starts.
    pub ahead_bytes: usize,
    /// Records of a page when all are read back; not read back if absent.
    pub page_size: Option<u32>,
    pub questions: Option<Asking>,
    /// How many follow along while events are appended.
    pub subscribers: u32,
    /// Events per second that are appended; as many as there can be if absent.
    pub rate: Option<u32>,
    /// Whether a temporary server is started again on what it has.
    pub restart: bool,
}

/// How questions are asked.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    pub time: Duration,
    pub in_flight: u32,
    /// Events per second that are appended meanwhile.
    pub rate: Option<u32>,
}

impl Plan {
    fn call_kind(&self) -> CallKind {
        if self.on_streams { CallKind::Stream((self.in_flight / self.lanes()).max(1) as usize) } else { CallKind::Unary }
    }

    /// Returns the number of lanes: a stream is one, whatever is in flight on it.
    fn lanes(&self) -> u32 {
        if self.on_streams { self.clients } else { self.in_flight }.max(1)
    }

    /// Returns the most events that are expected to be recorded.
    fn expected_events(&self) -> u64 {
        let load = match self.amount {
            Amount::Events(events) => events,
            Amount::Time(time) => (time.as_secs() + 1) * EVENTS_PER_SECOND.min(self.events_per_call * CALLS_PER_SECOND),
        };
        let meanwhile = self.questions.map_or(0, |asking| u64::from(asking.rate.unwrap_or(0)) * (asking.time.as_secs() + 1));
        load + meanwhile
    }

    fn story(&self) -> Story {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let (seed, prefix) = match self.address {
            None => (self.seed, String::new()),
            // Another run on the same ledger must not send the same events again.
            Some(_) => {
                (self.seed ^ u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap_or(0), format!("bench-{:x}-", now.as_millis()))
            }
        };
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Story::new(self.mix, seed, self.partners, self.lanes()).with_prefix(prefix).until(seconds, self.expected_events())
    }
}

/// The ledger that is measured.
struct Ledger {
    /// The process and directory of a temporary server; the process must be dropped first.
    own: Option<(Server, ServerDir)>,
    address: Address,
}

impl Ledger {
    fn of(plan: &Plan) -> Result<Self, Failure> {
        if let Some(address) = &plan.address {
            return Ok(Self { own: None, address: Address::open(address) });
        }
        let home = ServerDir::new(&plan.setup)?;
        let server = home.start()?;
        let address = server.address.clone();
        Ok(Self { own: Some((server, home)), address })
    }

    fn cpu(&self) -> Cpu {
        self.own.as_ref().map_or_else(Cpu::default, |(server, _)| Cpu::of(server.process()))
    }

    fn memory(&self) -> Memory {
        self.own.as_ref().map_or_else(Memory::default, |(server, _)| Memory::of(server.process()))
    }

    async fn last_position(&self) -> Result<u64, Failure> {
        let mut grpc = connect(&self.address).await?;
        let head: Decoded<GetTreeHeadResponse> = call(&mut grpc, GET_TREE_HEAD, Bytes::new()).await?;
        Ok(head.0.size)
    }
}

/// Carries out a plan.
pub async fn run(plan: &Plan) -> Result<Report, Failure> {
    let ledger = Ledger::of(plan)?;
    let story = plan.story();
    let mut report = Report::new(settings(plan, &ledger), ledger.address.clone());
    let before = (ledger.last_position().await?, ledger.memory());
    introduce(&ledger.address, &story).await?;
    let lanes = Calls::of_lanes(&story, plan.lanes(), plan.events_per_call, plan.on_streams);
    let connections = connect_all(&ledger.address, plan.clients).await?;
    let introduced = ledger.last_position().await?;
    let followers = Followers::start(&ledger.address, plan.subscribers, introduced).await?;
    let lanes = load(plan, &ledger, &connections, lanes, &mut report).await;
    let last = ledger.last_position().await?;
    let followed = followers.finish(introduced, last, &mut report.problems).await;
    report.followed = (plan.subscribers > 0).then_some(followed);
    let mut recorded = story.introductions() + report.load.events;
    report.server = report.server.map(|server| server.with_memory(before.1, ledger.memory(), recorded));
    if let Some(page_size) = plan.page_size {
        report.read = Some(read(&ledger.address, before.0 + 1, page_size).await?);
    }
    if let Some(asking) = plan.questions {
        recorded += questions(plan, asking, (&story, lanes), &connections, &mut report).await;
    }
    let after = ledger.last_position().await?;
    report.check_recorded(before.0, after, recorded, plan.address.is_none());
    drop(connections);
    if let Some((server, home)) = ledger.own {
        end(plan, &home, server, &mut report).await?;
    }
    Ok(report)
}

fn settings(plan: &Plan, ledger: &Ledger) -> Settings {
    let (events, duration_seconds) = match plan.amount {
        Amount::Events(events) => (Some(events), None),
        Amount::Time(time) => (None, Some(time.as_secs_f64())),
    };
    Settings {
        server: ledger
            .own
            .as_ref()
            .map_or_else(|| ledger.address.to_string(), |(_, home)| format!("temporary, in {}", home.path().display())),
        clients: plan.clients,
        in_flight: plan.in_flight,
        events_per_call: plan.events_per_call,
        events,
        duration_seconds,
        mix: format!("{:?}", plan.mix).to_lowercase(),
        partners: plan.partners,
        seed: plan.seed,
        calls: if plan.on_streams { "append streams" } else { "unary" },
        workers: plan.setup.workers,
        answers: if plan.check { "decoded whole and checked" } else { "counted, not decoded" },
    }
}

/// Registers the partners and has them sign, before the measured time.
async fn introduce(address: &Address, story: &Story) -> Result<(), Failure> {
    let mut grpc = connect(address).await?;
    let events: Vec<_> = story.introduce().collect();
    for together in events.chunks(INTRODUCED_TOGETHER) {
        call::<Appended>(&mut grpc, APPEND, append_request(together.to_vec(), false)).await?;
    }
    Ok(())
}

async fn send_checked(plan: &Plan, connections: &[Grpc<Channel>], lanes: Vec<Calls>, schedule: Schedule) -> (Load, Vec<Calls>) {
    if plan.check {
        send::<Checked>(connections, lanes, plan.call_kind(), schedule).await
    } else {
        send::<Appended>(connections, lanes, plan.call_kind(), schedule).await
    }
}

/// The measured load.
async fn load(plan: &Plan, ledger: &Ledger, connections: &[Grpc<Channel>], mut lanes: Vec<Calls>, report: &mut Report) -> Vec<Calls> {
    let time = match plan.amount {
        Amount::Events(events) => {
            prepare(&mut lanes, Some(events), 0, plan.ahead_bytes);
            None
        }
        Amount::Time(time) => {
            prepare(&mut lanes, None, plan.expected_events(), plan.ahead_bytes);
            Some(time)
        }
    };
    let ahead: u64 = lanes.iter().map(Calls::ahead).sum();
    let cpu = (ledger.cpu(), Cpu::of(std::process::id()));
    let started = Instant::now();
    let schedule = Schedule { started, end: time.map(|time| started + time), pace: plan.rate.map(|rate| pace(plan, rate)) };
    let (load, lanes) = send_checked(plan, connections, lanes, schedule).await;
    let (server, client) = (ledger.cpu().since(cpu.0), Cpu::of(std::process::id()).since(cpu.1));
    report.server = ledger.own.is_some().then(|| ServerReport::new(server, load.events));
    report.load = LoadReport::new(&load, ahead, client);
    report.problems.extend(load.problems);
    lanes
}

/// The time from one call to the next for so many events a second.
#[expect(clippy::cast_precision_loss, reason = "events per call are few")]
fn pace(plan: &Plan, rate: u32) -> Duration {
    Duration::from_secs_f64(plan.events_per_call as f64 / f64::from(rate.max(1)))
}

/// Asks questions, while events are appended if the plan wants it. Returns how many events were acknowledged.
async fn questions(
    plan: &Plan,
    asking: Asking,
    (story, mut lanes): (&Story, Vec<Calls>),
    connections: &[Grpc<Channel>],
    report: &mut Report,
) -> u64 {
    let Asking { time, in_flight, rate } = asking;
    let questions = Arc::new(Questions::new(story, plan.partners, &lanes, plan.seed));
    let meanwhile = async {
        let rate = rate?;
        let events = u64::from(rate) * (time.as_secs() + 1);
        prepare(&mut lanes, None, events, plan.ahead_bytes);
        let started = Instant::now();
        let schedule = Schedule { started, end: Some(started + time), pace: Some(pace(plan, rate)) };
        Some(send_checked(plan, connections, lanes, schedule).await.0)
    };
    // On connections of their own, so that a question does not wait behind a large request.
    let asked = async {
        let connections = connect_all(&report.address, plan.clients).await?;
        Ok::<_, Failure>(ask(&connections, questions, in_flight, time).await)
    };
    let (load, asked) = tokio::join!(meanwhile, asked);
    let events = load.as_ref().map_or(0, |load| load.events);
    match asked {
        Ok(asked) => {
            report.problems.extend(asked.refused.iter().map(|(code, count)| format!("{count} questions were refused: {code}")));
            report.questions = Some(AskedMeanwhile::new(
                asked,
                load.as_ref().map(|load| (per_second(load.events, load.seconds), load.latencies.summary())),
            ));
        }
        Err(failure) => report.problems.push(failure.text(crate::cli::language::Language::English)),
    }
    report.problems.extend(load.map(|load| load.problems).unwrap_or_default());
    events
}

/// Stops the temporary server, measures its disk space, and restarts it.
async fn end(plan: &Plan, home: &ServerDir, server: Server, report: &mut Report) -> Result<(), Failure> {
    stop(server).await?;
    let disk = Disk::of(&home.data_dir()).map_err(|error| Failure::check(format!("the disk cannot be looked at: {error}")))?;
    let encoded = report.read.as_ref().map(|read| per(read.record_bytes, read.records));
    report.disk = Some(OnDisk::new(disk, report.recorded.records, encoded));
    if plan.restart {
        let (with_snapshot, _) = start_again(home, report).await?;
        let snapshots = home.data_dir().join("snapshots");
        let snapshot_bytes = Disk::allocated_by(&snapshots).map_err(|error| Failure::check(format!("{}: {error}", snapshots.display())))?;
        let snapshot = (with_snapshot.report.snapshot > 0).then_some(Snapshot {
            position: with_snapshot.report.snapshot,
            bytes: snapshot_bytes,
            load_seconds: with_snapshot.report.load_seconds,
            serving_after_seconds: with_snapshot.ready_after_seconds,
        });
        // Once more without snapshots, to measure the replay of everything.
        if snapshot.is_some() {
            std::fs::remove_dir_all(&snapshots).map_err(|error| Failure::check(format!("{}: {error}", snapshots.display())))?;
        }
        let (without, memory) = start_again(home, report).await?;
        let StartReport { replayed: records, replay_seconds, .. } = without.report;
        report.restart = Some(Restarted {
            records,
            replay_seconds,
            replay_records_per_second: per_second(records, replay_seconds),
            serving_after_seconds: without.ready_after_seconds,
            memory,
            snapshot,
        });
    }
    Ok(())
}

/// A measured start.
struct Started {
    report: StartReport,
    ready_after_seconds: f64,
}

/// Starts the server again on its directory, and stops it.
async fn start_again(home: &ServerDir, report: &mut Report) -> Result<(Started, Memory), Failure> {
    let mut again = home.start()?;
    let started = again.start_report()?;
    let memory = Memory::of(again.process());
    let records = started.snapshot + started.replayed;
    if records != report.recorded.last_position {
        report.problems.push(format!("after a restart it has {records} records, not {}", report.recorded.last_position));
    }
    let ready_after_seconds = again.ready_after.as_secs_f64();
    stop(again).await?;
    Ok((Started { report: started, ready_after_seconds }, memory))
}

/// Stops a server without blocking the runtime, so that the connections to it can close.
async fn stop(server: Server) -> Result<(), Failure> {
    let stopped = tokio::task::spawn_blocking(|| server.stop()).await;
    stopped.map_err(|error| Failure::check(format!("the temporary server cannot be ended: {error}")))?
}
