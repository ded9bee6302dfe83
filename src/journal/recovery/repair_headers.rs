//! Repairing the segments' headers, and missing segments.

use super::repair_state::LogRepair;
use crate::journal::disk::sync_dir;
use crate::journal::error::JournalError;
use crate::journal::log::{
    Extent, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, create_filled, file_length, load_segment, read_segment_header, write_at,
};
use crate::journal::merkle::Frontier;

/// The segments, all with sound headers.
pub(crate) struct Headers {
    pub segments: Vec<SegmentFile>,
    /// The first positions of those that must be read completely.
    pub suspects: Vec<u64>,
    /// Truncated segments, and their full length in bytes. They are extended again only when the repair has succeeded: that
    /// they are too short is the evidence that something may be lost.
    pub short: Vec<(SegmentFile, u64)>,
}

impl LogRepair<'_> {
    /// Makes sure that every segment has a sound header and that none is missing before another.
    pub fn repair_headers(&mut self, found: Vec<SegmentFile>) -> Result<Headers, JournalError> {
        let mut segments: Vec<SegmentFile> = Vec::with_capacity(found.len() + 1);
        let mut suspects = Vec::new();
        let mut short = Vec::new();
        if found.first().is_some_and(|segment| segment.first != 1) {
            let first = SegmentFile::new(&self.wal, 1);
            self.notes.push(format!("the log's first segment {} is missing: made anew", first.name()));
            self.write_new(&first)?;
            suspects.push(1);
            segments.push(first);
        }
        let firsts: Vec<u64> = found.iter().map(|segment| segment.first).collect();
        for (index, segment) in found.into_iter().enumerate() {
            let length = file_length(&segment)?;
            let previous_first = segments.last().map_or(0, |previous| previous.first);
            let header = read_segment_header(&segment)?.filter(|header| header.first() == segment.first);
            let header = match header {
                Some(header) if header.previous_first == previous_first => header,
                unsound => {
                    suspects.extend([previous_first, segment.first]);
                    self.repair_header(&segment, segments.last(), unsound, length, firsts.get(index + 1).copied())?
                }
            };
            if let Extent::Bytes(bytes) = header.extent
                && length < bytes
            {
                self.notes.push(format!("{} has {length} bytes instead of {bytes}: filled up with zeros", segment.name()));
                suspects.push(segment.first);
                short.push((segment.clone(), bytes));
            }
            segments.push(segment);
        }
        Ok(Headers { segments, suspects, short })
    }

    /// Rewrites a segment's header from the end of the segment before it, whose lost frames are restored first.
    fn repair_header(
        &mut self,
        segment: &SegmentFile,
        previous: Option<&SegmentFile>,
        unsound: Option<SegmentHeader>,
        length: u64,
        next: Option<u64>,
    ) -> Result<SegmentHeader, JournalError> {
        let frontier = match previous {
            Some(previous) => self.check(previous, Some(segment.first))?.frontier,
            None => Frontier::new(),
        };
        // A segment that lost header and end must stay too short until it is repaired completely.
        let is_cut = length < SEGMENT_HEADER_BYTES as u64;
        let bytes = if is_cut { 2 * SEGMENT_HEADER_BYTES as u64 } else { length };
        let what = match unsound {
            Some(_) => "a segment before it was missing",
            None => "its header was damaged",
        };
        self.notes.push(format!("{}: {what}; mended", segment.name()));
        let extent = match unsound {
            Some(header) => header.extent,
            None if segment.is_sealed => Extent::Last(self.sealed_last(segment, next)?),
            None => Extent::Bytes(bytes),
        };
        let header = SegmentHeader { previous_first: previous.map_or(0, |previous| previous.first), extent, frontier };
        write_at(segment, 0, &header.encode())?;
        Ok(header)
    }

    /// Returns the last position of a sealed segment whose header is damaged.
    fn sealed_last(&self, segment: &SegmentFile, next: Option<u64>) -> Result<u64, JournalError> {
        let known = self.checkpoint.map_or(self.donor_last, |checkpoint| checkpoint.position().max(self.donor_last));
        let of_blocks = load_segment(segment)?.blocks_last();
        Ok(next.map(|next| next - 1).or(of_blocks).unwrap_or(known).max(segment.first))
    }

    /// Creates an empty segment.
    fn write_new(&self, segment: &SegmentFile) -> Result<(), JournalError> {
        let header = SegmentHeader { previous_first: 0, extent: Extent::Bytes(SEGMENT_HEADER_BYTES as u64), frontier: Frontier::new() };
        create_filled(&segment.path, SEGMENT_HEADER_BYTES as u64)
            .and_then(|_| sync_dir(&self.wal))
            .map_err(JournalError::storage(format!("creating {}", segment.name())))?;
        write_at(segment, 0, &header.encode())
    }
}
