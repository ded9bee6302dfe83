//! A served ledger with small limits, in a process of its own: this test program, called again.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::server::Server;
use partnership_ledger::ledger::Limits;
use partnership_ledger::server::{ServeConfig, serve};

/// Names the directory in the environment of the process that serves.
const DIRECTORY: &str = "OVERLOAD_SERVES";
/// Names another program to be served by.
const PROGRAM: &str = "OVERLOAD_PROGRAM";
/// Requests that the ledger has room for.
pub const QUEUE_REQUESTS: usize = 16;
/// Bytes of requests that it has room for.
pub const QUEUE_BYTES: usize = 1 << 20;
/// Connections that it has room for.
pub const CONNECTIONS: usize = 120;
/// Bytes of memory that it has for what is on its way in and out.
pub const BUDGET: usize = 32 << 20;
/// How long a client need take nothing until what it holds may be given up.
pub const STALL: Duration = Duration::from_secs(2);
/// How long it waits for a client to begin to speak.
pub const PREFACE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves, if this is the process that was started for it.
pub fn serve_if_told() {
    let Ok(dir) = std::env::var(DIRECTORY) else { return };
    let limits = Limits { queue_requests: QUEUE_REQUESTS, queue_bytes: QUEUE_BYTES, commit_records: 64, ..Limits::default() };
    let config = ServeConfig {
        data_dir: dir.into(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        limits,
        worker_threads: 2,
        max_connections: CONNECTIONS,
        preface_timeout: PREFACE_TIMEOUT,
        partial_message_timeout: ARRIVING,
        memory_bytes: BUDGET,
        stall_timeout: STALL,
        ..ServeConfig::default()
    };
    serve(&config, |ready| println!("\nlistening on {}", ready.address)).expect("it serves and ends well");
}

/// How long it waits for the rest of a message.
const ARRIVING: Duration = Duration::from_secs(8);

/// Starts the process that serves: this one, or with `OVERLOAD_PROGRAM` another build of the program, to compare, whose limits
/// are the usual ones.
pub fn start(dir: &Path) -> Server {
    if let Some(program) = std::env::var_os(PROGRAM) {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir);
        return Server::start(&mut command).unwrap_or_else(|not_started| panic!("{not_started:?}"));
    }
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["serves_when_told", "--exact", "--nocapture"]).env(DIRECTORY, dir);
    // What runs the tests has a few lines to say first.
    Server::start_within(&mut command, 10).unwrap_or_else(|not_started| panic!("{not_started:?}"))
}

/// Bytes of memory that a process has in use, and the most that it ever had; where the system tells.
pub fn memory(server: &Server) -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = |name: &str| line(name)?.split_whitespace().next()?.parse::<u64>().ok();
    Some((kilobytes("VmRSS:")? << 10, kilobytes("VmHWM:")? << 10))
}
