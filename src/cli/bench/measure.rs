//! What is measured: latencies, and the CPU time, memory and disk space of a process.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// Latencies with three digits, in microseconds, up to an hour.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

/// The longest latency that is distinguished, in microseconds.
const LONGEST_MICROSECONDS: u64 = 3_600_000_000;

impl Latencies {
    /// An empty histogram.
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_MICROSECONDS, 3).expect("the bounds are ordered and the digits few"))
    }

    /// Records one latency.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX));
    }

    /// Adds the latencies of another histogram.
    pub fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// Returns the percentiles.
    pub fn summary(&self) -> Percentiles {
        let at = |quantile| milliseconds(self.0.value_at_quantile(quantile));
        Percentiles { p50_ms: at(0.5), p99_ms: at(0.99), p99_9_ms: at(0.999), max_ms: milliseconds(self.0.max()) }
    }
}

/// The progress of a load: events acknowledged in each tenth of a second.
#[derive(Clone, Debug, Default)]
pub struct Progress(Vec<u64>);

/// Into how many parts a load is divided for its speed over time.
const TENTHS: u32 = 10;
/// The shortest load whose speed over time is reported, in seconds.
const LEAST_SECONDS: f64 = 5.0;

impl Progress {
    /// Records that `events` were acknowledged `after` so long from the start.
    pub fn record(&mut self, after: Duration, events: u64) {
        let index = usize::try_from(after.as_millis() / 100).unwrap_or(usize::MAX - 1);
        if self.0.len() <= index {
            self.0.resize(index + 1, 0);
        }
        self.0[index] += events;
    }

    /// Adds the progress of another lane.
    pub fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| *sum += more);
    }

    /// Returns the events per second in each tenth of the events, so that a load that gets slower shows it; empty for a short
    /// load.
    pub fn speed_by_tenths(&self, seconds: f64) -> Vec<f64> {
        let events: u64 = self.0.iter().sum();
        if events == 0 || seconds < LEAST_SECONDS {
            return Vec::new();
        }
        let times: Vec<f64> = (0..=TENTHS).map(|tenth| self.time_of(per(events * u64::from(tenth), u64::from(TENTHS)))).collect();
        times.windows(2).map(|pair| per(events, u64::from(TENTHS)) / (pair[1] - pair[0]).max(1e-9)).collect()
    }

    /// Returns after how many seconds `events` had been acknowledged.
    #[expect(clippy::cast_precision_loss, reason = "a speed for people to read")]
    fn time_of(&self, events: f64) -> f64 {
        let (mut before, mut seconds) = (0.0, 0.0);
        for count in self.0.iter().map(|count| *count as f64) {
            if before + count >= events {
                return if count > 0.0 { seconds + 0.1 * (events - before) / count } else { seconds };
            }
            before += count;
            seconds += 0.1;
        }
        seconds
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people to read")]
fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000.0
}

/// Percentiles of latencies, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the names in the JSON, where the unit must be told")]
pub struct Percentiles {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p99_9_ms: f64,
    pub max_ms: f64,
}

/// CPU time that a process has used, in seconds, in user and in kernel mode.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Cpu {
    pub user_seconds: f64,
    pub system_seconds: f64,
}

impl Cpu {
    /// Returns what a process has used so far; zero if the system does not tell.
    pub fn of(process: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name, in parentheses, may have anything in it; behind it the state is the third field, user time the 14th.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().skip(11);
        #[expect(clippy::cast_precision_loss, reason = "seconds for people to read")]
        let mut next = || {
            let ticks = fields.next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            ticks as f64 / rustix::param::clock_ticks_per_second() as f64
        };
        Self { user_seconds: next(), system_seconds: next() }
    }

    /// Returns what was used since `before`.
    pub fn since(self, before: Self) -> Self {
        let least = |seconds: f64| seconds.max(0.0);
        Self {
            user_seconds: least(self.user_seconds - before.user_seconds),
            system_seconds: least(self.system_seconds - before.system_seconds),
        }
    }

    /// Returns user and kernel time together.
    pub fn seconds(self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

/// Memory of a process in bytes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Memory {
    /// Its present resident set.
    pub resident_bytes: u64,
    /// Its largest resident set so far.
    pub peak_bytes: u64,
}

impl Memory {
    /// Returns what a process has; zero if the system does not tell.
    pub fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1_024
        };
        Self { resident_bytes: bytes("VmRSS"), peak_bytes: bytes("VmHWM") }
    }

    /// Returns what the machine can give to programs without taking it from others, in bytes; zero if the system does not tell.
    pub fn available() -> u64 {
        let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
        line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1_024
    }
}

/// Disk space allocated for a data directory, in bytes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Disk {
    /// The log, with its preallocated space.
    pub log_bytes: u64,
    /// The store behind the log.
    pub store_bytes: u64,
}

impl Disk {
    /// Returns what the records of a data directory take, without snapshots of the state.
    pub fn of(dir: &Path) -> std::io::Result<Self> {
        Ok(Self { log_bytes: allocated(&dir.join("wal"))?, store_bytes: allocated(&dir.join("store"))? })
    }

    /// Returns what a directory or file takes; zero if it does not exist.
    pub fn allocated_by(path: &Path) -> std::io::Result<u64> {
        allocated(path)
    }

    /// Returns log and store together.
    pub fn bytes(self) -> u64 {
        self.log_bytes + self.store_bytes
    }
}

/// Returns the bytes allocated for a directory and all below it.
fn allocated(path: &Path) -> std::io::Result<u64> {
    let metadata = match fs::symlink_metadata(path) {
        // A running ledger replaces full segments by compressed ones.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        metadata => metadata?,
    };
    // Blocks are counted in units of 512 bytes, whatever the file system's.
    let mut bytes = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            bytes += allocated(&entry?.path())?;
        }
    }
    Ok(bytes)
}

/// So many in so long, per second.
#[expect(clippy::cast_precision_loss, reason = "a speed for people to read")]
pub fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}

/// Returns `whole` divided by `parts`; 0 if that is 0.
#[expect(clippy::cast_precision_loss, reason = "a figure for people to read")]
pub fn per(whole: u64, parts: u64) -> f64 {
    if parts == 0 { 0.0 } else { whole as f64 / parts as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new();
        let mut others = Latencies::new();
        (1..=500).for_each(|milliseconds| latencies.record(Duration::from_millis(milliseconds)));
        (501..=1_000).for_each(|milliseconds| others.record(Duration::from_millis(milliseconds)));
        latencies.add(&others);
        let Percentiles { p50_ms, p99_ms, p99_9_ms, max_ms } = latencies.summary();
        for (found, expected) in [(p50_ms, 500.0), (p99_ms, 990.0), (p99_9_ms, 999.0), (max_ms, 1_000.0)] {
            assert!((found - expected).abs() <= expected * 0.002, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_load_that_gets_slower_shows_it() {
        let mut progress = Progress::default();
        let mut other = Progress::default();
        // 500 events in the first five seconds, as many in the ten after them, on two lanes.
        (0..50).for_each(|tenth| progress.record(Duration::from_millis(tenth * 100), 10));
        (50..150).for_each(|tenth| other.record(Duration::from_millis(tenth * 100 + 50), 5));
        progress.add(&other);
        let speeds = progress.speed_by_tenths(15.0);
        assert_eq!(speeds.len(), 10);
        for (tenth, speed) in speeds.iter().enumerate() {
            let expected = if tenth < 5 { 100.0 } else { 50.0 };
            assert!((speed - expected).abs() < 0.1, "{speeds:?}");
        }
        assert!(progress.speed_by_tenths(0.5).is_empty(), "too short to tell");
    }

    #[test]
    fn this_process_has_used_memory() {
        let memory = Memory::of(std::process::id());
        assert!(memory.resident_bytes > 0 && memory.peak_bytes >= memory.resident_bytes, "{memory:?}");
    }

    #[test]
    fn a_directory_takes_what_its_files_take() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("wal")).expect("a directory");
        fs::write(dir.path().join("wal/segment"), vec![1; 100_000]).expect("a file");
        fs::write(dir.path().join("checkpoint"), vec![1; 5_000]).expect("a file");
        fs::File::open(dir.path().join("wal/segment")).and_then(|file| file.sync_all()).expect("synced");
        let disk = Disk::of(dir.path()).expect("readable");
        assert!(disk.log_bytes >= 100_000 && disk.log_bytes < 200_000, "{disk:?}");
    }
}
