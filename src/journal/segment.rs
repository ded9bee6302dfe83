//! A segment of the log: a zero-filled file with a header and frames one behind the other.
//!
//! The header (4096 bytes): `PLSEG`, two zeros and version 1; the first position, the first position of the segment
//! before (0 for none), the file's length (8 bytes each, little-endian); how many peaks the Merkle tree's frontier
//! has at the segment's start (4) and their hashes; at the end the CRC32C of all before. A later version keeps the first
//! eight bytes and the last four.
//!
//! A full segment is sealed in the background: compressed into another file, see [`super::sealed`].

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::codec::{ALIGNMENT, Frame, FrameFault, HEADER_BYTES, hash_at, parse_header, u32_at, u64_at};
use super::merkle::{Frontier, MAX_PEAKS};
use super::sealed::{self, BlockFault, Unpacked};

pub(super) const SEGMENT_HEADER_BYTES: usize = 4096;
const MAGIC: [u8; 8] = *b"PLSEG\0\0\x01";
const SEALED_MAGIC: [u8; 8] = *b"PLSEGZ\0\x01";
const VERSION: u8 = 1;
const PEAKS_AT: usize = 36;
const CRC_AT: usize = SEGMENT_HEADER_BYTES - 4;
/// What a disk writes as a whole, at least.
const SECTOR_BYTES: usize = 512;
const EXTENSION: &str = "seg";
const SEALED_EXTENSION: &str = "segz";

/// A segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentFile {
    /// The position of its first record; also its name.
    pub first: u64,
    pub path: PathBuf,
    /// Whether it is compressed, and so complete.
    pub is_sealed: bool,
}

impl SegmentFile {
    pub fn new(wal: &Path, first: u64) -> Self {
        let path = wal.join(format!("{first:020}.{EXTENSION}"));
        Self { first, path, is_sealed: false }
    }

    /// Its compressed form beside it.
    pub fn sealed(&self) -> Self {
        Self { first: self.first, path: self.path.with_extension(SEALED_EXTENSION), is_sealed: true }
    }

    /// The segments in a directory, in order. Where a segment lies there in both forms, because its sealing was cut off at
    /// the very end, it is the one that is not compressed.
    pub fn list(wal: &Path) -> io::Result<Vec<Self>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(wal)? {
            let path = entry?.path();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            let first = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            if let (EXTENSION | SEALED_EXTENSION, Some(first)) = (extension, first) {
                let is_sealed = extension == SEALED_EXTENSION;
                segments.push(Self { first, path, is_sealed });
            }
        }
        segments.sort_by_key(|segment| (segment.first, segment.is_sealed));
        segments.dedup_by_key(|segment| segment.first);
        Ok(segments)
    }

    /// The file's name, for messages.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        format!("wal/{}", name.to_string_lossy())
    }
}

/// How far a segment reaches, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many bytes has its file.
    Bytes(u64),
    /// It is sealed, and this is the position of its last record.
    Last(u64),
}

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub previous_first: u64,
    pub extent: Extent,
    /// The Merkle tree before the segment's first record, which has the position after its size.
    pub frontier: Frontier,
}

impl SegmentHeader {
    pub fn first(&self) -> u64 {
        self.frontier.size() + 1
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        let (magic, extent) = match self.extent {
            Extent::Bytes(bytes) => (MAGIC, bytes),
            Extent::Last(last) => (SEALED_MAGIC, last),
        };
        bytes.extend_from_slice(&magic);
        bytes.extend_from_slice(&self.first().to_le_bytes());
        bytes.extend_from_slice(&self.previous_first.to_le_bytes());
        bytes.extend_from_slice(&extent.to_le_bytes());
        let peaks = self.frontier.peaks();
        assert!(peaks.len() <= MAX_PEAKS, "a 64-bit size has no more peaks than bits");
        bytes.extend_from_slice(&(peaks.len() as u32).to_le_bytes());
        peaks.iter().for_each(|peak| bytes.extend_from_slice(peak));
        bytes.resize(CRC_AT, 0);
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header; `None` if it is not whole.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..SEGMENT_HEADER_BYTES)?;
        let extent = match bytes[..8].try_into() {
            Ok(MAGIC) => Extent::Bytes(u64_at(bytes, 24)),
            Ok(SEALED_MAGIC) => Extent::Last(u64_at(bytes, 24)),
            _ => return None,
        };
        if !has_right_crc(bytes) {
            return None;
        }
        let peaks = u32_at(bytes, 32) as usize;
        if peaks > MAX_PEAKS {
            return None;
        }
        let peaks = (0..peaks).map(|peak| hash_at(bytes, PEAKS_AT + peak * 32)).collect();
        Some(Self { previous_first: u64_at(bytes, 16), extent, frontier: Frontier::from_parts(u64_at(bytes, 8).checked_sub(1)?, peaks)? })
    }
}

/// The version of a segment that a later release wrote; `None` if it is of this one, or damaged.
pub(super) fn newer_version(bytes: &[u8]) -> Option<u8> {
    let bytes = bytes.get(..SEGMENT_HEADER_BYTES)?;
    let is_segment = bytes[..7] == MAGIC[..7] || bytes[..7] == SEALED_MAGIC[..7];
    (is_segment && bytes[7] > VERSION && has_right_crc(bytes)).then_some(bytes[7])
}

fn has_right_crc(header: &[u8]) -> bool {
    u32_at(header, CRC_AT) == crc32c::crc32c(&header[..CRC_AT])
}

/// Creates a file of zeros, really written, and syncs it: later writes into it change no metadata.
pub(super) fn create_filled(path: &Path, bytes: u64) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
    let zeros = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let chunk = left.min(zeros.len() as u64);
        // No longer than the zeros, so it fits.
        file.write_all(&zeros[..chunk as usize])?;
        left -= chunk;
    }
    file.sync_all()?;
    Ok(file)
}

/// What lies behind the last whole frame of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
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
pub(super) struct Image {
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
        Ok(if segment.is_sealed { Self::unpacked(sealed::unpack(&bytes)) } else { Self::new(bytes) })
    }

    pub fn new(bytes: Vec<u8>) -> Self {
        let content_end = content_end(&bytes);
        Self { bytes, content_end, faults: Vec::new(), blocks_last: None }
    }

    fn unpacked(unpacked: Unpacked) -> Self {
        let Unpacked { bytes, faults, last } = unpacked;
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

/// Checks that `frame` follows `frontier` and moves the frontier behind it; leaves it as it was if not.
pub(super) fn advance(frontier: &mut Frontier, frame: &Frame) -> Result<(), FrameFault> {
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
    use crate::journal::{Batch, encode_frame};

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
    fn headers_come_back() {
        let mut frontier = Frontier::new();
        (0..13_u8).for_each(|record| frontier.push(&[record]));
        let header = SegmentHeader { previous_first: 5, extent: Extent::Bytes(1 << 20), frontier };
        let mut bytes = header.encode();
        assert_eq!(bytes.len(), SEGMENT_HEADER_BYTES);
        assert_eq!(SegmentHeader::decode(&bytes), Some(header));
        bytes[77] ^= 4;
        assert_eq!(SegmentHeader::decode(&bytes), None);
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
