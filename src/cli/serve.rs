//! `serve`: opens the ledger of a directory and serves it until SIGTERM or SIGINT.

use super::failure::Failure;
use partnership_ledger::ledger::ReplayReport;
use partnership_ledger::server::{ServeConfig, ServeError, serve};
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

#[derive(clap::Args)]
pub struct Args {
    /// Where the ledger is kept; created if it is not there
    #[arg(long, value_name = "DIR", env = "PARTNERSHIP_LEDGER_DATA_DIR", default_value = "./ledger-data")]
    data_dir: PathBuf,
    /// Where to listen; port 0 lets the system choose. Whoever reaches it may read and write
    #[arg(long, value_name = "ADDR", env = "PARTNERSHIP_LEDGER_LISTEN", default_value = "127.0.0.1:50051", value_parser = parse_address)]
    listen: SocketAddr,
    /// Threads that serve connections, each of them its own [default: one for each core, at most 4]
    #[arg(long, value_name = "N", env = "PARTNERSHIP_LEDGER_WORKERS", value_parser = parse_workers)]
    workers: Option<usize>,
    /// MiB of memory for all that is on its way in and out: requests that arrive, answers that clients have not taken yet. A
    /// connection may hold a quarter of what is free; beyond that it is refused as overload [default: 256]
    #[arg(long, value_name = "MIB", env = "PARTNERSHIP_LEDGER_MEMORY", value_parser = parse_memory)]
    memory: Option<usize>,
    /// Take a snapshot of the state every so many records, so that a start need not replay all of them; 0: none
    #[arg(long, value_name = "RECORDS", env = "PARTNERSHIP_LEDGER_SNAPSHOT_EVERY", default_value_t = 1_000_000)]
    snapshot_every: u64,
    /// Give up a damaged end of the log that neither the store nor the checkpoint has: records may be lost. Only if the
    /// ledger refuses to start for it, and there is no better copy
    #[arg(long)]
    cut_damaged_tail: bool,
    /// Read both copies of all records first, and repair what is damaged. Without this a ledger of more than 64 MiB is
    /// looked at in the background while it serves
    #[arg(long)]
    check: bool,
}

pub fn run(args: Args) -> Result<(), Failure> {
    log_to_standard_error();
    let Args { data_dir, listen, workers, memory, snapshot_every: snapshot_records, cut_damaged_tail, check: check_everything } = args;
    let defaults = ServeConfig::default();
    let worker_threads = workers.unwrap_or(defaults.worker_threads);
    let memory_bytes = memory.map_or(defaults.memory_bytes, |mebibytes| mebibytes << 20);
    let config =
        ServeConfig { data_dir, listen, worker_threads, memory_bytes, snapshot_records, cut_damaged_tail, check_everything, ..defaults };
    Ok(serve(&config, announce)?)
}

/// Prints where it listens, on the first line, and what was replayed. That nobody reads it is no reason not to serve.
fn announce(address: SocketAddr, replayed: &ReplayReport, notes: &[String]) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "listening on {address}");
    let _ = writeln!(out, "{}", replay_line(replayed));
    let _ = out.flush();
    for note in notes {
        tracing::warn!("{note}");
    }
    if !address.ip().is_loopback() {
        tracing::warn!("{address} is open to others, and there is no authentication: whoever reaches it may read and write");
    }
}

fn replay_line(replayed: &ReplayReport) -> String {
    let (records, seconds) = (replayed.records, replayed.seconds);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed for people to read")]
    let per_second = (records as f64 / seconds.max(0.001)) as u64;
    let (from, load_seconds) = (replayed.from, replayed.load_seconds);
    match (from, records) {
        (0, 0) => "replayed 0 records: the ledger is empty".to_owned(),
        (1.., 0) => format!("loaded the snapshot of position {from} in {load_seconds:.3} s, and replayed 0 records"),
        (1.., _) => {
            format!("loaded the snapshot of position {from} in {load_seconds:.3} s, and replayed {records} records in {seconds:.3} s")
        }
        _ => format!("replayed {records} records in {seconds:.3} s ({per_second} a second)"),
    }
}

fn log_to_standard_error() {
    // Set but empty it says nothing, as if it were not set.
    let directives = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|directives| !directives.trim().is_empty());
    let filter = directives.and_then(|directives| EnvFilter::try_new(directives).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).init();
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| format!("must be HOST:PORT, such as 127.0.0.1:50051 ({error})"))?;
    addresses.next().ok_or_else(|| "names no address".to_owned())
}

fn parse_workers(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|workers| (1..=256).contains(workers)).ok_or_else(|| "must be a number from 1 to 256".to_owned())
}

fn parse_memory(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|mebibytes| (256..=1 << 20).contains(mebibytes))
        .ok_or_else(|| "must be a number from 256 to 1048576".to_owned())
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let text = error.to_string();
        match error {
            ServeError::Listen { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Self::usage(text),
            ServeError::Listen { .. } => Self::unavailable(text),
            ServeError::Journal(error) => error.into(),
            ServeError::DataDir { .. } => Self::usage(text),
            _ => Self::check(text),
        }
    }
}
