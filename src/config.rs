//! How the service is set up, with the defaults and what they are good for.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The largest message that is taken in, in bytes: 4 MiB, the usual limit of gRPC.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// The most bytes that one request may record, effects included.
pub const MAX_RECORDED_BYTES: usize = 32 << 20;
/// The largest message that is sent out, in bytes: whatever may be recorded can be answered.
pub const MAX_RESPONSE_BYTES: usize = 48 << 20;

/// What the ledger takes before it says no.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How far ahead of now a fact may lie, in seconds (rules 1.2).
    pub future_tolerance_seconds: u64,
    /// Requests that may be queued, decided or in syncing at a time; more are refused as overload.
    pub queue_requests: usize,
    /// Bytes of requests that may be queued, decided or in syncing at a time; more are refused as overload.
    pub queue_bytes: usize,
    /// Records after which a commit takes no further request.
    pub commit_records: usize,
    /// Bytes after which a commit takes no further request.
    pub commit_bytes: usize,
    /// Bytes that one request may record; it is answered with as many.
    pub request_recorded_bytes: usize,
    /// How long a caller refused for overload is told to wait.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            future_tolerance_seconds: 300,
            queue_requests: 16_384,
            queue_bytes: 64 << 20,
            commit_records: 4_096,
            commit_bytes: 2 << 20,
            request_recorded_bytes: MAX_RECORDED_BYTES,
            retry_after: Duration::from_millis(100),
        }
    }
}

/// Where snapshots of the state are kept, and when they are taken.
#[derive(Clone, Debug)]
pub struct SnapshotSettings {
    /// The data directory; they are in `snapshots` of it.
    pub data_dir: PathBuf,
    /// Records from one to the next. A start after a crash replays about as many.
    pub every_records: u64,
    /// Records since the last one from which on one is taken when the ledger is closed.
    pub least_at_close: u64,
    /// How long that may take; it is given up if it takes longer.
    pub close_timeout: Duration,
}

impl SnapshotSettings {
    /// The defaults, for a data directory.
    pub fn new(data_dir: PathBuf) -> Self {
        Self { data_dir, every_records: 1_000_000, least_at_close: 10_000, close_timeout: Duration::from_secs(3) }
    }
}

/// How the service is set up.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Where the ledger is kept; created if it is not there.
    pub data_dir: PathBuf,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Whether a damaged end of the log that no other copy has is given up instead of refused.
    pub cut_damaged_tail: bool,
    /// Records from one snapshot of the state to the next; 0 for none.
    pub snapshot_records: u64,
    /// Whether both copies of all records are read before the service starts, however large the ledger is.
    pub check_everything: bool,
    /// What the ledger takes before it says no.
    pub limits: Limits,
    /// Threads that serve connections, each of them its own.
    pub worker_threads: usize,
    /// Connections at a time; more are closed at once. The system's limit of open files may allow fewer.
    pub max_connections: usize,
    /// How long a client that has connected may take to begin to speak.
    pub preface_timeout: Duration,
    /// Bytes of messages that have begun to arrive and are not whole, of all calls together; more are refused as overload.
    pub partial_message_bytes: usize,
    /// How long the rest of a message may take.
    pub partial_message_timeout: Duration,
    /// Calls at a time on one connection.
    pub max_concurrent_streams: u32,
    /// Requests that one append stream may have unanswered; beyond them it is not read on.
    pub stream_in_flight: usize,
    /// How long calls under way may take to finish once the service is told to stop.
    pub drain: Duration,
    /// How long the last commits and the journal's close may take after that.
    pub close: Duration,
}

impl Default for ServeConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            data_dir: PathBuf::from("ledger-data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 50051)),
            cut_damaged_tail: false,
            snapshot_records: 1_000_000,
            check_everything: false,
            limits: Limits::default(),
            worker_threads: cores.min(4),
            max_connections: 4_096,
            preface_timeout: Duration::from_secs(10),
            partial_message_bytes: 128 << 20,
            partial_message_timeout: Duration::from_mins(1),
            max_concurrent_streams: 256,
            stream_in_flight: 256,
            drain: Duration::from_secs(4),
            close: Duration::from_secs(5),
        }
    }
}
