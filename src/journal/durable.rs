//! The durable journal: the log, the store behind it, and what joins them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};

use super::checkpoint::{Checkpoint, sync_ancestors};
use super::codec::{FrameHeader, MAX_COMMIT_BYTES, body_bytes};
use super::lock::DirLock;
use super::log::{Log, Segments};
use super::options::{Options, Step};
use super::pending::{HeldFrame, Queue};
use super::quiet::catch;
use super::reading::{FrameCache, allocated_bytes};
use super::recovery::{OpenReport, Recovered, STORE_DIR, SUSPECT_FILE, WAL_DIR, recover, store_failed};
use super::seal::{Sealing, seal_segments};
use super::sled::Store;
use super::workers::feed_store;
use super::{Batch, DiskBytes, Journal, JournalError, StopListener, StoredRecord, TreeHead, encode_frame};

/// The journal on disk.
pub struct DurableJournal {
    inner: Arc<Inner>,
    feeder: Mutex<Option<JoinHandle<()>>>,
    sealer: Mutex<Option<JoinHandle<()>>>,
    dir_lock: Mutex<Option<DirLock>>,
}

/// What the callers' threads and the store's thread share.
pub(super) struct Inner {
    pub dir: PathBuf,
    pub options: Options,
    pub queue: Queue,
    pub store: RwLock<Option<Store>>,
    log: Mutex<Option<Log>>,
    pub segments: Segments,
    pub sealing: Sealing,
    pub cache: FrameCache,
    pub head: RwLock<TreeHead>,
    checkpoint: Mutex<Checkpoint>,
    stopped: Mutex<Option<String>>,
    on_stop: Mutex<Option<StopListener>>,
    is_closed: AtomicBool,
}

impl DurableJournal {
    /// Opens the journal in `dir`, or creates it. What the log, the store and the checkpoint disagree on is mended
    /// where one of them has it whole, and reported.
    ///
    /// # Errors
    /// `Locked` if another process owns the directory; `Damaged` if records are lost that had been acknowledged;
    /// `Storage` if the operating system refuses a file operation.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, OpenReport), JournalError> {
        let opened = catch(|| Self::open_unguarded(dir, options));
        opened.unwrap_or_else(|panic| Err(JournalError::Stopped { why: format!("a bug while opening: {panic}") }))
    }

    fn open_unguarded(dir: &Path, options: Options) -> Result<(Self, OpenReport), JournalError> {
        fs::create_dir_all(dir).map_err(JournalError::storage(format!("creating {}", dir.display())))?;
        sync_ancestors(dir).map_err(JournalError::storage(format!("syncing the directories above {}", dir.display())))?;
        let dir_lock = DirLock::take(dir)?;
        let Recovered { log, store, checkpoint, report } = recover(dir, &options)?;
        let inner = Arc::new(Inner {
            dir: dir.to_owned(),
            queue: Queue::new(report.tree_head, options.queue_bytes),
            options,
            store: RwLock::new(Some(store)),
            segments: log.segments(),
            sealing: Sealing::default(),
            cache: FrameCache::default(),
            log: Mutex::new(Some(log)),
            head: RwLock::new(report.tree_head),
            checkpoint: Mutex::new(checkpoint),
            stopped: Mutex::new(None),
            on_stop: Mutex::new(None),
            is_closed: AtomicBool::new(false),
        });
        let mut journal = Self { inner, feeder: Mutex::default(), sealer: Mutex::default(), dir_lock: Mutex::new(Some(dir_lock)) };
        journal.feeder = Mutex::new(Some(journal.start("journal-store", feed_store)?));
        if journal.inner.options.compress_segments {
            journal.inner.sealing.checkpointed(report.last);
            journal.sealer = Mutex::new(Some(journal.start("journal-seal", seal_segments)?));
        }
        Ok((journal, report))
    }

    fn start(&self, name: &str, work: fn(&Inner)) -> Result<JoinHandle<()>, JournalError> {
        let inner = Arc::clone(&self.inner);
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || work(&inner));
        thread.map_err(JournalError::storage(format!("starting the thread {name}")))
    }

    fn guarded<T>(&self, work: impl FnOnce() -> Result<T, JournalError>) -> Result<T, JournalError> {
        catch(work).unwrap_or_else(|panic| {
            let why = format!("a bug: {panic}");
            self.inner.stop(&why);
            Err(JournalError::Stopped { why })
        })
    }

    fn close_unguarded(&self) -> Result<(), JournalError> {
        let mut dir_lock = self.dir_lock.lock();
        if dir_lock.is_none() {
            return Ok(());
        }
        drop(self.inner.log.lock().take());
        let stopped_before = self.inner.stopped.lock().clone();
        self.inner.stop("it was closed");
        self.inner.queue.close();
        self.inner.sealing.stop();
        for thread in [self.feeder.lock().take(), self.sealer.lock().take()].into_iter().flatten() {
            // They catch their own panics.
            let _ = thread.join();
        }
        let is_whole = self.inner.queue.fed().size == self.inner.head.read().size;
        let written = self.inner.write_checkpoint(stopped_before.is_none() && is_whole);
        self.inner.is_closed.store(true, Ordering::Release);
        let store = self.inner.store.write().take();
        let closed = store.map_or(Ok(()), Store::close).map_err(store_failed);
        *dir_lock = None;
        written.and(closed)
    }
}

impl Journal for DurableJournal {
    fn last(&self) -> u64 {
        self.inner.head.read().size
    }

    fn tree_head(&self) -> TreeHead {
        *self.inner.head.read()
    }

    fn tree_head_at(&self, position: u64) -> Result<Option<TreeHead>, JournalError> {
        self.guarded(|| self.inner.tree_head_at(position))
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        self.guarded(|| self.inner.append(expected_last, batch))
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        self.guarded(|| self.inner.read(from, max_records, max_bytes))
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        self.guarded(|| {
            self.inner.check_open()?;
            let fed = self.inner.queue.wait_until_fed(self.last());
            fed.map_err(|why| JournalError::Stopped { why })?;
            self.inner.write_checkpoint(false)
        })
    }

    fn close(&self) -> Result<(), JournalError> {
        self.guarded(|| self.close_unguarded())
    }

    fn on_stop(&self, tell: StopListener) {
        let mut on_stop = self.inner.on_stop.lock();
        if let Some(why) = self.inner.queue.failure() {
            tell(&why);
        }
        *on_stop = Some(tell);
    }

    fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        let size = |name: &str| {
            let path = self.inner.dir.join(name);
            allocated_bytes(&path).map_err(JournalError::storage(format!("looking at {}", path.display())))
        };
        Ok(DiskBytes { log: size(WAL_DIR)?, store: size(STORE_DIR)? })
    }
}

impl Drop for DurableJournal {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "closing the journal");
        }
    }
}

impl Inner {
    pub fn check_open(&self) -> Result<(), JournalError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(JournalError::Stopped { why: "it was closed".into() });
        }
        Ok(())
    }

    /// Takes no commits any more, for the first reason given.
    fn stop(&self, why: &str) {
        self.stopped.lock().get_or_insert_with(|| why.to_owned());
    }

    /// The store takes no more frames. It is rebuilt when the journal is next opened.
    pub fn store_failed(&self, why: &str) {
        self.suspect_store();
        self.give_up(&format!("the store failed: {why}"));
    }

    /// Nothing is fed to the store any more, so no commits are taken either.
    fn give_up(&self, why: &str) {
        tracing::error!(why, "no more commits are taken");
        self.stop(why);
        self.queue.fail(why.to_owned());
        if let Some(tell) = &*self.on_stop.lock() {
            tell(why);
        }
    }

    pub fn suspect_store(&self) {
        if let Err(error) = fs::write(self.dir.join(SUSPECT_FILE), "") {
            tracing::warn!(%error, "the store could not be marked for rebuilding");
        }
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        let mut log = self.log.lock();
        let why = self.stopped.lock().clone();
        if let Some(why) = why {
            return Err(JournalError::Stopped { why });
        }
        let Some(log) = log.as_mut() else {
            return Err(JournalError::Stopped { why: "it was closed".into() });
        };
        let last = log.frontier().size();
        if expected_last != last {
            return Err(JournalError::PositionMismatch { expected: expected_last, last });
        }
        let body = body_bytes(batch);
        if body > MAX_COMMIT_BYTES {
            return Err(JournalError::TooLarge { bytes: body, limit: MAX_COMMIT_BYTES });
        }
        if batch.is_empty() {
            return Ok(*self.head.read());
        }
        self.queue.wait_for_room(body).map_err(|why| JournalError::Stopped { why })?;
        self.commit(log, batch, body)
    }

    /// Makes a commit durable, hands it to the store and publishes it, in this order.
    fn commit(&self, log: &mut Log, batch: &Batch, body: usize) -> Result<TreeHead, JournalError> {
        let first = log.frontier().size() + 1;
        let mut after = log.frontier().clone();
        batch.records().for_each(|record| after.push(record));
        let tree = after.head();
        let mut bytes = Vec::new();
        encode_frame(&mut bytes, first, batch, tree);
        log.append(&bytes, after).inspect_err(|error| self.stop(&error.to_string()))?;
        // Count and length fit in 32 bits: a commit's limit is smaller.
        let header = FrameHeader { first, count: batch.len() as u32, body_bytes: body as u32, tree };
        self.queue.push(HeldFrame { header, bytes });
        *self.head.write() = tree;
        Ok(tree)
    }

    /// Syncs the store and writes down how far it is whole. If either fails, no more commits are taken: what failed
    /// once is never tried again.
    pub fn write_checkpoint(&self, is_closed: bool) -> Result<u64, JournalError> {
        let mut checkpoint = self.checkpoint.lock();
        if let Some(why) = self.queue.failure() {
            return Err(JournalError::Stopped { why });
        }
        let new = Checkpoint { head: self.queue.fed(), is_closed };
        if *checkpoint == new {
            return Ok(new.position());
        }
        if new.head != checkpoint.head {
            self.sync_store().inspect_err(|error| self.store_failed(&error.to_string()))?;
        }
        new.write(&self.dir, &self.options).inspect_err(|error| self.give_up(&error.to_string()))?;
        *checkpoint = new;
        self.sealing.checkpointed(new.position());
        Ok(new.position())
    }

    fn sync_store(&self) -> Result<(), JournalError> {
        let step = self.options.step(Step::SyncStore);
        step.map_err(JournalError::storage("syncing the store"))?;
        match self.store.read().as_ref() {
            Some(store) => store.sync().map_err(store_failed),
            None => Err(JournalError::Stopped { why: "it was closed".into() }),
        }
    }
}
