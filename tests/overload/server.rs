//! A served ledger with small limits, in a process of its own: this test program, called again.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use partnership_ledger::ledger::Limits;
use partnership_ledger::server::{ServeConfig, serve};
use tonic::transport::{Channel, Endpoint};

/// Names the directory in the environment of the process that serves.
const DIRECTORY: &str = "OVERLOAD_SERVES";
/// Requests that the ledger has room for.
pub const QUEUE_REQUESTS: usize = 16;
/// Bytes of requests that it has room for.
pub const QUEUE_BYTES: usize = 1 << 20;
/// Connections that it has room for.
pub const CONNECTIONS: usize = 120;
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
        ..ServeConfig::default()
    };
    serve(&config, |address, _, _| println!("\nlistening on {address}")).expect("it serves and ends well");
}

/// How long it waits for the rest of a message.
const ARRIVING: Duration = Duration::from_secs(8);

/// The process that serves.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    _out: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(dir: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["serves_when_told", "--exact", "--nocapture"])
            .env(DIRECTORY, dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(out.read_line(&mut line).expect("a line") > 0, "the server ended");
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                break address.parse().expect("an address");
            }
        };
        Self { process, address, _out: out }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an address")
    }

    pub async fn connect(&self) -> Channel {
        self.endpoint().connect().await.expect("a connection")
    }

    /// Bytes of memory that the process has in use, and the most that it ever had; where the system tells.
    pub fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = |name: &str| line(name)?.split_whitespace().next()?.parse::<u64>().ok();
        Some((kilobytes("VmRSS:")? << 10, kilobytes("VmHWM:")? << 10))
    }

    pub fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }

    /// Tells it to end, and waits until it has.
    pub fn end(mut self) -> ExitStatus {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        self.process.wait().expect("it ends")
    }
}
