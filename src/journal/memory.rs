//! A journal in memory, for tests: it keeps the contract except for durability.

use parking_lot::Mutex;

use super::batch::Batch;
use super::collect::Collector;
use super::error::JournalError;
use super::frame::{MAX_COMMIT_BYTES, body_bytes};
use super::merkle::{Frontier, TreeHead};
use super::port::{Journal, StoredRecord};

/// A journal in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    records: Vec<Vec<u8>>,
    frontier: Frontier,
    is_closed: bool,
}

impl Content {
    fn check_open(&self) -> Result<(), JournalError> {
        if self.is_closed {
            return Err(JournalError::Stopped { why: "it was closed".into() });
        }
        Ok(())
    }
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Journal for MemoryJournal {
    fn last(&self) -> u64 {
        self.content.lock().frontier.size()
    }

    fn tree_head(&self) -> TreeHead {
        self.content.lock().frontier.head()
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        let mut content = self.content.lock();
        content.check_open()?;
        let last = content.frontier.size();
        if expected_last != last {
            return Err(JournalError::PositionMismatch { expected: expected_last, last });
        }
        if body_bytes(batch) > MAX_COMMIT_BYTES {
            return Err(JournalError::TooLarge { bytes: body_bytes(batch), limit: MAX_COMMIT_BYTES });
        }
        for record in batch.records() {
            content.frontier.push(record);
            content.records.push(record.to_vec());
        }
        Ok(content.frontier.head())
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        let content = self.content.lock();
        content.check_open()?;
        let mut collector = Collector::new(from, content.frontier.size(), max_records, max_bytes);
        while let Some(position) = collector.next() {
            collector.push(position, &content.records[position as usize - 1]);
        }
        Ok(collector.finish())
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        self.content.lock().check_open()?;
        Ok(self.last())
    }

    fn close(&self) -> Result<(), JournalError> {
        self.content.lock().is_closed = true;
        Ok(())
    }
}
