//! The embedded journal: opening and closing it, and the port's methods.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};

use super::feed_store::feed_store;
use super::maintenance::maintain_log;
use super::maintenance_signal::MaintenanceSignal;
use super::queue::Queue;
use super::shared::Shared;
use crate::journal::batch::Batch;
use crate::journal::cache::FrameCache;
use crate::journal::disk::{allocated_bytes, check_regular_files_named, create_private_dir, make_private, sync_ancestors};
use crate::journal::error::JournalError;
use crate::journal::merkle::{Hash, TreeHead, leaf_hash};
use crate::journal::options::Options;
use crate::journal::panics::catch_panic;
use crate::journal::port::{DiskBytes, Journal, Measured, StopListener, StoredRecord};
use crate::journal::recent_leaves::RecentLeaves;
use crate::journal::recovery::{DirLock, OPENED, OPENED_DIRS, OpenReport, Recovered, STORE_DIR, WAL_DIR, recover};
use crate::journal::store::Store;

/// Bytes of records that are read at a time to hash them.
const HASHED_AT_A_TIME: usize = 4 << 20;

/// The journal in a directory: a write-ahead log with sled behind it.
pub struct EmbeddedJournal {
    shared: Arc<Shared>,
    feeder: Mutex<Option<JoinHandle<()>>>,
    maintainer: Mutex<Option<JoinHandle<()>>>,
    dir_lock: Mutex<Option<DirLock>>,
}

/// Makes the directory private, as new ones are: those of releases before could be read by every local user. That others may
/// read it is said, and no reason not to open it.
fn close_to_others(dir: &Path) {
    match make_private(dir, &OPENED_DIRS) {
        Ok(false) => {}
        Ok(true) => {
            tracing::warn!("{} was open to other users of this machine: it is for its own user alone now (mode 0700)", dir.display());
        }
        Err(error) => {
            tracing::warn!(%error, "{} may be open to other users of this machine, and cannot be closed to them", dir.display());
        }
    }
}

impl EmbeddedJournal {
    /// Opens the journal in `dir`, or creates it. Where the log, the store and the checkpoint disagree, it is repaired from
    /// the one that is whole, and reported.
    ///
    /// # Errors
    /// `Locked` if another process owns the directory; `Damaged` if records are lost that had been acknowledged;
    /// `Storage` if the operating system refuses a file operation.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, OpenReport), JournalError> {
        let opened = catch_panic(|| Self::open_unguarded(dir, options));
        opened.unwrap_or_else(|panic| Err(JournalError::Stopped { why: format!("a bug while opening: {panic}") }))
    }

    fn open_unguarded(dir: &Path, options: Options) -> Result<(Self, OpenReport), JournalError> {
        create_private_dir(dir).map_err(JournalError::storage(format!("creating {}", dir.display())))?;
        sync_ancestors(dir).map_err(JournalError::storage(format!("syncing the directories above {}", dir.display())))?;
        check_regular_files_named(dir, &OPENED).map_err(JournalError::storage(format!("looking into {}", dir.display())))?;
        let dir_lock = DirLock::take(dir)?;
        close_to_others(dir);
        let Recovered { log, store, checkpoint, report } = recover(dir, &options)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            queue: Queue::new(report.tree_head, options.queue_bytes),
            options,
            store: RwLock::new(Some(store)),
            segments: log.segments(),
            syncs: log.syncs(),
            maintenance: MaintenanceSignal::default(),
            cache: FrameCache::default(),
            recent_leaves: RecentLeaves::default(),
            log: Mutex::new(Some(log)),
            head: RwLock::new(report.tree_head),
            checkpoint: Mutex::new(checkpoint),
            stopped: Mutex::new(None),
            on_stop: Mutex::new(None),
            is_closed: AtomicBool::new(false),
        });
        let mut journal = Self { shared, feeder: Mutex::default(), maintainer: Mutex::default(), dir_lock: Mutex::new(Some(dir_lock)) };
        journal.feeder = Mutex::new(Some(journal.start("journal-store", feed_store)?));
        if journal.shared.options.compress_segments {
            journal.shared.maintenance.checkpointed(report.last);
            journal.maintainer = Mutex::new(Some(journal.start("journal-seal", maintain_log)?));
        }
        Ok((journal, report))
    }

    /// Starts a background thread.
    fn start(&self, name: &str, work: fn(&Shared)) -> Result<JoinHandle<()>, JournalError> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || work(&shared));
        thread.map_err(JournalError::storage(format!("starting the thread {name}")))
    }

    /// Runs `work`; a panic stops the journal.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
        catch_panic(work).unwrap_or_else(|panic| {
            let why = format!("a bug: {panic}");
            self.shared.stop(&why);
            Err(JournalError::Stopped { why })
        })
    }

    fn close_unguarded(&self) -> Result<(), JournalError> {
        let mut dir_lock = self.dir_lock.lock();
        if dir_lock.is_none() {
            return Ok(());
        }
        drop(self.shared.log.lock().take());
        let stopped_before = self.shared.stopped.lock().clone();
        self.shared.stop("it was closed");
        self.shared.queue.close();
        self.shared.maintenance.stop();
        for thread in [self.feeder.lock().take(), self.maintainer.lock().take()].into_iter().flatten() {
            // The threads catch their own panics.
            let _ = thread.join();
        }
        let is_whole = self.shared.queue.fed().size == self.shared.head.read().size;
        let written = self.shared.write_checkpoint(stopped_before.is_none() && is_whole);
        self.shared.is_closed.store(true, Ordering::Release);
        let store = self.shared.store.write().take();
        let closed = store.map_or(Ok(()), Store::close).map_err(JournalError::from);
        *dir_lock = None;
        written.and(closed)
    }
}

impl Journal for EmbeddedJournal {
    fn last(&self) -> u64 {
        self.shared.head.read().size
    }

    fn tree_head(&self) -> TreeHead {
        *self.shared.head.read()
    }

    fn tree_head_at(&self, position: u64) -> Result<Option<TreeHead>, JournalError> {
        self.guarded(|| self.shared.tree_head_at(position))
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        self.guarded(|| self.shared.append(expected_last, batch))
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        self.guarded(|| self.shared.read(from, max_records, max_bytes))
    }

    fn leaf_hashes(&self, from: u64, max_records: usize) -> Result<Vec<Hash>, JournalError> {
        if let Some(leaves) = self.shared.recent_leaves.get(from, max_records) {
            return Ok(leaves);
        }
        let records = self.read(from, max_records, HASHED_AT_A_TIME)?;
        Ok(records.iter().map(|record| leaf_hash(&record.bytes)).collect())
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        self.guarded(|| {
            self.shared.check_open()?;
            let fed = self.shared.queue.wait_until_fed(self.last());
            fed.map_err(|why| JournalError::Stopped { why })?;
            self.shared.write_checkpoint(false)
        })
    }

    fn close(&self) -> Result<(), JournalError> {
        self.guarded(|| self.close_unguarded())
    }

    fn on_stop(&self, tell: StopListener) {
        let mut on_stop = self.shared.on_stop.lock();
        if let Some(why) = self.shared.queue.failure() {
            tell(&why);
        }
        *on_stop = Some(tell);
    }

    fn measured(&self) -> Measured {
        // In this order: the store never has more than is durable.
        let fed = self.shared.queue.fed().size;
        Measured { syncs: Some(Arc::clone(&self.shared.syncs)), store_lag: self.last().saturating_sub(fed) }
    }

    fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        let size = |name: &str| {
            let path = self.shared.dir.join(name);
            allocated_bytes(&path).map_err(JournalError::storage(format!("looking at {}", path.display())))
        };
        Ok(DiskBytes { log: size(WAL_DIR)?, store: size(STORE_DIR)? })
    }
}

impl Drop for EmbeddedJournal {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "closing the journal");
        }
    }
}
