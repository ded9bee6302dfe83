//! A segment in memory: its frames, and the classification of what follows the last whole one.

use std::fs;
use std::io;

use super::sealed::{self, BlockFault, Decompressed};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader};
use crate::journal::frame::{ALIGNMENT, Frame, FrameFault, HEADER_BYTES, parse_header};
use crate::journal::merkle::Frontier;

/// The unit that a disk writes atomically.
const SECTOR_BYTES: usize = 512;

/// What follows the last whole frame of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Zeros only.
    Clean,
    /// A torn write: parts of the frame never reached the disk.
    Torn { bytes: u64 },
    /// Damage that no torn write explains: a frame that was whole once, or no frame at all. It goes up to position
    /// `last`, as far as can be told.
    Broken { bytes: u64, last: u64 },
}

/// A segment's bytes in memory; a sealed one is decompressed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub bytes: Vec<u8>,
    /// The offset after the last byte that is not zero.
    content_end: usize,
    /// Damaged blocks of a sealed segment.
    faults: Vec<BlockFault>,
    /// The last position of the blocks found in a sealed segment.
    blocks_last: Option<u64>,
}

impl Image {
    /// Reads a segment's file.
    pub fn load(segment: &SegmentFile) -> io::Result<Self> {
        let bytes = fs::read(&segment.path)?;
        Ok(if segment.is_sealed { Self::decompressed(sealed::decompress(&bytes)) } else { Self::new(bytes) })
    }

    /// An image of the bytes of a segment that is not sealed.
    pub fn new(bytes: Vec<u8>) -> Self {
        let content_end = content_end(&bytes);
        Self { bytes, content_end, faults: Vec::new(), blocks_last: None }
    }

    fn decompressed(decompressed: Decompressed) -> Self {
        let Decompressed { bytes, faults, last } = decompressed;
        let content_end = bytes.len();
        Self { bytes, content_end, faults, blocks_last: last }
    }

    /// Returns the damaged blocks of a sealed segment; empty for others.
    pub fn faults(&self) -> &[BlockFault] {
        &self.faults
    }

    /// Returns the last position of the blocks found in a sealed segment; `None` for others.
    pub fn blocks_last(&self) -> Option<u64> {
        self.blocks_last
    }

    /// Describes a fault at `offset`: the damaged block if there is one, else the offset and `fault`.
    pub fn describe(&self, offset: usize, fault: impl std::fmt::Display) -> String {
        match self.faults.iter().find(|block| block.image_offset == Some(offset)) {
            Some(block) => block.what.clone(),
            None => format!("byte {offset}: {fault}"),
        }
    }

    /// The offset after the last byte that is not zero.
    pub fn content_end(&self) -> usize {
        self.content_end
    }

    /// Returns the header; `None` if it is damaged.
    pub fn header(&self) -> Option<SegmentHeader> {
        SegmentHeader::decode(&self.bytes)
    }

    /// Parses the frame at `offset` and checks that it continues `frontier`, which is then advanced past it.
    pub fn frame(&self, offset: usize, frontier: &mut Frontier) -> Result<Frame<'_>, FrameFault> {
        let frame = Frame::parse(self.bytes.get(offset..).ok_or(FrameFault::Short)?)?;
        advance(frontier, &frame)?;
        Ok(frame)
    }

    /// Returns the first whole frame after `offset` whose first position is greater than `after`, with its offset.
    pub fn next_frame(&self, offset: usize, after: u64) -> Option<(usize, Frame<'_>)> {
        self.headers_behind(offset, after).find_map(|at| Some((at, Frame::parse(&self.bytes[at..]).ok()?)))
    }

    /// Returns the offsets after `offset` of valid frame headers with a first position greater than `after`.
    fn headers_behind(&self, offset: usize, after: u64) -> impl Iterator<Item = usize> + '_ {
        (offset..self.content_end)
            .step_by(ALIGNMENT)
            .skip(1)
            .filter(move |&at| self.bytes[at] != 0 && parse_header(&self.bytes[at..]).is_ok_and(|header| header.first > after))
    }

    /// Classifies what is at `offset`, where no whole frame with position `position` could be read and none follows.
    ///
    /// A disk writes whole sectors, so a torn write leaves zeros: at the end, or in some sector. A frame whose sectors
    /// all have content was written completely.
    pub fn tail(&self, offset: usize, position: u64) -> Tail {
        if offset >= self.content_end {
            return Tail::Clean;
        }
        let bytes = (self.content_end - offset) as u64;
        let later = self.headers_behind(offset, position).last();
        if let Some(header) = later.and_then(|at| parse_header(&self.bytes[at..]).ok()) {
            return Tail::Broken { bytes, last: header.last() };
        }
        let header = parse_header(&self.bytes[offset..]);
        let (length, last) = match header {
            Ok(header) if header.first == position => (header.frame_bytes(), header.last()),
            Ok(_) => {
                return Tail::Broken { bytes, last: position };
            }
            Err(_) => (HEADER_BYTES, position),
        };
        let end = offset + length;
        if self.content_end < end || self.has_zero_sector(offset, end) {
            return Tail::Torn { bytes };
        }
        Tail::Broken { bytes, last }
    }

    fn has_zero_sector(&self, mut offset: usize, end: usize) -> bool {
        while offset < end {
            let sector_end = (offset + 1).next_multiple_of(SECTOR_BYTES).min(end);
            if self.bytes[offset..sector_end].iter().all(|&byte| byte == 0) {
                return true;
            }
            offset = sector_end;
        }
        false
    }
}

impl Image {
    /// Reads what is needed for `position`: of a sealed segment only the block that has it, if that is whole.
    pub fn load_around(segment: &SegmentFile, position: u64) -> io::Result<Self> {
        let block = if segment.is_sealed { sealed::read_block(&segment.path, position)? } else { None };
        match block {
            Some(frames) => Ok(Self::new([vec![0; SEGMENT_HEADER_BYTES], frames].concat())),
            None => Self::load(segment),
        }
    }
}

/// Checks that `frame` continues `frontier`, by position and by Merkle root, and advances it; on an error it is unchanged.
pub(crate) fn advance(frontier: &mut Frontier, frame: &Frame) -> Result<(), FrameFault> {
    if frame.header.first != frontier.size() + 1 {
        return Err(FrameFault::Position);
    }
    let mut after = frontier.clone();
    frame.records().for_each(|(_, record)| after.push(record));
    if after.head() != frame.header.tree {
        return Err(FrameFault::Root);
    }
    *frontier = after;
    Ok(())
}

/// Returns the offset after the last byte that is not zero; 0 if there is none.
fn content_end(bytes: &[u8]) -> usize {
    const BLOCK: usize = 4096;
    let zeros = [0; BLOCK];
    let Some(block) = bytes.chunks(BLOCK).rposition(|block| *block != zeros[..block.len()]) else {
        return 0;
    };
    let start = block * BLOCK;
    let end = bytes.len().min(start + BLOCK);
    let last = bytes[start..end].iter().rposition(|&byte| byte != 0);
    last.map_or(start, |last| start + last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::batch::Batch;
    use crate::journal::frame::encode_frame;

    fn image_with(record: &[u8]) -> (Image, usize) {
        let mut batch = Batch::new();
        batch.push(record);
        let mut frontier = Frontier::new();
        frontier.push(record);
        let mut bytes = Vec::new();
        encode_frame(&mut bytes, 1, &batch, frontier.head());
        let length = bytes.len();
        bytes.resize(8192, 0);
        (Image::new(bytes), length)
    }

    #[test]
    fn a_cut_write_is_torn_and_a_flipped_bit_is_broken() {
        let (whole, length) = image_with(&[b'x'; 1500]);
        assert_eq!(whole.tail(length, 2), Tail::Clean);
        for cut in 1..length {
            let mut bytes = whole.bytes.clone();
            bytes[cut..].fill(0);
            let tail = Image::new(bytes).tail(0, 1);
            assert!(matches!(tail, Tail::Torn { .. }), "cut at {cut}: {tail:?}");
        }
        for sector in 0..length / SECTOR_BYTES {
            let mut bytes = whole.bytes.clone();
            bytes[sector * SECTOR_BYTES..][..SECTOR_BYTES].fill(0);
            let tail = Image::new(bytes).tail(0, 1);
            assert!(matches!(tail, Tail::Torn { .. }), "sector {sector}: {tail:?}");
        }
        for byte in (0..length).step_by(3) {
            let mut bytes = whole.bytes.clone();
            bytes[byte] ^= 0x08;
            let tail = Image::new(bytes).tail(0, 1);
            assert!(matches!(tail, Tail::Broken { last: 1, .. }), "byte {byte}: {tail:?}");
        }
    }
}
