//! The state of the repair of the log: what it needs, and what was done so far.

use std::path::PathBuf;

use super::repair_image::frames_of_store;
use crate::journal::error::JournalError;
use crate::journal::frame::FrameHeader;
use crate::journal::log::{Image, SegmentFile, Tail};
use crate::journal::merkle::Frontier;
use crate::journal::options::Options;
use crate::journal::store::{Checkpoint, Store};

/// The repair of the log.
pub(crate) struct LogRepair<'a> {
    pub wal: PathBuf,
    pub options: &'a Options,
    pub checkpoint: Option<Checkpoint>,
    /// The store, as a source of what the log lost; every frame taken from it is checked.
    pub donor: Option<&'a Store>,
    /// The last position that the store has.
    pub donor_last: u64,
    /// Whether all segments are read, or only those since the checkpoint.
    pub reads_all: bool,
    /// The length of a torn frame that was cut off, in bytes.
    pub torn_tail_bytes: u64,
    /// Every repair, a sentence each.
    pub notes: Vec<String>,
}

/// The end of a segment's frames.
pub(crate) struct SegmentEnd {
    pub offset: usize,
    pub frontier: Frontier,
    pub tail: Tail,
    pub content_end: usize,
}

impl SegmentEnd {
    pub fn new(image: &Image, offset: usize, frontier: Frontier, tail: Tail) -> Self {
        let content_end = image.content_end();
        Self { offset, frontier, tail, content_end }
    }
}

impl LogRepair<'_> {
    /// Returns `Damaged` if the frame has the position of the checkpoint and another Merkle tree.
    pub fn compare_with_checkpoint(&self, segment: &SegmentFile, header: &FrameHeader) -> Result<(), JournalError> {
        match self.checkpoint {
            Some(checkpoint) if (header.first..=header.last()).contains(&checkpoint.position()) && checkpoint.head != header.tree => {
                let what = format!("{} has other records than were there at the checkpoint", segment.name());
                Err(JournalError::damaged(what, header.first, header.last()))
            }
            _ => Ok(()),
        }
    }

    /// As [`frames_of_store`], `None` without a store.
    pub fn frames_of_store(&self, first: u64, last: u64, before: &Frontier) -> Option<Vec<u8>> {
        frames_of_store(self.donor?, first, last, before)
    }
}
