//! Mending the log when it is opened: what is damaged is put back from the store, or opening fails and says what.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::checkpoint::{Checkpoint, sync_dir};
use super::codec::{FrameFault, FrameHeader};
use super::log::Log;
use super::options::Options;
use super::segment::{Image, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, Tail, advance, create_filled};
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
struct SegmentEnd {
    offset: usize,
    frontier: Frontier,
    tail: Tail,
    content_end: usize,
}

impl LogRepair<'_> {
    pub fn run(&mut self) -> Result<LogEnd, JournalError> {
        let found = SegmentFile::list(&self.wal).map_err(JournalError::storage(format!("listing {}", self.wal.display())))?;
        let (segments, suspects, last_was_short) = self.mend_headers(found)?;
        let witnessed = self.checkpoint.map_or(self.donor_last, |checkpoint| checkpoint.position());
        let tail_begins = segments.partition_point(|segment| segment.first <= witnessed + 1).saturating_sub(1);
        let mut end = SegmentEnd { offset: 0, frontier: Frontier::new(), tail: Tail::Clean, content_end: 0 };
        for (index, segment) in segments.iter().enumerate() {
            if self.reads_all || index >= tail_begins || suspects.contains(&segment.first) {
                let next = segments.get(index + 1).map(|next| next.first);
                end = self.check(segment, next)?;
            }
        }
        if last_was_short && !matches!(end.tail, Tail::Broken { .. }) {
            // What the file lost may have been acknowledged.
            let last = end.frontier.size() + 1;
            end.tail = Tail::Broken { bytes: (end.content_end - end.offset) as u64, last };
        }
        let lacks_frames = self.settle_tail(segments.last(), &end)?;
        Ok(LogEnd { segments, offset: end.offset as u64, frontier: end.frontier, lacks_frames })
    }

    /// Makes sure that every segment has a sound header and its full length and that none is missing before
    /// another. Returns the segments, the first positions of those to be read as a whole, and whether the last one
    /// had lost its end.
    fn mend_headers(&mut self, found: Vec<SegmentFile>) -> Result<(Vec<SegmentFile>, Vec<u64>, bool), JournalError> {
        let mut segments: Vec<SegmentFile> = Vec::with_capacity(found.len() + 1);
        let mut suspects = Vec::new();
        let mut last_was_short = false;
        if found.first().is_some_and(|segment| segment.first != 1) {
            let first = SegmentFile::new(&self.wal, 1);
            self.notes.push(format!("the log's first segment {} is missing: made anew", first.name()));
            self.write_new(&first)?;
            suspects.push(1);
            segments.push(first);
        }
        for segment in found {
            let length = file_length(&segment)?;
            let previous_first = segments.last().map_or(0, |previous| previous.first);
            let header = read_header(&segment)?.filter(|header| header.first() == segment.first);
            let header = match header {
                Some(header) if header.previous_first == previous_first => header,
                unsound => {
                    suspects.extend([previous_first, segment.first]);
                    self.mend_header(&segment, segments.last(), unsound, length)?
                }
            };
            last_was_short = length < header.bytes;
            if last_was_short {
                self.notes.push(format!("{} has {length} bytes instead of {}: filled up with zeros", segment.name(), header.bytes));
                suspects.push(segment.first);
                lengthen(&segment, header.bytes)?;
            }
            segments.push(segment);
        }
        Ok((segments, suspects, last_was_short))
    }

    /// Writes a segment's header anew from the end of the segment before it, whose lost frames are put back first.
    fn mend_header(
        &mut self,
        segment: &SegmentFile,
        previous: Option<&SegmentFile>,
        unsound: Option<SegmentHeader>,
        length: u64,
    ) -> Result<SegmentHeader, JournalError> {
        let frontier = match previous {
            Some(previous) => self.check(previous, Some(segment.first))?.frontier,
            None => Frontier::new(),
        };
        let what = match unsound {
            Some(_) => "a segment before it was missing",
            None => "its header was damaged",
        };
        self.notes.push(format!("{}: {what}; mended", segment.name()));
        let header = SegmentHeader {
            previous_first: previous.map_or(0, |previous| previous.first),
            bytes: unsound.map_or(length.max(SEGMENT_HEADER_BYTES as u64), |header| header.bytes),
            frontier,
        };
        write(segment, 0, &header.encode())?;
        Ok(header)
    }

    fn write_new(&self, segment: &SegmentFile) -> Result<(), JournalError> {
        let header = SegmentHeader { previous_first: 0, bytes: SEGMENT_HEADER_BYTES as u64, frontier: Frontier::new() };
        create_filled(&segment.path, header.bytes)
            .and_then(|_| sync_dir(&self.wal))
            .map_err(JournalError::storage(format!("creating {}", segment.name())))?;
        write(segment, 0, &header.encode())
    }

    /// Reads a segment and puts back from the store what is damaged in it. With `next`, the position at which the
    /// next segment begins, its frames must reach up to there; without, what lies behind them is judged.
    fn check(&mut self, segment: &SegmentFile, next: Option<u64>) -> Result<SegmentEnd, JournalError> {
        let mut image = load(segment)?;
        let header = image
            .header()
            .ok_or_else(|| damaged(format!("{}: its header cannot be read", segment.name()), segment.first, segment.first))?;
        let mut frontier = header.frontier;
        let mut offset = SEGMENT_HEADER_BYTES;
        loop {
            let position = frontier.size() + 1;
            if next == Some(position) {
                let (tail, content_end) = (Tail::Clean, image.content_end());
                return Ok(SegmentEnd { offset, frontier, tail, content_end });
            }
            let fault = match image.frame(offset, &mut frontier) {
                Ok(frame) => {
                    self.compare_with_checkpoint(segment, &frame.header)?;
                    offset += frame.bytes.len();
                    continue;
                }
                Err(fault) => fault,
            };
            let following = image.next_frame(offset, position).map(|(at, frame)| (at, frame.header.first));
            let Some(gap_last) = following.map(|(_, first)| first).or(next).map(|first| first - 1) else {
                let (tail, content_end) = (image.tail(offset, position), image.content_end());
                return Ok(SegmentEnd { offset, frontier, tail, content_end });
            };
            let gap = Gap { offset, first: position, last: gap_last, until: following.map(|(at, _)| at) };
            self.fill(segment, &image, &gap, &frontier, fault)?;
            image = load(segment)?;
        }
    }

    fn compare_with_checkpoint(&self, segment: &SegmentFile, header: &FrameHeader) -> Result<(), JournalError> {
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
        let what = format!("{}, byte {}: {fault}", segment.name(), gap.offset);
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
        let mut frontier = before.clone();
        let mut bytes = Vec::new();
        let visited = self.donor?.visit(first, |frame| {
            if frame.header.last() > last || advance(&mut frontier, frame).is_err() {
                return false;
            }
            bytes.extend_from_slice(frame.bytes);
            frontier.size() < last
        });
        (visited.is_ok() && frontier.size() == last).then_some(bytes)
    }

    /// Whether the store has these positions, continuing the tree.
    fn can_donate(&self, last: u64, before: &Frontier) -> bool {
        let mut frontier = before.clone();
        let mut visit =
            |donor: &Store| donor.visit(before.size() + 1, |frame| advance(&mut frontier, frame).is_ok() && frontier.size() < last);
        self.donor.is_some_and(|donor| visit(donor).is_ok()) && frontier.size() >= last
    }

    /// Decides what becomes of what lies behind the log's last whole frame. True if the store has more.
    fn settle_tail(&mut self, segment: Option<&SegmentFile>, end: &SegmentEnd) -> Result<bool, JournalError> {
        let position = end.frontier.size() + 1;
        let name = segment.map_or_else(|| "wal".to_owned(), SegmentFile::name);
        let checkpointed = self.checkpoint.map_or(0, |checkpoint| checkpoint.position());
        let was_closed_here = self.checkpoint.is_some_and(|checkpoint| checkpoint.is_closed) && checkpointed + 1 == position;
        let mut proven = checkpointed.max(self.donor_last);
        match end.tail {
            Tail::Clean => {}
            Tail::Torn { bytes } => {
                self.torn_tail_bytes = bytes;
                self.notes.push(format!(
                    "{name}: a frame of {bytes} bytes from position {position} on was being written when the \
                     process or the machine stopped: cut off"
                ));
            }
            Tail::Broken { bytes, .. } if was_closed_here => {
                self.notes.push(format!(
                    "{name}: {bytes} bytes that do not belong there lay behind position {checkpointed}, at which \
                     the journal had been closed: cut off"
                ));
            }
            Tail::Broken { bytes, last } if self.options.cut_damaged_tail && proven < position => {
                self.torn_tail_bytes = bytes;
                self.notes.push(format!(
                    "{name}: what lay behind position {} was damaged, {bytes} bytes: CUT OFF AS ORDERED. Records \
                     up to {last} or beyond may have been lost",
                    position - 1
                ));
            }
            Tail::Broken { last, .. } => proven = proven.max(last),
        }
        if proven >= position {
            if self.donor_last < proven || !self.can_donate(proven, &end.frontier) {
                let what = format!(
                    "{name}: the log ends before position {position} (byte {}), but more was acknowledged, and \
                     the store does not have it",
                    end.offset
                );
                return Err(damaged(what, position, proven));
            }
            self.torn_tail_bytes = 0;
            self.notes.push(format!(
                "{name}: the log ended before position {position}; records up to {} were put back from the store",
                self.donor_last
            ));
        }
        if let Some(segment) = segment.filter(|_| end.content_end > end.offset) {
            let zeros = vec![0; end.content_end - end.offset];
            write(segment, end.offset as u64, &zeros)?;
        }
        Ok(proven >= position)
    }

    /// Appends what the store has beyond the log's end.
    pub fn append_from_donor(&self, log: &mut Log) -> Result<(), JournalError> {
        let Some(donor) = self.donor else {
            return Ok(());
        };
        let mut result = Ok(());
        let visited = donor.visit(log.frontier().size() + 1, |frame| {
            let mut after = log.frontier().clone();
            result = match advance(&mut after, frame) {
                Ok(()) => log.append(frame.bytes, after),
                Err(fault) => {
                    let what = format!("the store's frame: {fault}");
                    Err(damaged(what, frame.header.first, frame.header.last()))
                }
            };
            result.is_ok()
        });
        result?;
        visited.map_err(|error| damaged(format!("the store: {error}"), log.frontier().size() + 1, self.donor_last))
    }
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

fn file_length(segment: &SegmentFile) -> Result<u64, JournalError> {
    fs::metadata(&segment.path)
        .map(|metadata| metadata.len())
        .map_err(JournalError::storage(format!("looking at {}", segment.path.display())))
}

/// A segment's header, if it is whole.
pub(super) fn read_header(segment: &SegmentFile) -> Result<Option<SegmentHeader>, JournalError> {
    let read = |path: &Path| {
        let mut bytes = vec![0; SEGMENT_HEADER_BYTES];
        match File::open(path)?.read_exact_at(&mut bytes, 0) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            read => read.map(|()| SegmentHeader::decode(&bytes)),
        }
    };
    read(&segment.path).map_err(JournalError::storage(format!("reading {}", segment.path.display())))
}

fn load(segment: &SegmentFile) -> Result<Image, JournalError> {
    Image::load(&segment.path).map_err(JournalError::storage(format!("reading {}", segment.path.display())))
}

/// Fills a segment up to its length.
fn lengthen(segment: &SegmentFile, bytes: u64) -> Result<(), JournalError> {
    let lengthen = |path: &Path| {
        let file = File::options().write(true).open(path)?;
        file.set_len(bytes)?;
        file.sync_all()
    };
    lengthen(&segment.path).map_err(JournalError::storage(format!("mending {}", segment.path.display())))
}

/// Writes into a segment, durably.
fn write(segment: &SegmentFile, offset: u64, bytes: &[u8]) -> Result<(), JournalError> {
    let write = |path: &Path| {
        let file = File::options().write(true).open(path)?;
        file.write_all_at(bytes, offset)?;
        file.sync_all()
    };
    write(&segment.path).map_err(JournalError::storage(format!("mending {}", segment.path.display())))
}
