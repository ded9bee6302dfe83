//! A journal that a test has in its hand.

use parking_lot::{Condvar, Mutex};
use partnership_ledger::journal::{Batch, DiskBytes, Journal, JournalError, MemoryJournal, StoredRecord, TreeHead};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A journal in memory whose appends wait or fail when told to, and that counts the bytes that were read.
#[derive(Default)]
pub struct ControlledJournal {
    pub inner: MemoryJournal,
    /// How many appends may go on; all if `None`.
    permits: Mutex<Option<usize>>,
    changed: Condvar,
    fails: AtomicBool,
    bytes_read: AtomicU64,
}

impl ControlledJournal {
    /// Appends wait from now on, or no longer.
    pub fn hold(&self, is_held: bool) {
        *self.permits.lock() = is_held.then_some(0);
        self.changed.notify_all();
    }

    /// One of the appends that wait, or the next one, goes on.
    pub fn permit_one(&self) {
        if let Some(permits) = self.permits.lock().as_mut() {
            *permits += 1;
        }
        self.changed.notify_all();
    }

    /// Appends fail from now on, whatever is said later.
    pub fn fail(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }

    /// How many bytes of records were read.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::SeqCst)
    }
}

impl Journal for ControlledJournal {
    fn last(&self) -> u64 {
        self.inner.last()
    }

    fn tree_head(&self) -> TreeHead {
        self.inner.tree_head()
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        let mut permits = self.permits.lock();
        while *permits == Some(0) {
            self.changed.wait(&mut permits);
        }
        if let Some(permits) = permits.as_mut() {
            *permits -= 1;
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(JournalError::Storage { what: "the disk at /secret/path".into(), source: std::io::Error::other("broke") });
        }
        self.inner.append(expected_last, batch)
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        let records = self.inner.read(from, max_records, max_bytes)?;
        self.bytes_read.fetch_add(records.iter().map(|record| record.bytes.len() as u64).sum(), Ordering::SeqCst);
        Ok(records)
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        self.inner.checkpoint()
    }

    fn close(&self) -> Result<(), JournalError> {
        self.inner.close()
    }

    fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        self.inner.disk_bytes()
    }
}
