//! The log's end when it is opened: a torn write is told from damage, and what the store has beyond the end is appended
//! again.

use super::repair_state::{LogRepair, SegmentEnd};
use crate::journal::error::JournalError;
use crate::journal::log::{Log, SegmentFile, Tail, advance, write_at};
use crate::journal::merkle::Frontier;
use crate::journal::store::Store;

impl LogRepair<'_> {
    /// Whether the store has the records up to `last` and they continue the Merkle tree.
    fn can_donate(&self, last: u64, before: &Frontier) -> bool {
        let mut frontier = before.clone();
        let mut visit =
            |donor: &Store| donor.visit(before.size() + 1, |frame| advance(&mut frontier, frame).is_ok() && frontier.size() < last);
        self.donor.is_some_and(|donor| visit(donor).is_ok()) && frontier.size() >= last
    }

    /// Decides about what follows the log's last whole frame: it is overwritten with zeros, or opening fails. Returns whether
    /// the store has records that are to be appended again.
    pub fn settle_tail(&mut self, segment: Option<&SegmentFile>, end: &SegmentEnd) -> Result<bool, JournalError> {
        let position = end.frontier.size() + 1;
        let name = segment.map_or_else(|| "wal".to_owned(), SegmentFile::name);
        let proven = self.proven(&name, end, position);
        if proven >= position {
            if self.donor_last < proven || !self.can_donate(proven, &end.frontier) {
                return Err(self.refusal(&name, end, proven));
            }
            self.torn_tail_bytes = 0;
            self.notes.push(format!(
                "{name}: the log ended before position {position}; records up to {} were put back from the store",
                self.donor_last
            ));
        }
        if let Some(segment) = segment.filter(|_| end.content_end > end.offset) {
            let zeros = vec![0; end.content_end - end.offset];
            write_at(segment, end.offset as u64, &zeros)?;
        }
        Ok(proven >= position)
    }

    /// Returns the position up to which records were acknowledged, or may have been.
    fn proven(&mut self, name: &str, end: &SegmentEnd, position: u64) -> u64 {
        let checkpointed = self.checkpointed();
        let is_closed = self.checkpoint.is_some_and(|checkpoint| checkpoint.is_closed);
        let was_closed_here = is_closed && checkpointed + 1 == position;
        let proven = checkpointed.max(self.donor_last);
        match end.tail {
            Tail::Clean => {}
            Tail::Torn { bytes } => {
                self.torn_tail_bytes = bytes;
                self.notes.push(format!(
                    "{name}: a frame of {bytes} bytes from position {position} on was being written when the \
                     process or the machine stopped: cut off"
                ));
            }
            Tail::Broken { bytes: 0, .. } if was_closed_here => {}
            Tail::Broken { bytes, .. } if was_closed_here => self.notes.push(format!(
                "{name}: {bytes} bytes that do not belong there lay behind position {checkpointed}, at which the \
                 journal had been closed: cut off"
            )),
            Tail::Broken { bytes, last } if self.options.cut_damaged_tail => {
                self.torn_tail_bytes = bytes;
                self.notes.push(format!(
                    "{name}: what lay behind position {} was damaged, {bytes} bytes: CUT OFF AS ORDERED. Records \
                     up to {last} or beyond may have been lost",
                    position - 1
                ));
            }
            // Nothing can follow the position at which it was closed.
            Tail::Broken { .. } if is_closed => {}
            Tail::Broken { last, .. } => return proven.max(last),
        }
        proven
    }

    fn checkpointed(&self) -> u64 {
        self.checkpoint.map_or(0, |checkpoint| checkpoint.position())
    }

    fn refusal(&self, name: &str, end: &SegmentEnd, proven: u64) -> JournalError {
        let position = end.frontier.size() + 1;
        let hint = if proven > self.checkpointed().max(self.donor_last) { ", unless it is given up: serve --cut-damaged-tail" } else { "" };
        let what = format!(
            "{name}: the log ends before position {position} (byte {}), but more was acknowledged or may have been, \
             and the store does not have it{hint}",
            end.offset
        );
        JournalError::damaged(what, position, proven)
    }

    /// Appends the store's frames beyond the log's end, and makes them durable together: of a large log there are millions.
    pub fn append_from_store(&self, log: &mut Log) -> Result<(), JournalError> {
        let Some(donor) = self.donor else {
            return Ok(());
        };
        let mut result = Ok(());
        let visited = donor.visit(log.frontier().size() + 1, |frame| {
            let mut after = log.frontier().clone();
            result = match advance(&mut after, frame) {
                Ok(()) => log.write(frame.bytes, after),
                Err(fault) => {
                    let what = format!("the store's frame: {fault}");
                    Err(JournalError::damaged(what, frame.header.first, frame.header.last()))
                }
            };
            result.is_ok()
        });
        result?;
        log.sync()?;
        visited.map_err(|error| JournalError::damaged(format!("the store: {error}"), log.frontier().size() + 1, self.donor_last))
    }
}
