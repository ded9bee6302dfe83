//! Options of the embedded journal.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A step before which a test may inject a failure or copy the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// A frame is about to be written to the log.
    WriteFrame,
    /// The log is about to be synced.
    SyncFrame,
    /// A new segment's header is about to be written.
    StartSegment,
    /// A frame is about to be written to the store.
    FeedStore,
    /// The store is about to be flushed and synced.
    SyncStore,
    /// The checkpoint file is about to be replaced.
    ReplaceCheckpoint,
    /// A full segment is about to be compressed into a new file.
    SealSegment,
    /// The compressed segment, complete and synced, is about to be renamed.
    NameSealed,
    /// The segment that was compressed is about to be removed.
    RemoveSegment,
}

/// Called before each step; an error makes the step fail.
pub type StepHook = Arc<dyn Fn(Step) -> io::Result<()> + Send + Sync>;

/// Options of the embedded journal. The defaults are for production.
#[derive(Clone)]
pub struct Options {
    /// The largest size of a segment of the log, in bytes.
    pub segment_bytes: u64,
    /// The size of the first segment; each next is twice as large, up to `segment_bytes`.
    pub first_segment_bytes: u64,
    /// Whether full segments are compressed in the background. Compressed ones are read either way.
    pub compress_segments: bool,
    /// How often the store is synced and a checkpoint written.
    pub checkpoint_interval: Duration,
    /// How many bytes of frames may be queued for the store before `append` blocks (back-pressure).
    pub queue_bytes: usize,
    /// The store's page cache, in bytes.
    pub cache_bytes: u64,
    /// Opening reads and repairs both copies of all records if the log's files together have at most this many bytes.
    /// Otherwise it reads what came after the last checkpoint, and the rest is scrubbed in the background.
    pub check_up_to_bytes: u64,
    /// Cuts off a last frame that is damaged rather than torn, instead of refusing to open. It may have been
    /// acknowledged: only for an operator who knows that it was not, or has no backup to restore it from.
    pub cut_damaged_tail: bool,
    /// For tests: called before each step that may fail.
    pub before_step: Option<StepHook>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            first_segment_bytes: 1 << 20,
            compress_segments: true,
            checkpoint_interval: Duration::from_secs(5),
            queue_bytes: 64 << 20,
            cache_bytes: 128 << 20,
            check_up_to_bytes: 64 << 20,
            cut_damaged_tail: false,
            before_step: None,
        }
    }
}

impl Options {
    pub(crate) fn step(&self, step: Step) -> io::Result<()> {
        self.before_step.as_ref().map_or(Ok(()), |hook| hook(step))
    }

    /// The size of the segment that follows one of `current` bytes.
    pub(crate) fn next_segment_bytes(&self, current: u64) -> u64 {
        (current * 2).clamp(self.first_segment_bytes.min(self.segment_bytes), self.segment_bytes)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("segment_bytes", &self.segment_bytes)
            .field("first_segment_bytes", &self.first_segment_bytes)
            .field("compress_segments", &self.compress_segments)
            .field("checkpoint_interval", &self.checkpoint_interval)
            .field("queue_bytes", &self.queue_bytes)
            .field("cache_bytes", &self.cache_bytes)
            .field("check_up_to_bytes", &self.check_up_to_bytes)
            .field("cut_damaged_tail", &self.cut_damaged_tail)
            .finish_non_exhaustive()
    }
}
