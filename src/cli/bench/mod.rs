//! `bench`: how fast a ledger is on this machine, with every acknowledged event durable.

mod asking;
mod calls;
mod clients;
mod followers;
mod limits;
mod measure;
mod report;
mod run;
mod server;
mod suite;
mod wire;
mod worst_cases;

use super::client::Session;
use super::failure::Failure;
use calls::Amount;
use clap::{ArgGroup, ValueEnum as _};
use partnership_ledger::workload::{Mix, Story};
use run::{Asking, Plan};
use serde::Serialize;
use server::Setup;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use suite::Row;
use tokio::signal::unix::{SignalKind, signal};
use worst_cases::Case;

/// Records of the ledger of the worst cases by default.
const RECORDS: u64 = 300_000;
/// How long each of the worst cases goes on by default.
const EACH: Duration = Duration::from_secs(10);
/// Events of a run by default.
const EVENTS: u64 = 100_000;
const ABOUT: &str = "\
A temporary server is started on a fresh directory and removed afterwards; with
--address a ledger that runs already is used, where the events stay for good.
Only acknowledged events count: they are on the disk. Partners and agreements
are recorded before the clock starts, and requests are encoded ahead of it.
A run with a refused event fails.";

#[derive(clap::Args)]
#[command(after_help = ABOUT, group = ArgGroup::new("paced").args(["queries", "subscribers"]).multiple(true))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Args {
    /// Where the temporary server's directory is made; a real disk, or the figures are those of memory
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Keep the records in this PostgreSQL database: each measured server has a ledger of its own there, which stays and can be removed
    /// (delete from ledger_frames where ledger like 'bench-%')
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Measure a database without a synchronous standby
    #[arg(long, requires = "store")]
    accept_unreplicated: bool,
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    clients: u32,
    /// Calls in flight over all connections; one for each connection if absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    in_flight: Option<u32>,
    /// Events in a call
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    events_per_call: u64,
    /// Events in all [default: 100000; in the table each row's own number]
    #[arg(long, value_name = "N", conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    events: Option<u64>,
    /// Seconds to append for, instead of a number of events
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    duration: Option<Duration>,
    /// What the events are
    #[arg(long, value_enum, default_value_t = Mix::Realistic)]
    mix: Mix,
    /// Partners, each with an agreement
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    partners: u32,
    /// Where the random choices begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Append on streams, one for each connection
    #[arg(long)]
    stream: bool,
    /// Serve behind TLS, with an API key, a scope of all partners and the access log; compare with a run without it
    #[arg(long, conflicts_with_all = ["server_binary", "worst_cases", "limits"])]
    secured: bool,
    /// Threads of the temporary server that serve connections
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Threads of this program
    #[arg(long, value_name = "N", default_value_t = 1)]
    client_threads: usize,
    /// MiB of requests that are encoded before the clock starts; the rest is encoded while it runs
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    ahead: u32,
    /// Decode answers whole and check them, instead of counting what they acknowledge
    #[arg(long)]
    check: bool,
    /// Records of a page when all are read back; 0: they are not
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    read: u32,
    /// Ask for present balances and lead owners for so long
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    queries: Option<Duration>,
    /// Questions in flight
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    queries_in_flight: u32,
    /// Events per second that are appended while questions are asked; or all the time, with --subscribers and without --queries
    #[arg(long, value_name = "N", requires = "paced", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Subscribers that follow along while events are appended, each on a connection of its own
    #[arg(long, value_name = "N", conflicts_with_all = ["suite", "rows", "worst_cases", "limits"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    subscribers: Option<u32>,
    /// The whole table of loads beside what is aimed at, each on a fresh ledger
    #[arg(long, conflicts_with_all = ["clients", "in_flight", "events_per_call", "duration", "stream"])]
    suite: bool,
    /// Rows of that table only
    #[arg(long, value_name = "ROW,…", value_enum, value_delimiter = ',', conflicts_with_all = ["suite", "clients", "in_flight", "events_per_call", "duration", "stream"])]
    rows: Vec<Row>,
    /// How often each row of the table is measured; the middle run is told
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// The machine's own limits, each for a second or so many, instead of a load; beside the table if that is asked for
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1", value_parser = parse_seconds)]
    limits: Option<Duration>,
    /// What appends, reads and memory come to in the worst cases, beside their bounds, on a ledger made for it
    #[arg(long, conflicts_with_all = ["suite", "rows", "limits", "clients", "in_flight", "events_per_call", "events", "duration", "stream"])]
    worst_cases: bool,
    /// Those cases only
    #[arg(long, value_name = "CASE,…", value_enum, value_delimiter = ',', requires = "worst_cases")]
    cases: Vec<Case>,
    /// About how many records that ledger has; all its sizes grow with them
    #[arg(long, value_name = "N", default_value_t = RECORDS, requires = "worst_cases", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    records: u64,
    /// Seconds for which each of them goes on, or is repeated
    #[arg(long, value_name = "SECONDS", requires = "worst_cases", value_parser = parse_seconds)]
    each: Option<Duration>,
    /// The program whose server is measured, such as that of another release [default: this one]
    #[arg(long, value_name = "PATH")]
    server_binary: Option<PathBuf>,
}

/// The reports of rows and limits.
#[derive(Serialize)]
struct Tables {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<suite::Measured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<limits::Limits>,
}

/// Runs the command; `address` is the ledger that the command line names, if it does.
pub fn run(args: Args, address: Option<String>, session: &mut Session) -> Result<(), Failure> {
    let cannot_start = |error: io::Error| Failure::check(format!("cannot start: {error}"));
    // Of the worst cases the crowd must not wait for the clients that are measured beside it, nor they for the crowd.
    let threads = if args.worst_cases { args.client_threads.max(2) } else { args.client_threads };
    let runtime = runtime(threads).map_err(cannot_start)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(cannot_start)?;
        tokio::select! {
            done = measure(args, address, session) => done,
            // The temporary server and its directory go with the future that is dropped here.
            _ = tokio::signal::ctrl_c() => Err(Failure::check("interrupted: nothing was measured")),
            _ = terminate.recv() => Err(Failure::check("ended: nothing was measured")),
        }
    })
}

async fn measure(args: Args, address: Option<String>, session: &mut Session) -> Result<(), Failure> {
    if args.worst_cases {
        return worst_cases::run(&args.worst_plan(address), session).await;
    }
    let rows: Vec<Row> = if args.suite { Row::value_variants().to_vec() } else { args.rows.clone() };
    let (events, runs, limits) = (args.events, args.runs, args.limits);
    let plan = args.plan(address);
    if rows.is_empty() && limits.is_none() {
        let report = run::run(&plan).await?;
        report.write(&mut session.out)?;
        session.out.flush()?;
        return report::fail_on_problems(&report.problems);
    }
    if plan.address.is_some() {
        return Err(Failure::usage("rows and limits are measured on temporary servers: leave --address out"));
    }
    let mut tables = Tables { rows: Vec::new(), limits: None };
    for row in rows {
        tables.rows.push(suite::measure(row, &plan, events, runs).await?);
    }
    if let Some(time) = limits {
        tables.limits = Some(limits::measure(&plan.setup, time).await?);
    }
    tables.write(session)
}

impl Tables {
    fn write(&self, session: &mut Session) -> Result<(), Failure> {
        let Session { out, .. } = session;
        if out.json {
            report::json(out, self)?;
        } else {
            if !self.rows.is_empty() {
                out.table(suite::table(&self.rows))?;
            }
            if let Some(limits) = &self.limits {
                out.table(limits.table())?;
            }
        }
        out.flush()?;
        let problems: Vec<String> = self.rows.iter().flat_map(|row| row.report.problems.clone()).collect();
        report::fail_on_problems(&problems)
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=3_600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "must be a number of seconds from 0.01 to 3600".to_owned())
}

impl Args {
    fn setup(&self) -> Setup {
        let partners = || {
            let story = Story::new(self.mix, self.seed, self.partners, 1);
            (0..self.partners).map(|number| story.partner_id(number)).collect()
        };
        let secured = self.secured.then(partners);
        Setup {
            dir: self.dir.clone(),
            workers: self.workers,
            program: self.server_binary.clone(),
            secured,
            database: self.store.clone().map(|url| (url, self.accept_unreplicated)),
        }
    }

    fn worst_plan(self, address: Option<String>) -> worst_cases::Plan {
        let cases = if self.cases.is_empty() { Case::value_variants().to_vec() } else { self.cases.clone() };
        let time = self.each.unwrap_or(EACH);
        worst_cases::Plan { setup: self.setup(), address, seed: self.seed, records: self.records, time, cases }
    }

    fn plan(self, address: Option<String>) -> Plan {
        let rate = self.rate;
        let in_flight = self.queries_in_flight;
        Plan {
            address,
            setup: self.setup(),
            clients: self.clients,
            in_flight: self.in_flight.unwrap_or(self.clients),
            events_per_call: self.events_per_call,
            amount: self.duration.map_or(Amount::Events(self.events.unwrap_or(EVENTS)), Amount::Time),
            mix: self.mix,
            partners: self.partners,
            seed: self.seed,
            on_streams: self.stream,
            check: self.check,
            ahead_bytes: (self.ahead as usize) << 20,
            page_size: Some(self.read).filter(|page_size| *page_size > 0),
            questions: self.queries.map(|time| Asking { time, in_flight, rate }),
            subscribers: self.subscribers.unwrap_or(0),
            rate: rate.filter(|_| self.queries.is_none()),
            restart: true,
        }
    }
}

/// Builds the clients' runtime. One thread is fastest with many small calls, as it shares the machine with the ledger.
fn runtime(threads: usize) -> io::Result<tokio::runtime::Runtime> {
    if threads <= 1 {
        return tokio::runtime::Builder::new_current_thread().enable_all().build();
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
