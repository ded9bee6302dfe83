//! Reads: from the last frames in memory, else from the database.

use super::shared::Shared;
use crate::journal::collect::Collector;
use crate::journal::error::JournalError;
use crate::journal::port::StoredRecord;
use std::sync::Arc;

/// Frames that are asked for at a time.
const FRAMES_AT_ONCE: u32 = 64;

impl Shared {
    /// Implements `Journal::read`.
    pub fn read(self: &Arc<Self>, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        self.check_open()?;
        let last = self.head.read().size;
        let mut collector = Collector::new(from, last, max_records, max_bytes);
        while let Some(position) = collector.next() {
            let held = self.recent.lock().find(position).or_else(|| self.cache.find(position));
            if let Some(held) = held {
                collector.push_frame(&held.frame());
                continue;
            }
            let (shared, frames) = (Arc::clone(self), FRAMES_AT_ONCE.min(u32::try_from(max_records).unwrap_or(u32::MAX)));
            let frames = self.driver.wait(async move { shared.frames(position, frames, max_bytes).await })?;
            for frame in &frames {
                let is_taken = collector.push_frame(&frame.frame());
                if is_taken && collector.position() <= frame.header.last() {
                    self.cache.insert(&frame.frame());
                }
                if !is_taken || collector.next().is_none() {
                    break;
                }
            }
            if collector.next() == Some(position) {
                let what = "the database does not have them any more".to_owned();
                return Err(JournalError::Damaged { what, first: position, last: position });
            }
        }
        Ok(collector.finish())
    }
}
