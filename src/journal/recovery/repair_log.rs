//! Repairing the log when it is opened: what is damaged is restored from the store, or opening fails and says what is lost.

use std::fs;

use super::repair_headers::Headers;
use super::repair_state::{LogRepair, SegmentEnd};
use crate::journal::error::JournalError;
use crate::journal::log::{SegmentFile, Tail, lengthen};
use crate::journal::merkle::Frontier;

/// The log after the repair.
#[derive(Debug)]
pub(crate) struct LogEnd {
    pub segments: Vec<SegmentFile>,
    /// Where the frames of the last segment end.
    pub offset: u64,
    pub frontier: Frontier,
    /// Whether the store has frames that the log lost, which are to be appended again.
    pub lacks_frames: bool,
}

impl LogRepair<'_> {
    /// Repairs the log. If that fails, the evidence that something is lost is left as it was.
    pub fn run(&mut self) -> Result<LogEnd, JournalError> {
        let first = SegmentFile::new(&self.wal, 1);
        let had_first = first.path.exists();
        let result = self.run_once();
        if result.is_err() && !had_first && first.path.exists() {
            // An empty first segment would hide that it was missing.
            fs::remove_file(&first.path).map_err(JournalError::storage(format!("removing {}", first.name())))?;
        }
        result
    }

    fn run_once(&mut self) -> Result<LogEnd, JournalError> {
        let found = SegmentFile::list(&self.wal).map_err(JournalError::storage(format!("listing {}", self.wal.display())))?;
        let Headers { segments, suspects, short } = self.repair_headers(found)?;
        let last_was_short = segments.last().is_some_and(|last| short.iter().any(|(short, _)| short == last));
        let mut end = self.check_all(&segments, &suspects)?;
        if last_was_short {
            // What the file lost may have been acknowledged, and nothing says how much it was.
            let checkpointed = self.checkpoint.map_or(0, |checkpoint| checkpoint.position());
            let known = self.donor_last.max(checkpointed).max(end.frontier.size());
            let bytes = (end.content_end - end.offset) as u64;
            end.tail = Tail::Broken { bytes, last: known + 1 };
        }
        let lacks_frames = self.settle_tail(segments.last(), &end)?;
        for (segment, bytes) in &short {
            lengthen(segment, *bytes)?;
        }
        Ok(LogEnd { segments, offset: end.offset as u64, frontier: end.frontier, lacks_frames })
    }

    /// Reads and repairs the segments since the checkpoint and the suspect ones, or all. Returns the end of the last one.
    fn check_all(&mut self, segments: &[SegmentFile], suspects: &[u64]) -> Result<SegmentEnd, JournalError> {
        let witnessed = self.checkpoint.map_or(self.donor_last, |checkpoint| checkpoint.position());
        let tail_begins = segments.partition_point(|segment| segment.first <= witnessed + 1).saturating_sub(1);
        let mut end = SegmentEnd { offset: 0, frontier: Frontier::new(), tail: Tail::Clean, content_end: 0 };
        for (index, segment) in segments.iter().enumerate() {
            if self.reads_all || index >= tail_begins || suspects.contains(&segment.first) {
                let next = segments.get(index + 1).map(|next| next.first);
                end = self.check(segment, next)?;
            }
        }
        Ok(end)
    }
}
