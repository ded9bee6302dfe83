//! Scrubbing: once after every opening both copies of all sealed segments are read in the background, so that bit rot is
//! found while one of them is whole. The log is repaired at once; a damaged store is rebuilt at the next opening.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::journal::error::JournalError;
use crate::journal::frame::Frame;
use crate::journal::log::{Extent, Image, SEGMENT_HEADER_BYTES, SegmentFile, load_segment, write_sealed};
use crate::journal::recovery::{WAL_DIR, frames_of_store};

/// After each segment the scrubber pauses for this multiple of the time that it took, to leave the disk to others.
const PAUSE_FACTOR: u32 = 4;

/// The segments still to be read: those that were sealed when the journal was opened.
#[derive(Debug)]
pub(super) struct Scrubber {
    ahead: VecDeque<SegmentFile>,
}

impl Scrubber {
    pub fn new(shared: &Shared) -> Self {
        Self { ahead: shared.segments.read().iter().filter(|segment| segment.is_sealed).cloned().collect() }
    }

    /// Scrubs the next segment. Returns how long to pause then; `None` after the last.
    pub fn step(&mut self, shared: &Shared) -> Option<Duration> {
        let segment = self.ahead.pop_front()?;
        let begun = Instant::now();
        if let Err(error) = scrub(shared, &segment) {
            tracing::error!(%error, "what the background check found cannot be repaired");
        }
        Some(begun.elapsed() * PAUSE_FACTOR)
    }
}

/// Checks one segment and repairs it.
fn scrub(shared: &Shared, segment: &SegmentFile) -> Result<(), JournalError> {
    let mut image = load_segment(segment)?;
    let unreadable = || {
        JournalError::damaged(
            format!("{}: its header cannot be read; the next start mends it", segment.name()),
            segment.first,
            segment.first,
        )
    };
    let header = image.header().ok_or_else(unreadable)?;
    let Extent::Last(last) = header.extent else {
        return Err(unreadable());
    };
    let was_whole = image.faults().is_empty();
    let missing = |first, last, before: &_| frames_of_store(shared.store.read().as_ref()?, first, last, before);
    let repaired = image.repair(&segment.name(), &header, last + 1, &missing, |_| Ok(()))?;
    if !was_whole || !repaired.notes.is_empty() {
        let wal = shared.dir.join(WAL_DIR);
        let mut pace = |spent| shared.maintenance.pause(spent);
        if write_sealed(&wal, segment, &header, &image.bytes[SEGMENT_HEADER_BYTES..], &shared.options, &mut pace)? {
            tracing::warn!("{} was damaged and was written anew: {}", segment.name(), repaired.notes.join("; "));
        }
    }
    compare_store(shared, segment, &image);
    Ok(())
}

/// Compares the store's frames with the segment's; the store is marked for rebuilding if one differs.
fn compare_store(shared: &Shared, segment: &SegmentFile, image: &Image) {
    let store = shared.store.read();
    let Some(store) = store.as_ref() else {
        return;
    };
    let mut offset = SEGMENT_HEADER_BYTES;
    let mut differs = None;
    let visited = store.visit(segment.first, |frame| {
        let Some(own) = image.bytes.get(offset..).and_then(|bytes| Frame::parse(bytes).ok()) else {
            return false;
        };
        offset += own.bytes.len();
        if own.bytes != frame.bytes {
            differs = Some(own.header.first);
        }
        differs.is_none() && offset < image.bytes.len()
    });
    let why = match (visited, differs) {
        (Err(error), _) => error.to_string(),
        (Ok(()), Some(position)) => format!("it has other records than the log from position {position} on"),
        (Ok(()), None) if offset < image.bytes.len() => "it lacks records that the log has".to_owned(),
        (Ok(()), None) => return,
    };
    shared.suspect_store();
    tracing::error!(
        segment = segment.name(),
        why,
        "the store is damaged: the log serves the reads, and the store is rebuilt at the next start"
    );
}
