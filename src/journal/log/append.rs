//! Appending: frames are written at the end of the log and made durable.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::RwLock;

use super::preallocate::{PreallocatedFile, Preallocator};
use super::segment::{Extent, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader};
use crate::journal::disk::sync_dir;
use crate::journal::error::JournalError;
use crate::journal::merkle::Frontier;
use crate::journal::options::{Options, Step};
use crate::measure::Histogram;

/// The name of a segment created on demand until its header is durable; opening removes one that is left.
pub(crate) const NEW_SEGMENT_NAME: &str = "segment.new";

/// All segments of the log in order, shared with its readers.
pub(crate) type Segments = Arc<RwLock<Vec<SegmentFile>>>;

/// The end of the log.
#[derive(Debug)]
pub(crate) struct Log {
    wal: PathBuf,
    options: Options,
    segments: Segments,
    current: Option<Current>,
    frontier: Frontier,
    preallocator: Preallocator,
    syncs: Arc<Histogram>,
}

/// The segment that is being written.
#[derive(Debug)]
struct Current {
    file: File,
    /// Where the next frame goes.
    offset: u64,
    bytes: u64,
    /// Whether frames were written that are not synced.
    is_unsynced: bool,
}

impl Log {
    /// Opens the log for appending at `offset` of its last segment, where the Merkle tree has `frontier`.
    pub fn open(wal: PathBuf, options: Options, segments: Vec<SegmentFile>, offset: u64, frontier: Frontier) -> io::Result<Self> {
        // A sealed segment is complete: the next frame starts a new one.
        let current = segments.last().filter(|segment| !segment.is_sealed).map(|segment| {
            let file = File::options().read(true).write(true).open(&segment.path)?;
            // A process that was killed may have written its last frame and not synced it; from now on it counts.
            file.sync_data()?;
            let bytes = file.metadata()?.len();
            Ok::<_, io::Error>(Current { file, offset, bytes, is_unsynced: false })
        });
        let preallocator = Preallocator::start(wal.clone())?;
        let current = current.transpose()?;
        let segments = Arc::new(RwLock::new(segments));
        let syncs = Arc::new(Histogram::of_durations());
        Ok(Self { wal, options, segments, current, frontier, preallocator, syncs })
    }

    pub fn segments(&self) -> Segments {
        Arc::clone(&self.segments)
    }

    /// How long each sync of frames took.
    pub fn syncs(&self) -> Arc<Histogram> {
        Arc::clone(&self.syncs)
    }

    /// The Merkle tree after the last frame.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Appends a frame, after which the Merkle tree has the frontier `after`, and returns once it is durable. After an error
    /// it is unknown what reached the disk: the log must not be used again.
    pub fn append(&mut self, frame: &[u8], after: Frontier) -> Result<(), JournalError> {
        self.write(frame, after)?;
        self.sync()?;
        if let Some(current) = self.current.as_ref().filter(|current| current.offset > current.bytes / 2) {
            self.preallocator.request(self.options.next_segment_bytes(current.bytes));
        }
        Ok(())
    }

    /// Appends a frame that need not be durable before the next [`sync`](Self::sync): for many at once. A segment is durable
    /// before the next one begins.
    pub fn write(&mut self, frame: &[u8], after: Frontier) -> Result<(), JournalError> {
        let length = frame.len() as u64;
        if self.current.as_ref().is_none_or(|current| current.offset + length > current.bytes) {
            self.sync()?;
            self.start_segment(length).map_err(JournalError::storage("starting a segment of the log"))?;
        }
        // There is one: `start_segment` has set it.
        let Some(current) = &mut self.current else {
            return Err(JournalError::Stopped { why: "the log has no segment".into() });
        };
        current.is_unsynced = true;
        let written = self.options.step(Step::WriteFrame).and_then(|()| current.file.write_all_at(frame, current.offset));
        written.map_err(JournalError::storage("writing to the log"))?;
        current.offset += length;
        self.frontier = after;
        Ok(())
    }

    /// Makes all frames durable that were written.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        let Some(current) = self.current.as_mut().filter(|current| current.is_unsynced) else { return Ok(()) };
        let began = Instant::now();
        let synced = self.options.step(Step::SyncFrame).and_then(|()| current.file.sync_data());
        synced.map_err(JournalError::storage("syncing the log"))?;
        self.syncs.since(began);
        current.is_unsynced = false;
        Ok(())
    }

    /// Starts a segment for a frame of `frame_bytes` bytes. Its header is durable before the file is renamed. An empty segment
    /// that is too short for the frame, left by a process that stopped there, is replaced.
    fn start_segment(&mut self, frame_bytes: u64) -> io::Result<()> {
        self.options.step(Step::StartSegment)?;
        let before = self.current.as_ref().map_or(0, |current| current.bytes);
        let needed = SEGMENT_HEADER_BYTES as u64 + frame_bytes;
        let ready = match self.preallocator.take(needed) {
            Some(file) => file,
            None => {
                let bytes = self.options.next_segment_bytes(before).max(needed).next_multiple_of(4096);
                PreallocatedFile::create(&self.wal, NEW_SEGMENT_NAME, bytes)?
            }
        };
        let first = self.frontier.size() + 1;
        let header = SegmentHeader {
            previous_first: self.segments.read().iter().rfind(|segment| segment.first < first).map_or(0, |segment| segment.first),
            extent: Extent::Bytes(ready.bytes),
            frontier: self.frontier.clone(),
        };
        ready.file.write_all_at(&header.encode(), 0)?;
        ready.file.sync_data()?;
        let segment = SegmentFile::new(&self.wal, first);
        fs::rename(&ready.path, &segment.path)?;
        sync_dir(&self.wal)?;
        let mut segments = self.segments.write();
        if segments.last() != Some(&segment) {
            segments.push(segment);
        }
        drop(segments);
        self.current = Some(Current { file: ready.file, offset: SEGMENT_HEADER_BYTES as u64, bytes: ready.bytes, is_unsynced: false });
        Ok(())
    }
}
