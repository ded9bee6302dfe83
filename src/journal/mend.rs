//! Mending a segment in memory: what is missing in its image is put back from the store's frames.

use super::codec::FrameHeader;
use super::files::load;
use super::repair::{LogRepair, SegmentEnd, damaged};
use super::seal::write_sealed;
use super::segment::{Extent, Image, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, Tail, advance};
use super::sled::Store;
use super::{Frontier, JournalError};

/// A segment's image whose frames are all there.
#[derive(Debug)]
pub(super) struct Mended {
    /// The Merkle tree after its last frame.
    pub frontier: Frontier,
    /// What was put back.
    pub notes: Vec<String>,
}

/// Frames for positions from the first to the last given, which continue the given tree.
pub(super) type Donate<'a> = &'a dyn Fn(u64, u64, &Frontier) -> Option<Vec<u8>>;

impl Image {
    /// Puts back what is missing between the segment's header and position `next`, and cuts off what lies behind; shows
    /// `see` every frame that was whole.
    ///
    /// # Errors
    /// `Damaged` if something is missing that `donate` does not have, and what `see` answers.
    pub fn mend(
        &mut self,
        name: &str,
        header: &SegmentHeader,
        next: u64,
        donate: Donate,
        mut see: impl FnMut(&FrameHeader) -> Result<(), JournalError>,
    ) -> Result<Mended, JournalError> {
        let mut frontier = header.frontier.clone();
        let mut notes = Vec::new();
        let mut offset = SEGMENT_HEADER_BYTES;
        while frontier.size() + 1 < next {
            let first = frontier.size() + 1;
            let fault = match self.frame(offset, &mut frontier) {
                Ok(frame) => {
                    see(&frame.header)?;
                    offset += frame.bytes.len();
                    continue;
                }
                Err(fault) => fault,
            };
            let what = format!("{name}, {}", self.describe(offset, fault));
            let following = self.next_frame(offset, first).map(|(at, frame)| (at, frame.header.first));
            let (until, last) = following.map_or((self.bytes.len(), next - 1), |(at, first)| (at, first - 1));
            let bytes = donate(first, last, &frontier)
                .ok_or_else(|| damaged(format!("{what}; the store does not have them either"), first, last))?;
            self.bytes.splice(offset.min(until)..until, bytes);
            notes.push(format!("{what}; records {first} to {last} were put back from the store"));
        }
        if frontier.size() + 1 != next {
            let what = format!("{name}: it goes on beyond the beginning of the segment behind it");
            return Err(damaged(what, next, frontier.size()));
        }
        self.bytes.truncate(offset);
        Ok(Mended { frontier, notes })
    }
}

/// The store's frames for these positions exactly, if they continue the tree.
pub(super) fn donated(store: &Store, first: u64, last: u64, before: &Frontier) -> Option<Vec<u8>> {
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

impl LogRepair<'_> {
    /// Reads a sealed segment up to `next`, where the one behind it begins, and writes it anew if anything is damaged in it.
    pub fn check_sealed(&mut self, segment: &SegmentFile, next: Option<u64>) -> Result<SegmentEnd, JournalError> {
        let mut image = load(segment)?;
        let name = segment.name();
        let found = image.header().and_then(|header| match header.extent {
            Extent::Last(last) => Some((header, last)),
            Extent::Bytes(_) => None,
        });
        let (header, last) = found.ok_or_else(|| damaged(format!("{name}: its header cannot be read"), segment.first, segment.first))?;
        let next = next.unwrap_or(last + 1);
        let donate = |first, last, before: &Frontier| donated(self.donor?, first, last, before);
        let mended = image.mend(&name, &header, next, &donate, |frame| self.compare_with_checkpoint(segment, frame))?;
        let harmless = image.faults().iter().filter(|fault| fault.image_offset.is_none());
        let harmless: Vec<_> = harmless.map(|fault| format!("{name}, {}; it was written anew without it", fault.what)).collect();
        let extent = Extent::Last(next - 1);
        if header.extent != extent || !mended.notes.is_empty() || !image.faults().is_empty() {
            let header = SegmentHeader { extent, ..header };
            write_sealed(&self.wal, segment, &header, &image.bytes[SEGMENT_HEADER_BYTES..], self.options, &mut |_| true)?;
        }
        self.notes.extend(mended.notes.into_iter().chain(harmless));
        let offset = image.bytes.len();
        Ok(SegmentEnd { offset, frontier: mended.frontier, tail: Tail::Clean, content_end: offset })
    }
}
