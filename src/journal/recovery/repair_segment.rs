//! Repairing one segment of the log: what is damaged in it is restored from the store.

use super::repair_image::frames_of_store;
use super::repair_state::{LogRepair, SegmentEnd};
use crate::journal::error::JournalError;
use crate::journal::frame::FrameFault;
use crate::journal::log::{Extent, Image, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, Tail, load_segment, write_at, write_sealed};
use crate::journal::merkle::Frontier;

impl LogRepair<'_> {
    /// Reads a segment and restores from the store what is damaged in it. With `next`, the first position of the next
    /// segment, its frames must reach up to there; without, what follows them is classified as its tail.
    pub fn check(&mut self, segment: &SegmentFile, next: Option<u64>) -> Result<SegmentEnd, JournalError> {
        if segment.is_sealed {
            return self.check_sealed(segment, next);
        }
        let mut image = load_segment(segment)?;
        let header = image.header().ok_or_else(|| {
            let what = format!("{}: its header cannot be read", segment.name());
            JournalError::damaged(what, segment.first, segment.first)
        })?;
        let mut frontier = header.frontier.clone();
        let mut offset = SEGMENT_HEADER_BYTES;
        loop {
            let position = frontier.size() + 1;
            if next == Some(position) {
                return Ok(SegmentEnd::new(&image, offset, frontier, Tail::Clean));
            }
            let fault = match image.frame(offset, &mut frontier) {
                Ok(frame) => {
                    self.compare_with_checkpoint(segment, &frame.header)?;
                    offset += frame.bytes.len();
                    continue;
                }
                Err(fault) => fault,
            };
            let following = image.next_frame(offset, position);
            let following = following.map(|(at, frame)| (at, frame.header.first));
            if let Some(gap_end) = following.map(|(_, first)| first).or(next) {
                let until = following.map(|(at, _)| at);
                let gap = Gap { offset, first: position, last: gap_end - 1, until };
                self.fill(segment, &image, &gap, &frontier, fault)?;
            } else if !self.refill(segment, offset, header.extent, &frontier)? {
                let tail = image.tail(offset, position);
                return Ok(SegmentEnd::new(&image, offset, frontier, tail));
            }
            image = load_segment(segment)?;
        }
    }

    /// Restores at the log's end what the store has beyond it, if it fits into the segment. Returns whether it did.
    fn refill(&mut self, segment: &SegmentFile, offset: usize, extent: Extent, before: &Frontier) -> Result<bool, JournalError> {
        let (first, last) = (before.size() + 1, self.donor_last);
        if last < first {
            return Ok(false);
        }
        let fits = |bytes: &Vec<u8>| matches!(extent, Extent::Bytes(length) if (offset + bytes.len()) as u64 <= length);
        let Some(bytes) = self.frames_of_store(first, last, before).filter(fits) else {
            return Ok(false);
        };
        write_at(segment, offset as u64, &bytes)?;
        self.notes.push(format!(
            "{}: the log ended before position {first} (byte {offset}); records up to {last} were put back from \
             the store",
            segment.name()
        ));
        Ok(true)
    }

    /// Restores the frames of a gap from the store.
    fn fill(&mut self, segment: &SegmentFile, image: &Image, gap: &Gap, before: &Frontier, fault: FrameFault) -> Result<(), JournalError> {
        let what = format!("{}, {}", segment.name(), image.describe(gap.offset, fault));
        let bytes = self
            .frames_of_store(gap.first, gap.last, before)
            .filter(|bytes| gap.until.is_none_or(|until| bytes.len() == until - gap.offset))
            .ok_or_else(|| JournalError::damaged(format!("{what}; the store does not have them either"), gap.first, gap.last))?;
        let mut bytes = bytes;
        let end = gap.offset + bytes.len();
        // What followed the gap's frames was damaged as well.
        let rest = gap.until.unwrap_or(image.content_end()).saturating_sub(end);
        bytes.resize(bytes.len() + rest, 0);
        write_at(segment, gap.offset as u64, &bytes)?;
        self.notes.push(format!("{what}; records {} to {} were put back from the store", gap.first, gap.last));
        Ok(())
    }

    /// Reads a sealed segment up to `next`, the first position of the next one, and rewrites it if anything in it is damaged.
    fn check_sealed(&mut self, segment: &SegmentFile, next: Option<u64>) -> Result<SegmentEnd, JournalError> {
        let mut image = load_segment(segment)?;
        let name = segment.name();
        let found = image.header().and_then(|header| match header.extent {
            Extent::Last(last) => Some((header, last)),
            Extent::Bytes(_) => None,
        });
        let (header, last) =
            found.ok_or_else(|| JournalError::damaged(format!("{name}: its header cannot be read"), segment.first, segment.first))?;
        let next = next.unwrap_or(last + 1);
        let missing = |first, last, before: &Frontier| frames_of_store(self.donor?, first, last, before);
        let repaired = image.repair(&name, &header, next, &missing, |frame| self.compare_with_checkpoint(segment, frame))?;
        let harmless = image.faults().iter().filter(|fault| fault.image_offset.is_none());
        let harmless: Vec<_> = harmless.map(|fault| format!("{name}, {}; it was written anew without it", fault.what)).collect();
        let extent = Extent::Last(next - 1);
        if header.extent != extent || !repaired.notes.is_empty() || !image.faults().is_empty() {
            let header = SegmentHeader { extent, ..header };
            write_sealed(&self.wal, segment, &header, &image.bytes[SEGMENT_HEADER_BYTES..], self.options, &mut |_| true)?;
        }
        self.notes.extend(repaired.notes.into_iter().chain(harmless));
        let offset = image.bytes.len();
        Ok(SegmentEnd { offset, frontier: repaired.frontier, tail: Tail::Clean, content_end: offset })
    }
}

/// A range of missing frames in a segment.
struct Gap {
    offset: usize,
    first: u64,
    last: u64,
    /// The offset of the next whole frame in the same segment, if there is one.
    until: Option<usize>,
}
