//! What the callers' threads and the background threads share: committing, checkpoints, stopping.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};

use super::maintenance_signal::MaintenanceSignal;
use super::queue::Queue;
use crate::journal::batch::Batch;
use crate::journal::cache::FrameCache;
use crate::journal::error::JournalError;
use crate::journal::frame::{FrameHeader, HeldFrame, MAX_COMMIT_BYTES, body_bytes, encode_frame};
use crate::journal::log::{Log, Segments};
use crate::journal::merkle::{Hash, TreeHead, leaf_hash};
use crate::journal::options::{Options, Step};
use crate::journal::port::StopListener;
use crate::journal::recent_leaves::RecentLeaves;
use crate::journal::recovery::SUSPECT_FILE;
use crate::journal::store::{Checkpoint, Store};
use crate::measure::Histogram;

/// What the callers' threads and the background threads share.
pub(super) struct Shared {
    pub dir: PathBuf,
    pub options: Options,
    pub queue: Queue,
    pub store: RwLock<Option<Store>>,
    pub log: Mutex<Option<Log>>,
    pub segments: Segments,
    pub syncs: Arc<Histogram>,
    pub maintenance: MaintenanceSignal,
    pub cache: FrameCache,
    pub recent_leaves: RecentLeaves,
    pub head: RwLock<TreeHead>,
    pub checkpoint: Mutex<Checkpoint>,
    pub stopped: Mutex<Option<String>>,
    pub on_stop: Mutex<Option<StopListener>>,
    pub is_closed: AtomicBool,
}

impl Shared {
    /// Returns `Stopped` once the journal is closed.
    pub fn check_open(&self) -> Result<(), JournalError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(JournalError::Stopped { why: "it was closed".into() });
        }
        Ok(())
    }

    /// Stops taking commits; the first reason is kept.
    pub fn stop(&self, why: &str) {
        self.stopped.lock().get_or_insert_with(|| why.to_owned());
    }

    /// Stops because the store failed. It is rebuilt at the next opening.
    pub fn store_failed(&self, why: &str) {
        self.suspect_store();
        self.give_up(&format!("the store failed: {why}"));
    }

    /// Stops writing to the store, and so taking commits, and tells the listener.
    fn give_up(&self, why: &str) {
        tracing::error!(why, "no more commits are taken");
        self.stop(why);
        self.queue.fail(why.to_owned());
        if let Some(tell) = &*self.on_stop.lock() {
            tell(why);
        }
    }

    /// Marks the store for rebuilding at the next opening.
    pub fn suspect_store(&self) {
        if let Err(error) = fs::write(self.dir.join(SUSPECT_FILE), "") {
            tracing::warn!(%error, "the store could not be marked for rebuilding");
        }
    }

    /// Implements `Journal::append`.
    pub fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
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

    /// Makes a commit durable, queues it for the store and publishes it, in this order.
    fn commit(&self, log: &mut Log, batch: &Batch, body: usize) -> Result<TreeHead, JournalError> {
        let first = log.frontier().size() + 1;
        let mut after = log.frontier().clone();
        let leaves: Vec<Hash> = batch.records().map(leaf_hash).collect();
        leaves.iter().for_each(|leaf| after.push_leaf(*leaf));
        let tree = after.head();
        let mut bytes = Vec::new();
        encode_frame(&mut bytes, first, batch, tree);
        log.append(&bytes, after).inspect_err(|error| self.stop(&error.to_string()))?;
        // Count and length fit in 32 bits: a commit's limit is smaller.
        let header = FrameHeader { first, count: batch.len() as u32, body_bytes: body as u32, tree };
        self.queue.push(HeldFrame { header, bytes });
        self.recent_leaves.push(first, &leaves);
        *self.head.write() = tree;
        Ok(tree)
    }

    /// Syncs the store and writes a checkpoint. Returns its position. If either fails, no more commits are taken: a failed
    /// sync is never retried.
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
        self.maintenance.checkpointed(new.position());
        Ok(new.position())
    }

    fn sync_store(&self) -> Result<(), JournalError> {
        let step = self.options.step(Step::SyncStore);
        step.map_err(JournalError::storage("syncing the store"))?;
        match self.store.read().as_ref() {
            Some(store) => store.sync().map_err(JournalError::from),
            None => Err(JournalError::Stopped { why: "it was closed".into() }),
        }
    }
}
