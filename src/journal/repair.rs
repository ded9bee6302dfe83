//! Mending the log when it is opened: what is damaged is put back from the store, or opening fails and says what.

use std::fs;
use std::path::PathBuf;

use super::checkpoint::{Checkpoint, sync_dir};
use super::codec::{FrameFault, FrameHeader};
use super::files::{file_length, lengthen, load, read_header, write};
use super::mend::donated;
use super::options::Options;
use super::segment::{Extent, Image, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, Tail, create_filled};
use super::sled::Store;
use super::{Frontier, JournalError};

/// The log as it was found whole, or made so.
#[derive(Debug)]
pub(super) struct LogEnd {
    pub segments: Vec<SegmentFile>,
    /// Where the frames of the last segment end.
    pub offset: u64,
    pub frontier: Frontier,
    /// The store has frames that the log lost: they are to be appended again.
    pub lacks_frames: bool,
}

/// Reads the log and mends it.
pub(super) struct LogRepair<'a> {
    pub wal: PathBuf,
    pub options: &'a Options,
    pub checkpoint: Option<Checkpoint>,
    /// The store, as a source of what the log lost; every frame taken from it is checked.
    pub donor: Option<&'a Store>,
    /// The last position that the store has.
    pub donor_last: u64,
    /// All segments are to be read, not only those since the checkpoint.
    pub reads_all: bool,
    pub torn_tail_bytes: u64,
    pub notes: Vec<String>,
}

/// Where a segment's frames end.
pub(super) struct SegmentEnd {
    pub offset: usize,
    pub frontier: Frontier,
    pub tail: Tail,
    pub content_end: usize,
}

impl SegmentEnd {
    fn new(image: &Image, offset: usize, frontier: Frontier, tail: Tail) -> Self {
        let content_end = image.content_end();
        Self { offset, frontier, tail, content_end }
    }
}

impl LogRepair<'_> {
    /// Mends the log. If that fails, what tells that something is lost is as it was.
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
        let Headers { segments, suspects, short } = self.mend_headers(found)?;
        let last_was_short = segments.last().is_some_and(|last| short.iter().any(|(short, _)| short == last));
        let mut end = self.check_all(&segments, &suspects)?;
        if last_was_short {
            // What the file lost may have been acknowledged, and nothing tells how much it was.
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

    /// Reads the segments since the checkpoint and those that are suspect, or all.
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

    /// Makes sure that every segment has a sound header and that none is missing before another.
    fn mend_headers(&mut self, found: Vec<SegmentFile>) -> Result<Headers, JournalError> {
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
            let header = read_header(&segment)?.filter(|header| header.first() == segment.first);
            let header = match header {
                Some(header) if header.previous_first == previous_first => header,
                unsound => {
                    suspects.extend([previous_first, segment.first]);
                    self.mend_header(&segment, segments.last(), unsound, length, firsts.get(index + 1).copied())?
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

    /// Writes a segment's header anew from the end of the segment before it, whose lost frames are put back first.
    fn mend_header(
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
        // One that lost its header with its end must go on looking too short until it is mended as a whole.
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
        write(segment, 0, &header.encode())?;
        Ok(header)
    }

    /// The last position that a sealed segment must have had, whose header does not tell.
    fn sealed_last(&self, segment: &SegmentFile, next: Option<u64>) -> Result<u64, JournalError> {
        let known = self.checkpoint.map_or(self.donor_last, |checkpoint| checkpoint.position().max(self.donor_last));
        let of_blocks = load(segment)?.blocks_last();
        Ok(next.map(|next| next - 1).or(of_blocks).unwrap_or(known).max(segment.first))
    }

    fn write_new(&self, segment: &SegmentFile) -> Result<(), JournalError> {
        let header = SegmentHeader { previous_first: 0, extent: Extent::Bytes(SEGMENT_HEADER_BYTES as u64), frontier: Frontier::new() };
        create_filled(&segment.path, SEGMENT_HEADER_BYTES as u64)
            .and_then(|_| sync_dir(&self.wal))
            .map_err(JournalError::storage(format!("creating {}", segment.name())))?;
        write(segment, 0, &header.encode())
    }

    /// Reads a segment and puts back from the store what is damaged in it. With `next`, the position at which the
    /// next segment begins, its frames must reach up to there; without, what lies behind them is judged.
    fn check(&mut self, segment: &SegmentFile, next: Option<u64>) -> Result<SegmentEnd, JournalError> {
        if segment.is_sealed {
            return self.check_sealed(segment, next);
        }
        let mut image = load(segment)?;
        let header = image.header().ok_or_else(|| {
            let what = format!("{}: its header cannot be read", segment.name());
            damaged(what, segment.first, segment.first)
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
            image = load(segment)?;
        }
    }

    /// Puts back at the log's end what the store has beyond it, where the segment has room for it. What lies behind
    /// stays, to be judged.
    fn refill(&mut self, segment: &SegmentFile, offset: usize, extent: Extent, before: &Frontier) -> Result<bool, JournalError> {
        let (first, last) = (before.size() + 1, self.donor_last);
        if last < first {
            return Ok(false);
        }
        let fits = |bytes: &Vec<u8>| matches!(extent, Extent::Bytes(length) if (offset + bytes.len()) as u64 <= length);
        let Some(bytes) = self.donated(first, last, before).filter(fits) else {
            return Ok(false);
        };
        write(segment, offset as u64, &bytes)?;
        self.notes.push(format!(
            "{}: the log ended before position {first} (byte {offset}); records up to {last} were put back from \
             the store",
            segment.name()
        ));
        Ok(true)
    }

    pub fn compare_with_checkpoint(&self, segment: &SegmentFile, header: &FrameHeader) -> Result<(), JournalError> {
        match self.checkpoint {
            Some(checkpoint) if (header.first..=header.last()).contains(&checkpoint.position()) && checkpoint.head != header.tree => {
                let what = format!("{} has other records than were there at the checkpoint", segment.name());
                Err(damaged(what, header.first, header.last()))
            }
            _ => Ok(()),
        }
    }

    /// Puts the frames of a gap back from the store.
    fn fill(&mut self, segment: &SegmentFile, image: &Image, gap: &Gap, before: &Frontier, fault: FrameFault) -> Result<(), JournalError> {
        let what = format!("{}, {}", segment.name(), image.describe(gap.offset, fault));
        let bytes = self
            .donated(gap.first, gap.last, before)
            .filter(|bytes| gap.until.is_none_or(|until| bytes.len() == until - gap.offset))
            .ok_or_else(|| damaged(format!("{what}; the store does not have them either"), gap.first, gap.last))?;
        let mut bytes = bytes;
        let end = gap.offset + bytes.len();
        // What lay behind the gap's frames was damage as well.
        let rest = gap.until.unwrap_or(image.content_end()).saturating_sub(end);
        bytes.resize(bytes.len() + rest, 0);
        write(segment, gap.offset as u64, &bytes)?;
        self.notes.push(format!("{what}; records {} to {} were put back from the store", gap.first, gap.last));
        Ok(())
    }

    /// The store's frames for these positions exactly, if they continue the tree.
    fn donated(&self, first: u64, last: u64, before: &Frontier) -> Option<Vec<u8>> {
        donated(self.donor?, first, last, before)
    }
}

/// The segments with sound headers.
struct Headers {
    segments: Vec<SegmentFile>,
    /// The first positions of those that are to be read as a whole.
    suspects: Vec<u64>,
    /// Those that lost their end, and how long they were. They are made that long again once nothing is amiss: to
    /// be too short is what tells that something may be lost.
    short: Vec<(SegmentFile, u64)>,
}

/// Frames that are missing in a segment.
struct Gap {
    offset: usize,
    first: u64,
    last: u64,
    /// Where the next whole frame lies, if one follows in the same segment.
    until: Option<usize>,
}

pub(super) fn damaged(what: String, first: u64, last: u64) -> JournalError {
    JournalError::Damaged { what, first, last }
}
