//! The ledger's limits, and when it takes snapshots, with the defaults.

use std::path::PathBuf;
use std::time::Duration;

/// The most bytes that one request may record, effects included.
pub const MAX_RECORDED_BYTES: usize = 32 << 20;

/// What the ledger accepts before it refuses requests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How far in the future a fact may lie, in seconds (rules 1.2).
    pub future_tolerance_seconds: u64,
    /// Requests that may be queued, decided or being synced at a time; more are refused as overload.
    pub queue_requests: usize,
    /// Bytes of requests, with what they become when they are parsed, that may be queued, decided or being synced at a time;
    /// more are refused as overload.
    pub queue_bytes: usize,
    /// Records after which a commit takes no further request.
    pub commit_records: usize,
    /// Bytes after which a commit takes no further request.
    pub commit_bytes: usize,
    /// Bytes that one request may record; it is answered with as many.
    pub request_recorded_bytes: usize,
    /// Reads that may take long at a time: lists, figures, pages of streams.
    pub reads_at_once: usize,
    /// Such reads that may wait; more are refused as overload.
    pub reads_waiting: usize,
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
            reads_at_once: std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2)),
            reads_waiting: 256,
            retry_after: Duration::from_millis(100),
        }
    }
}

/// Where snapshots of the state are kept, and when they are taken.
#[derive(Clone, Debug)]
pub struct SnapshotSettings {
    /// The data directory; snapshots are in its folder `snapshots`.
    pub data_dir: PathBuf,
    /// Records from one snapshot to the next. A start after a crash replays about as many.
    pub every_records: u64,
    /// The fewest records since the last snapshot for which one is taken when the ledger is closed.
    pub least_at_close: u64,
    /// How long that one may take; it is abandoned if it takes longer.
    pub close_timeout: Duration,
}

impl SnapshotSettings {
    /// The defaults, for a data directory.
    pub fn new(data_dir: PathBuf) -> Self {
        Self { data_dir, every_records: 1_000_000, least_at_close: 10_000, close_timeout: Duration::from_secs(3) }
    }
}
