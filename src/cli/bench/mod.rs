//! `bench`: how fast a ledger is on this machine, with every acknowledged event durable.

mod asking;
mod calls;
mod clients;
mod measure;
mod report;
mod run;
mod server;
mod wire;
mod workload;

use super::client::Session;
use super::failure::Failure;
use calls::Amount;
use run::{Asking, Plan};
use server::Setup;
use std::path::PathBuf;
use std::time::Duration;
use workload::Mix;

const ABOUT: &str = "\
A temporary server is started on a fresh directory and removed afterwards; with
--address a ledger that runs already is used, where the events stay for good.
Only acknowledged events count: they are on the disk. Partners and agreements
are recorded before the clock starts, and requests are encoded ahead of it.
A run with a refused event fails.";

#[derive(clap::Args)]
#[command(after_help = ABOUT)]
pub struct Args {
    /// Where the temporary server's directory is made; a real disk, or the figures are those of memory
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    clients: u32,
    /// Calls in flight over all connections; one for each connection if absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    in_flight: Option<u32>,
    /// Events in a call
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    events_per_call: u64,
    /// Events in all
    #[arg(long, value_name = "N", default_value_t = 100_000, conflicts_with = "duration")]
    events: u64,
    /// Seconds to append for, instead of a number of events
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    duration: Option<u64>,
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
    /// Threads of the temporary server that serve connections
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Threads of this program
    #[arg(long, value_name = "N", default_value_t = 1)]
    client_threads: usize,
    /// Decode answers whole and check them, instead of counting what they acknowledge
    #[arg(long)]
    check: bool,
    /// Records of a page when all are read back; 0: they are not
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    read: u32,
    /// Ask for present balances and lead owners for so long
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    queries: Option<u64>,
    /// Questions in flight
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    queries_in_flight: u32,
    /// Events per second that are appended while questions are asked
    #[arg(long, value_name = "N", requires = "queries", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
}

/// Measures; `address` is the ledger that the command line names.
pub fn run(args: Args, address: Option<String>, session: &mut Session) -> Result<(), Failure> {
    let runtime = runtime(args.client_threads).map_err(|error| Failure::check(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            done = measure(args, address, session) => done,
            // The temporary server and its directory go with the future that is dropped here.
            _ = tokio::signal::ctrl_c() => Err(Failure::check("interrupted")),
        }
    })
}

async fn measure(args: Args, address: Option<String>, session: &mut Session) -> Result<(), Failure> {
    let report = run::run(&args.plan(address)).await?;
    report.tell(&mut session.out)?;
    session.out.flush()?;
    report.judge()
}

impl Args {
    fn plan(self, address: Option<String>) -> Plan {
        let rate = self.rate;
        let in_flight = self.queries_in_flight;
        Plan {
            address,
            setup: Setup { dir: self.dir, workers: self.workers },
            clients: self.clients,
            in_flight: self.in_flight.unwrap_or(self.clients),
            events_per_call: self.events_per_call,
            amount: self.duration.map_or(Amount::Events(self.events), |seconds| Amount::Time(Duration::from_secs(seconds))),
            mix: self.mix,
            partners: self.partners,
            seed: self.seed,
            on_streams: self.stream,
            check: self.check,
            page_size: Some(self.read).filter(|page_size| *page_size > 0),
            questions: self.queries.map(|seconds| Asking { time: Duration::from_secs(seconds), in_flight, rate }),
            restart: true,
        }
    }
}

/// One thread does best with many small calls: it shares the machine with the ledger.
fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    if threads <= 1 {
        return tokio::runtime::Builder::new_current_thread().enable_all().build();
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
