//! The disk of the data directory: how much is free, with a warning well before it is full.

use rustix::fs::statvfs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How often it is looked at.
const WATCH: Duration = Duration::from_secs(20);
/// How often a disk that fills is warned of.
const WARNING_PAUSE: Duration = Duration::from_hours(1);
/// A disk fills when less than one part in so many is free,
const LOW_PARTS: u64 = 10;
/// and less than this;
const LOW_BYTES: u64 = 10 << 30;
/// or in any case when less than this is.
const LEAST_BYTES: u64 = 512 << 20;

/// The disk of a directory.
#[derive(Debug)]
pub struct Disk {
    dir: PathBuf,
    free: AtomicU64,
    total: AtomicU64,
}

impl Disk {
    /// The disk of a directory, which need not be there yet.
    pub fn of(dir: &Path) -> Self {
        let disk = Self { dir: dir.to_owned(), free: AtomicU64::new(0), total: AtomicU64::new(0) };
        disk.look();
        disk
    }

    /// Bytes that the server may still take, and the size of the disk; `None` if the system does not say.
    pub fn free_of(&self) -> Option<(u64, u64)> {
        let total = self.total.load(Ordering::Relaxed);
        (total > 0).then(|| (self.free.load(Ordering::Relaxed), total))
    }

    /// Looks at the disk anew.
    pub fn look(&self) {
        if let Ok(stat) = statvfs(&self.dir) {
            self.free.store(stat.f_bavail.saturating_mul(stat.f_frsize), Ordering::Relaxed);
            self.total.store(stat.f_blocks.saturating_mul(stat.f_frsize), Ordering::Relaxed);
        }
    }

    /// Watches it on a thread of its own, until what this returns is dropped.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn watch(self: &Arc<Self>) -> std::io::Result<Sender<()>> {
        let (sender, ended) = channel();
        let disk = Arc::clone(self);
        std::thread::Builder::new().name("disk".to_owned()).spawn(move || disk.run(&ended))?;
        Ok(sender)
    }

    fn run(&self, ended: &Receiver<()>) {
        let mut warned: Option<Instant> = None;
        loop {
            self.look();
            if let Some((free, total)) = self.free_of() {
                if !is_low(free, total) {
                    warned = None;
                } else if warned.is_none_or(|warned| warned.elapsed() >= WARNING_PAUSE) {
                    let mebibytes = free >> 20;
                    tracing::warn!(free_mebibytes = mebibytes, dir = %self.dir.display(), "the disk fills: recording stops when it is full");
                    warned = Some(Instant::now());
                }
            }
            if ended.recv_timeout(WATCH) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}

/// Whether a disk of which so much is free needs somebody to look at it.
fn is_low(free: u64, total: u64) -> bool {
    free < LEAST_BYTES.min(total / 2) || free < (total / LOW_PARTS).min(LOW_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_warned_of_well_before_it_is_full() {
        const GIB: u64 = 1 << 30;
        for (free, total, expected) in [
            (9 * GIB, 100 * GIB, true),
            (11 * GIB, 100 * GIB, false),
            (11 * GIB, 4_000 * GIB, false),
            (9 * GIB, 4_000 * GIB, true),
            (400 << 20, 2 * GIB, true),
            (3 << 20, 4 << 20, false),
            (1 << 20, 4 << 20, true),
        ] {
            assert_eq!(is_low(free, total), expected, "{free} of {total}");
        }
    }

    #[test]
    fn what_is_free_is_told() {
        let (free, total) = Disk::of(Path::new("/")).free_of().expect("it is told");
        assert!(free <= total);
    }
}
