//! A segment in memory: its frames one by one, and what lies behind the last of them.

use std::fs;
use std::io;

use super::sealed::{self, BlockFault, Decompressed};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader};
use crate::journal::frame::{ALIGNMENT, Frame, FrameFault, HEADER_BYTES, parse_header};
use crate::journal::merkle::Frontier;

/// What a disk writes as a whole, at least.
const SECTOR_BYTES: usize = 512;

/// What lies behind the last whole frame of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Zeros only.
    Clean,
    /// A frame whose writing was cut off: parts of it never arrived.
    Torn { bytes: u64 },
    /// Something that no cut-off write leaves behind: it was whole once, or is no frame at all. Up to position
    /// `last`, as far as can be told.
    Broken { bytes: u64, last: u64 },
}

/// A segment's bytes in memory; of a sealed one, as they were before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub bytes: Vec<u8>,
    /// Where the last byte ends that is not zero.
    content_end: usize,
    /// Of a sealed one: what is damaged in its file.
    faults: Vec<BlockFault>,
    /// Of a sealed one: the last position of the blocks that could be found.
    blocks_last: Option<u64>,
}

impl Image {
    pub fn load(segment: &SegmentFile) -> io::Result<Self> {
        let bytes = fs::read(&segment.path)?;
        Ok(if segment.is_sealed { Self::decompressed(sealed::decompress(&bytes)) } else { Self::new(bytes) })
    }

    pub fn new(bytes: Vec<u8>) -> Self {
        let content_end = content_end(&bytes);
        Self { bytes, content_end, faults: Vec::new(), blocks_last: None }
    }

    fn decompressed(decompressed: Decompressed) -> Self {
        let Decompressed { bytes, faults, last } = decompressed;
        let content_end = bytes.len();
        Self { bytes, content_end, faults, blocks_last: last }
    }

    /// Of a sealed one: what is damaged in its file.
    pub fn faults(&self) -> &[BlockFault] {
        &self.faults
    }

    /// Of a sealed one: the last position of the blocks that could be found.
    pub fn blocks_last(&self) -> Option<u64> {
        self.blocks_last
    }

    /// Says what is wrong at `offset`.
    pub fn describe(&self, offset: usize, fault: impl std::fmt::Display) -> String {
        match self.faults.iter().find(|block| block.image_offset == Some(offset)) {
            Some(block) => block.what.clone(),
            None => format!("byte {offset}: {fault}"),
        }
    }

    pub fn content_end(&self) -> usize {
        self.content_end
    }

    pub fn header(&self) -> Option<SegmentHeader> {
        SegmentHeader::decode(&self.bytes)
    }

    /// The frame at `offset`, which must begin with the record that follows `frontier` and have the root that its
    /// records give. Moves the frontier behind it.
    pub fn frame(&self, offset: usize, frontier: &mut Frontier) -> Result<Frame<'_>, FrameFault> {
        let frame = Frame::parse(self.bytes.get(offset..).ok_or(FrameFault::Short)?)?;
        advance(frontier, &frame)?;
        Ok(frame)
    }

    /// The first whole frame behind `offset` that begins after position `after`, and where it lies.
    pub fn next_frame(&self, offset: usize, after: u64) -> Option<(usize, Frame<'_>)> {
        self.headers_behind(offset, after).find_map(|at| Some((at, Frame::parse(&self.bytes[at..]).ok()?)))
    }

    /// Where sound headers of later positions lie behind `offset`.
    fn headers_behind(&self, offset: usize, after: u64) -> impl Iterator<Item = usize> + '_ {
        (offset..self.content_end)
            .step_by(ALIGNMENT)
            .skip(1)
            .filter(move |&at| self.bytes[at] != 0 && parse_header(&self.bytes[at..]).is_ok_and(|header| header.first > after))
    }

    /// Judges what lies at `offset`, where no whole frame with position `position` could be read and none follows.
    ///
    /// A disk writes whole sectors, so a write that was cut off leaves zeros: at the end, or in some sector. Where
    /// all sectors of a frame hold something, it had been written as a whole.
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
    /// What is read to find `position` in a segment: of a sealed one its block, if that is whole.
    pub fn load_around(segment: &SegmentFile, position: u64) -> io::Result<Self> {
        let block = if segment.is_sealed { sealed::read_block(&segment.path, position)? } else { None };
        match block {
            Some(frames) => Ok(Self::new([vec![0; SEGMENT_HEADER_BYTES], frames].concat())),
            None => Self::load(segment),
        }
    }
}

/// Checks that `frame` follows `frontier` and moves the frontier behind it; leaves it as it was if not.
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

/// Where the last byte that is not zero ends.
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
