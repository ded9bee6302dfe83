//! The offline check of a directory: reads the log and the store and lists all problems; changes nothing.

use std::io;
use std::path::Path;

use super::layout::{OPENED, STORE_DIR, WAL_DIR};
use super::lock::DirLock;
use super::store_copy::StoreCopy;
use crate::journal::disk::check_regular_files_named;
use crate::journal::error::JournalError;
use crate::journal::frame::Frame;
use crate::journal::log::{Extent, Image, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, Tail, advance, check_version, load_segment};
use crate::journal::merkle::{Frontier, TreeHead};
use crate::journal::store::{Checkpoint, FoundCheckpoint, Store, read_checkpoint};

/// Something wrong that was found by [`inspect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and in which file.
    pub what: String,
    /// The first position concerned; 0 if it concerns none.
    pub first: u64,
    /// The last position concerned.
    pub last: u64,
}

/// The result of [`inspect`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The last position of the log.
    pub last: u64,
    /// The Merkle tree's head there, if all records up to it are whole.
    pub tree_head: Option<TreeHead>,
    /// The number of segments of the log.
    pub segments: usize,
    /// The number of whole records in the log.
    pub log_records: u64,
    /// The number of records that the store has and that are equal to the log's.
    pub store_records: u64,
    /// The checkpoint, if there is one.
    pub checkpoint: Option<Checkpoint>,
    /// All problems found.
    pub problems: Vec<Problem>,
    /// Facts that are no problems.
    pub notes: Vec<String>,
}

impl Inspection {
    /// What was found in a database, which has no segments and no copy beside its frames.
    pub(crate) fn of_database(last: u64, tree_head: Option<TreeHead>, problems: Vec<Problem>) -> Self {
        Self { last, tree_head, segments: 0, log_records: last, store_records: last, checkpoint: None, problems, notes: Vec::new() }
    }
}

/// Checks a directory that no process has open: checksums, positions and Merkle roots of the log, frame by frame,
/// and the store against the log. Changes nothing: sled writes when it opens, so the store is read from a
/// temporary copy.
///
/// # Errors
/// `Locked` if a process owns the directory; `Storage` if a file cannot be read at all.
pub fn inspect(dir: &Path) -> Result<Inspection, JournalError> {
    inspect_records(dir, |_, _| {})
}

/// Like [`inspect`], and calls `visit` with every whole record of the log and its position, in order; damaged ones are
/// missing.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_records(dir: &Path, mut visit: impl FnMut(u64, &[u8])) -> Result<Inspection, JournalError> {
    check_regular_files_named(dir, &OPENED).map_err(JournalError::storage(format!("looking into {}", dir.display())))?;
    let _lock = DirLock::take_for_reading(dir)?;
    let found = read_checkpoint(dir)?;
    let wal = dir.join(WAL_DIR);
    let segments = match SegmentFile::list(&wal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        listed => listed.map_err(JournalError::storage(format!("listing {}", wal.display())))?,
    };
    let mut inspector = Inspector::new(&found, segments.len(), &mut visit);
    let copy = inspector.open_store_copy(dir)?;
    let mut state = Walk { frontier: Some(Frontier::new()), next: 1 };
    for (index, segment) in segments.iter().enumerate() {
        let image = load_segment(segment)?;
        check_version(segment, &image.bytes)?;
        let next = segments.get(index + 1).map(|next| next.first).or_else(|| end_of_sealed(segment, &image));
        let previous = index.checked_sub(1).map_or(0, |previous| segments[previous].first);
        inspector.check_header(segment, &image, previous, &mut state);
        inspector.check_segment(segment, &image, next, &mut state);
        if let (Some(copy), Some(next)) = (&copy, next) {
            inspector.compare_store(&copy.store, next);
        }
    }
    Ok(inspector.finish(&found, &state, copy.as_ref().map(|copy| &copy.store)))
}

/// Returns the position after a sealed segment's last one, by its own header or blocks; `None` for other segments.
fn end_of_sealed(segment: &SegmentFile, image: &Image) -> Option<u64> {
    let last = match image.header().map(|header| header.extent) {
        Some(Extent::Last(last)) => Some(last),
        _ => image.blocks_last(),
    };
    last.filter(|_| segment.is_sealed).map(|last| last + 1)
}

/// The progress of reading the log.
struct Walk {
    /// The Merkle tree so far; `None` after damage, until a segment's header has it again.
    frontier: Option<Frontier>,
    /// The position that comes next.
    next: u64,
}

struct Inspector<'a> {
    /// Called with every whole record of the log.
    visit: &'a mut dyn FnMut(u64, &[u8]),
    result: Inspection,
    /// The whole frames of the log not yet compared with the store: first position and Merkle tree.
    frames: Vec<(u64, TreeHead)>,
    /// The position that comes next in the store; `None` once it is known to be damaged.
    store_next: Option<u64>,
}

impl<'a> Inspector<'a> {
    fn new(found: &FoundCheckpoint, segments: usize, visit: &'a mut dyn FnMut(u64, &[u8])) -> Self {
        let result = Inspection {
            last: 0,
            tree_head: None,
            segments,
            log_records: 0,
            store_records: 0,
            checkpoint: found.checkpoint(),
            problems: Vec::new(),
            notes: Vec::new(),
        };
        let mut inspector = Self { visit, result, frames: Vec::new(), store_next: Some(1) };
        match found {
            FoundCheckpoint::Damaged => inspector.problem("the checkpoint file is damaged", 0, 0),
            FoundCheckpoint::Missing if segments > 0 => inspector.problem("the checkpoint file is missing", 0, 0),
            FoundCheckpoint::Missing | FoundCheckpoint::Checkpoint(_) => {}
        }
        inspector
    }

    fn problem(&mut self, what: impl Into<String>, first: u64, last: u64) {
        self.result.problems.push(Problem { what: what.into(), first, last });
    }

    fn open_store_copy(&mut self, dir: &Path) -> Result<Option<StoreCopy>, JournalError> {
        let path = dir.join(STORE_DIR);
        if !path.exists() {
            if self.result.segments > 0 {
                self.problem("the store is missing; opening builds it anew from the log", 0, 0);
            }
            return Ok(None);
        }
        match StoreCopy::of(dir)? {
            Ok(copy) => Ok(Some(copy)),
            Err(what) => {
                self.problem(what, 0, 0);
                Ok(None)
            }
        }
    }

    fn check_header(&mut self, segment: &SegmentFile, image: &Image, previous: u64, walk: &mut Walk) {
        let (name, first) = (segment.name(), segment.first);
        if first > walk.next {
            let what = format!("{name} begins too late: records are missing before it");
            self.problem(what, walk.next, first - 1);
            walk.frontier = None;
        } else if first < walk.next {
            let what = format!("{name} begins before the end of the segment before it");
            self.problem(what, first, walk.next - 1);
            walk.frontier = None;
        }
        walk.next = first;
        for fault in image.faults().iter().filter(|fault| fault.image_offset.is_none()) {
            self.problem(format!("{name}, {}", fault.what), 0, 0);
        }
        let is_own = |header: &SegmentHeader| matches!(header.extent, Extent::Last(_)) == segment.is_sealed;
        let Some(header) = image.header().filter(is_own) else {
            return self.problem(format!("{name}: its header is damaged"), first, first);
        };
        let length = image.bytes.len() as u64;
        let is_short = matches!(header.extent, Extent::Bytes(bytes) if length < bytes);
        let is_elsewhere = header.first() != first || header.previous_first != previous;
        let frontier = walk.frontier.get_or_insert_with(|| header.frontier.clone());
        let faults = [
            (is_elsewhere, format!("{name}: its header belongs to another place in the log")),
            (is_short, format!("{name} has {length} bytes, less than its header says")),
            (*frontier != header.frontier, format!("{name}: its header has another Merkle tree than the records before it")),
        ];
        for (_, what) in faults.into_iter().filter(|(is_fault, _)| *is_fault) {
            self.problem(what, first, first);
        }
    }

    fn check_segment(&mut self, segment: &SegmentFile, image: &Image, next: Option<u64>, walk: &mut Walk) {
        let mut offset = SEGMENT_HEADER_BYTES;
        while next != Some(walk.next) {
            let parsed = Frame::parse(image.bytes.get(offset..).unwrap_or_default());
            let fault = match parsed {
                Ok(frame) if frame.header.first == walk.next => {
                    self.take_frame(segment, &frame, offset, walk);
                    offset += frame.bytes.len();
                    continue;
                }
                Ok(_) => "a frame of another position".to_owned(),
                Err(fault) => fault.to_string(),
            };
            let what = format!("{}, {}", segment.name(), image.describe(offset, fault));
            walk.frontier = match image.next_frame(offset, walk.next) {
                Some((at, frame)) => {
                    self.problem(what, walk.next, frame.header.first - 1);
                    offset = at;
                    walk.next = frame.header.first;
                    None
                }
                None => return self.check_end(segment, image, offset, next, walk, what),
            };
        }
    }

    fn take_frame(&mut self, segment: &SegmentFile, frame: &Frame, offset: usize, walk: &mut Walk) {
        let header = frame.header;
        let broken = match &mut walk.frontier {
            Some(frontier) => advance(frontier, frame).err(),
            None => None,
        };
        if let Some(fault) = broken {
            let what = format!("{}, byte {offset}: {fault}", segment.name());
            self.problem(what, header.first, header.last());
            walk.frontier = None;
        }
        let checkpoint = self.result.checkpoint.map(|checkpoint| checkpoint.head);
        if checkpoint.is_some_and(|head| head.size == header.tree.size && head != header.tree) {
            let what = format!("{}: other records than at the checkpoint", segment.name());
            self.problem(what, header.first, header.last());
        }
        for (position, bytes) in frame.records() {
            (self.visit)(position, bytes);
        }
        self.frames.push((header.first, header.tree));
        self.result.log_records += u64::from(header.count);
        walk.next = header.last() + 1;
    }

    /// Reports what is wrong where no further frame can be read in a segment.
    fn check_end(&mut self, segment: &SegmentFile, image: &Image, offset: usize, next: Option<u64>, walk: &mut Walk, what: String) {
        if let Some(next) = next {
            self.problem(what, walk.next, next - 1);
            walk.next = next;
            walk.frontier = None;
            return;
        }
        match image.tail(offset, walk.next) {
            Tail::Clean => {}
            Tail::Torn { bytes } => self
                .result
                .notes
                .push(format!("{}: {bytes} bytes of a frame that never became whole; opening cuts them off", segment.name())),
            Tail::Broken { last, .. } => self.problem(what, walk.next, last),
        }
    }

    fn finish(mut self, found: &FoundCheckpoint, walk: &Walk, store: Option<&Store>) -> Inspection {
        self.result.last = walk.next - 1;
        let is_whole = self.result.log_records == self.result.last;
        self.result.tree_head = walk.frontier.as_ref().filter(|_| is_whole).map(Frontier::head);
        let checkpointed = found.checkpoint().map_or(0, |checkpoint| checkpoint.position());
        if checkpointed > self.result.last {
            let first = self.result.last + 1;
            self.problem("the log ends before the checkpoint", first, checkpointed);
        }
        if let Some(store) = store {
            self.compare_store(store, u64::MAX);
            self.judge_store_end(checkpointed);
        }
        self.result
    }

    /// Compares the store's frames before position `until` with the log's, by their Merkle roots.
    fn compare_store(&mut self, store: &Store, until: u64) {
        let frames = std::mem::take(&mut self.frames);
        let Some(mut next) = self.store_next else {
            return;
        };
        let mut wrong = Vec::new();
        let mut records = 0;
        let visited = store.visit(next, |frame| {
            let header = frame.header;
            if header.first >= until || header.last() < next {
                return header.first < until;
            }
            if header.first > next {
                wrong.push(("the store lacks records", next, header.first - 1));
            }
            match frames.binary_search_by_key(&header.first, |(first, _)| *first) {
                Ok(index) if frames[index].1 == header.tree => records += u64::from(header.count),
                Ok(_) => {
                    let what = "the store and the log have different records";
                    wrong.push((what, header.first, header.last()));
                }
                Err(_) => {
                    let what = "the log lacks records that the store has; opening puts them back";
                    wrong.push((what, header.first, header.last()));
                }
            }
            next = header.last() + 1;
            true
        });
        self.result.store_records += records;
        self.store_next = Some(next);
        wrong.into_iter().for_each(|(what, first, last)| self.problem(what, first, last));
        if let Err(error) = visited {
            let last = if until == u64::MAX { self.result.last } else { until - 1 };
            self.problem(format!("the store is damaged: {error}"), next, last.max(next));
            self.store_next = None;
        }
    }

    fn judge_store_end(&mut self, checkpointed: u64) {
        let Some(next) = self.store_next else {
            return;
        };
        if next <= checkpointed {
            self.problem("the store ends before the checkpoint", next, checkpointed);
        } else if next <= self.result.last {
            let behind = self.result.last + 1 - next;
            self.result.notes.push(format!("the store is {behind} records behind the log; opening feeds it"));
        }
    }
}
