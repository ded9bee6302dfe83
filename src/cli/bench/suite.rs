//! The table of loads by which releases are compared, each on a fresh ledger, with its goal.

use super::calls::Amount;
use super::measure::Percentiles;
use super::report::Report;
use super::run::{Asking, Plan, run};
use crate::cli::failure::Failure;
use crate::cli::table::Table;
use clap::ValueEnum;
use serde::Serialize;
use std::time::Duration;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// 1 client, one event a call
    One,
    /// 128 calls in flight over 4 connections, one event a call
    InFlight,
    /// 4 clients, 100 events a call
    Hundred,
    /// 4 clients, 1 000 events a call
    Thousand,
    /// 4 clients, 8 189 events a call
    Largest,
    /// All records read back in pages of 500
    Pages,
    /// A restart on all records
    Replay,
    /// Present balances and owners, with nothing else going on
    Questions,
    /// Present balances and owners while 50 000 events a second are appended
    QuestionsUnderLoad,
}

/// How a row's ledger is loaded.
struct Load {
    clients: u32,
    in_flight: u32,
    events_per_call: u64,
    events: u64,
    /// Threads of the server that are fastest with it: one with many small calls, two with large batches.
    workers: usize,
}

impl Row {
    /// Returns its name in the table.
    fn name(self) -> &'static str {
        match self {
            Self::One => "1 client, 1 event a call",
            Self::InFlight => "128 in flight, 1 event a call",
            Self::Hundred => "4 clients, 100 events a call",
            Self::Thousand => "4 clients, 1 000 events a call",
            Self::Largest => "4 clients, 8 189 events a call",
            Self::Pages => "read in pages of 500",
            Self::Replay => "replay at a restart",
            Self::Questions => "balances and owners asked",
            Self::QuestionsUnderLoad => "the same, 50 000 events/s appended",
        }
    }

    /// Returns its goal per second, and the longest p99 in milliseconds.
    fn goal(self) -> (f64, Option<f64>) {
        match self {
            Self::One => (2_400.0, None),
            Self::InFlight => (60_000.0, Some(8.0)),
            Self::Hundred => (250_000.0, None),
            Self::Thousand | Self::Largest => (450_000.0, None),
            Self::Pages => (1_000_000.0, None),
            Self::Replay => (1_500_000.0, None),
            Self::Questions | Self::QuestionsUnderLoad => (60_000.0, Some(2.0)),
        }
    }

    fn load(self) -> Load {
        let load = |clients, in_flight, events_per_call, events, workers| Load { clients, in_flight, events_per_call, events, workers };
        match self {
            Self::One => load(1, 1, 1, 10_000, 1),
            Self::InFlight => load(4, 128, 1, 200_000, 1),
            Self::Hundred => load(4, 4, 100, 500_000, 2),
            Self::Largest => load(4, 4, 8_189, 1_000_000, 2),
            Self::Thousand | Self::Pages | Self::Replay | Self::Questions | Self::QuestionsUnderLoad => load(4, 4, 1_000, 1_000_000, 2),
        }
    }

    /// Returns the plan of a row; `base` has what the command line sets.
    fn plan(self, base: &Plan, events: Option<u64>) -> Plan {
        let Load { clients, in_flight, events_per_call, events: usual, workers } = self.load();
        let mut plan = Plan { clients, in_flight, events_per_call, amount: Amount::Events(events.unwrap_or(usual)), ..base.clone() };
        plan.setup.workers = base.setup.workers.or(Some(workers));
        let rate = (self == Self::QuestionsUnderLoad).then_some(base.questions.and_then(|asking| asking.rate).unwrap_or(50_000));
        let asking = base.questions.unwrap_or(Asking { time: Duration::from_secs(5), in_flight: 64, rate });
        plan.questions = matches!(self, Self::Questions | Self::QuestionsUnderLoad).then_some(Asking { rate, ..asking });
        plan.restart = self == Self::Replay;
        plan
    }

    fn outcome(self, report: &Report) -> (f64, Option<Percentiles>) {
        match self {
            Self::Pages => (report.read.map_or(0.0, |read| read.records_per_second), None),
            Self::Replay => (report.restart.map_or(0.0, |restart| restart.replay_records_per_second), None),
            Self::Questions | Self::QuestionsUnderLoad => report
                .questions
                .as_ref()
                .map_or((0.0, None), |questions| (questions.asked.answers_per_second, Some(questions.asked.latency))),
            _ => (report.load.events_per_second, Some(report.load.latency)),
        }
    }
}

/// A measured row.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    pub row: Row,
    /// Events, records or answers, in each run.
    pub per_second: Vec<f64>,
    /// The median of the runs.
    pub median_per_second: f64,
    pub goal_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal_p99_ms: Option<f64>,
    /// The full report of the median run.
    pub report: Report,
}

/// Measures a row `runs` times, each on a fresh ledger; `events` replaces the row's own number of events.
pub async fn measure(row: Row, base: &Plan, events: Option<u64>, runs: u32) -> Result<Measured, Failure> {
    let mut reports = Vec::new();
    for _ in 0..runs.max(1) {
        reports.push(run(&row.plan(base, events)).await?);
    }
    let per_second: Vec<f64> = reports.iter().map(|report| row.outcome(report).0).collect();
    let problems: Vec<String> = reports.iter().flat_map(|report| report.problems.clone()).collect();
    reports.sort_by(|one, other| row.outcome(one).0.total_cmp(&row.outcome(other).0));
    let mut report = reports.swap_remove((reports.len() - 1) / 2);
    report.problems = problems;
    let (goal_per_second, goal_p99_ms) = row.goal();
    Ok(Measured { row, per_second, median_per_second: row.outcome(&report).0, goal_per_second, goal_p99_ms, report })
}

/// Returns the rows as a table.
pub fn table(rows: &[Measured]) -> Table {
    let mut table = Table::new([
        "load",
        ">per second",
        ">goal",
        ">p50 ms",
        ">p99 ms",
        ">p99.9 ms",
        ">max ms",
        ">CPU µs/event",
        ">bytes/record",
        "runs",
    ]);
    for Measured { row, per_second, median_per_second, goal_per_second, goal_p99_ms, report } in rows {
        let latency = row.outcome(report).1;
        let of = |part: fn(&Percentiles) -> f64| latency.as_ref().map(|latency| format!("{:.2}", part(latency))).unwrap_or_default();
        let limit = goal_p99_ms.map(|limit| format!(", p99 {limit} ms")).unwrap_or_default();
        let runs: Vec<String> = per_second.iter().map(|speed| format!("{speed:.0}")).collect();
        table.row([
            row.name().to_owned(),
            format!("{median_per_second:.0}"),
            format!("{goal_per_second:.0}{limit}"),
            of(|latency| latency.p50_ms),
            of(|latency| latency.p99_ms),
            of(|latency| latency.p99_9_ms),
            of(|latency| latency.max_ms),
            report.server.map(|server| format!("{:.2}", server.cpu_microseconds_per_event)).unwrap_or_default(),
            report.server.map(|server| format!("{:.0}", server.memory_bytes_per_record)).unwrap_or_default(),
            report.disk.and_then(|disk| disk.times_encoded).map(|times| format!("{times:.2}")).unwrap_or_default(),
            report.settings.workers.map(|workers| workers.to_string()).unwrap_or_default(),
            runs.join(" "),
        ]);
    }
    table
}
