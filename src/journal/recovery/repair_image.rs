//! Repairing a segment in memory: what is missing in its image is restored from the store's frames.

use crate::journal::error::JournalError;
use crate::journal::frame::FrameHeader;
use crate::journal::log::{Image, SEGMENT_HEADER_BYTES, SegmentHeader, advance};
use crate::journal::merkle::Frontier;
use crate::journal::store::Store;

/// The result of repairing an image, which then has all its frames.
#[derive(Debug)]
pub(crate) struct RepairedSegment {
    /// The Merkle tree after its last frame.
    pub frontier: Frontier,
    /// What was restored, a sentence each.
    pub notes: Vec<String>,
}

/// Returns the frames from the first to the last position given, if they are available and continue the given tree.
pub(crate) type MissingFrames<'a> = &'a dyn Fn(u64, u64, &Frontier) -> Option<Vec<u8>>;

impl Image {
    /// Restores what is missing before position `next` and cuts off what follows. Calls `check` with the header of every
    /// frame that was whole.
    ///
    /// # Errors
    /// `Damaged` if something is missing that `missing` does not return; errors of `check`.
    pub fn repair(
        &mut self,
        name: &str,
        header: &SegmentHeader,
        next: u64,
        missing: MissingFrames,
        mut check: impl FnMut(&FrameHeader) -> Result<(), JournalError>,
    ) -> Result<RepairedSegment, JournalError> {
        let mut frontier = header.frontier.clone();
        let mut notes = Vec::new();
        let mut offset = SEGMENT_HEADER_BYTES;
        while frontier.size() + 1 < next {
            let first = frontier.size() + 1;
            let fault = match self.frame(offset, &mut frontier) {
                Ok(frame) => {
                    check(&frame.header)?;
                    offset += frame.bytes.len();
                    continue;
                }
                Err(fault) => fault,
            };
            let what = format!("{name}, {}", self.describe(offset, fault));
            let following = self.next_frame(offset, first).map(|(at, frame)| (at, frame.header.first));
            let (until, last) = following.map_or((self.bytes.len(), next - 1), |(at, first)| (at, first - 1));
            let bytes = missing(first, last, &frontier)
                .ok_or_else(|| JournalError::damaged(format!("{what}; the store does not have them either"), first, last))?;
            self.bytes.splice(offset.min(until)..until, bytes);
            notes.push(format!("{what}; records {first} to {last} were put back from the store"));
        }
        if frontier.size() + 1 != next {
            let what = format!("{name}: it goes on beyond the beginning of the segment behind it");
            return Err(JournalError::damaged(what, next, frontier.size()));
        }
        self.bytes.truncate(offset);
        Ok(RepairedSegment { frontier, notes })
    }
}

/// Returns the store's frames from position `first` to `last`, if it has exactly these and they continue the Merkle tree.
pub(crate) fn frames_of_store(store: &Store, first: u64, last: u64, before: &Frontier) -> Option<Vec<u8>> {
    let mut frontier = before.clone();
    let mut bytes = Vec::new();
    let visited = store.visit(first, |frame| {
        if frame.header.last() > last || advance(&mut frontier, frame).is_err() {
            return false;
        }
        bytes.extend_from_slice(frame.bytes);
        frontier.size() < last
    });
    (visited.is_ok() && frontier.size() == last).then_some(bytes)
}
