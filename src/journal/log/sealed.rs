//! A sealed segment: the frames of a full segment, compressed in blocks.
//!
//! It begins with a segment's header (4096 bytes) whose magic is `PLSEGZ`, a zero and version 1, and whose third
//! number is the position of the last record. Blocks follow, each at a multiple of eight, without gaps:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `PLZ` and the block's version, 1 |
//! | 4 | 4 | the compressed length |
//! | 8 | 4 | the length of the frames |
//! | 12 | 4 | how many frames |
//! | 16 | 8 | the first record's position |
//! | 24 | 8 | the last record's position |
//! | 32 | 4 | CRC32C of the compressed bytes with their padding |
//! | 36 | 4 | CRC32C of the 36 bytes before |
//! | 40 | … | the frames one after the other, as one Zstandard frame; zeros up to a multiple of eight |
//!
//! Integers are little-endian. Every byte is covered by a checksum, and a block can be read without the others.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::segment::SEGMENT_HEADER_BYTES;
use crate::journal::frame::{ALIGNMENT, parse_header, u32_at, u64_at};

const MAGIC: [u8; 4] = *b"PLZ\x01";
const BLOCK_HEADER_BYTES: usize = 40;
/// A block ends with the first frame that brings it to this size, in bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// The Zstandard level. Measured on realistic records: level 1 compresses to a quarter at 320 MB/s, level 3 no better at
/// 200 MB/s.
const LEVEL: i32 = 1;
/// Stands for a missing block in an image: it is no frame and keeps the alignment.
const FILLER: [u8; ALIGNMENT] = [0; ALIGNMENT];

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BlockHeader {
    compressed_bytes: u32,
    frames_bytes: u32,
    frames: u32,
    first: u64,
    last: u64,
    crc: u32,
}

impl BlockHeader {
    fn encode(&self) -> [u8; BLOCK_HEADER_BYTES] {
        let mut bytes = [0; BLOCK_HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.compressed_bytes.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.frames_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.frames.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.last.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..BLOCK_HEADER_BYTES)?;
        let header = Self {
            compressed_bytes: u32_at(bytes, 4),
            frames_bytes: u32_at(bytes, 8),
            frames: u32_at(bytes, 12),
            first: u64_at(bytes, 16),
            last: u64_at(bytes, 24),
            crc: u32_at(bytes, 32),
        };
        let is_sound = bytes[..4] == MAGIC && u32_at(bytes, 36) == crc32c::crc32c(&bytes[..36]) && header.first <= header.last;
        is_sound.then_some(header)
    }

    /// The length of the compressed frames with padding, in bytes.
    fn padded_bytes(&self) -> usize {
        (self.compressed_bytes as usize).next_multiple_of(ALIGNMENT)
    }

    fn block_bytes(&self) -> usize {
        BLOCK_HEADER_BYTES + self.padded_bytes()
    }

    /// The frames in `padded`, which is what follows the header.
    fn decompress(&self, padded: &[u8]) -> Result<Vec<u8>, String> {
        if crc32c::crc32c(padded) != self.crc {
            return Err("its checksum is wrong".into());
        }
        let compressed = padded.get(..self.compressed_bytes as usize).ok_or("it ends too early")?;
        let frames =
            zstd::bulk::decompress(compressed, self.frames_bytes as usize).map_err(|error| format!("it cannot be unpacked: {error}"))?;
        let is_whole = frames.len() == self.frames_bytes as usize;
        is_whole.then_some(frames).ok_or_else(|| "it is shorter than it says".to_owned())
    }
}

/// Damage in a sealed segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockFault {
    /// The offset in the decompressed segment where something is missing; `None` if nothing is.
    pub image_offset: Option<usize>,
    /// What is wrong, and where in the file.
    pub what: String,
}

/// A sealed segment's content in the layout of a plain segment: its header, then the frames.
#[derive(Debug, Default)]
pub(crate) struct Decompressed {
    pub bytes: Vec<u8>,
    pub faults: Vec<BlockFault>,
    /// The last position of the blocks that were found.
    pub last: Option<u64>,
}

impl Decompressed {
    fn fault(&mut self, what: String, is_missing: bool) {
        let image_offset = is_missing.then_some(self.bytes.len());
        if is_missing {
            self.bytes.extend_from_slice(&FILLER);
        }
        self.faults.push(BlockFault { image_offset, what });
    }
}

/// Decompresses a sealed segment's file. Damaged blocks are left out and listed in `faults`.
pub(crate) fn decompress(file: &[u8]) -> Decompressed {
    let mut bytes = file[..file.len().min(SEGMENT_HEADER_BYTES)].to_vec();
    bytes.resize(SEGMENT_HEADER_BYTES, 0);
    let mut decompressed = Decompressed { bytes, ..Decompressed::default() };
    let mut at = SEGMENT_HEADER_BYTES;
    while at < file.len() {
        let Some(header) = BlockHeader::decode(&file[at..]) else {
            let next = next_block(file, at);
            let following = next.and_then(|next| BlockHeader::decode(&file[next..]));
            // If the next block continues without a gap, this was no block.
            let is_missing = following.is_none_or(|following| decompressed.last.is_none_or(|last| following.first != last + 1));
            decompressed.fault(format!("no block begins at byte {at}, where one should"), is_missing);
            at = next.unwrap_or(file.len());
            continue;
        };
        let end = at + header.block_bytes();
        let content = file.get(at + BLOCK_HEADER_BYTES..end).ok_or_else(|| "it is cut off".to_owned());
        match content.and_then(|content| header.decompress(content)) {
            Ok(frames) => decompressed.bytes.extend_from_slice(&frames),
            Err(why) => decompressed.fault(format!("the block at byte {at} is damaged: {why}"), true),
        }
        decompressed.last = Some(header.last);
        at = end;
    }
    decompressed
}

/// Returns the offset of the next valid block header after `at`.
fn next_block(file: &[u8], at: usize) -> Option<usize> {
    (at..file.len()).step_by(ALIGNMENT).skip(1).find(|&at| file[at..].starts_with(&MAGIC) && BlockHeader::decode(&file[at..]).is_some())
}

/// Reads the block that has `position` and returns its frames; `None` if it is damaged or not there.
pub(crate) fn read_block(path: &Path, position: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut at = SEGMENT_HEADER_BYTES as u64;
    let mut bytes = [0; BLOCK_HEADER_BYTES];
    while at + BLOCK_HEADER_BYTES as u64 <= length {
        file.read_exact_at(&mut bytes, at)?;
        let Some(header) = BlockHeader::decode(&bytes) else {
            return Ok(None);
        };
        let end = at + header.block_bytes() as u64;
        if (header.first..=header.last).contains(&position) && end <= length {
            let mut padded = vec![0; header.padded_bytes()];
            file.read_exact_at(&mut padded, at + BLOCK_HEADER_BYTES as u64)?;
            return Ok(header.decompress(&padded).ok());
        }
        at = end;
    }
    Ok(None)
}

/// Compresses consecutive whole frames into blocks.
pub(crate) struct BlockWriter<'a> {
    frames: &'a [u8],
    at: usize,
}

impl<'a> BlockWriter<'a> {
    pub fn new(frames: &'a [u8]) -> Self {
        Self { frames, at: 0 }
    }

    /// Returns the next block; `None` after the last.
    pub fn next_block(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (begin, mut frames, mut first, mut last) = (self.at, 0, 0, 0);
        while self.at < self.frames.len() && self.at - begin < BLOCK_BYTES {
            let header = parse_header(&self.frames[self.at..]).map_err(io::Error::other)?;
            if frames == 0 {
                first = header.first;
            }
            last = header.last();
            frames += 1;
            self.at += header.frame_bytes();
        }
        if frames == 0 {
            return Ok(None);
        }
        let content = &self.frames[begin..self.at];
        let mut padded = zstd::bulk::compress(content, LEVEL)?;
        let compressed_bytes = padded.len() as u32;
        padded.resize(padded.len().next_multiple_of(ALIGNMENT), 0);
        let crc = crc32c::crc32c(&padded);
        let header = BlockHeader { compressed_bytes, frames_bytes: content.len() as u32, frames, first, last, crc };
        Ok(Some([&header.encode()[..], &padded].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::batch::Batch;
    use crate::journal::frame::encode_frame;
    use crate::journal::merkle::Frontier;

    /// Frames of which two fill a block, and the file that they become.
    fn file_of(frames: u64) -> (Vec<u8>, Vec<u8>) {
        let mut frontier = Frontier::new();
        let (mut content, mut seed) = (Vec::new(), 1_u32);
        for _ in 0..frames {
            let mut batch = Batch::new();
            let mut record = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed.to_le_bytes().repeat(BLOCK_BYTES / 12)
            };
            [record(), record()].iter().for_each(|record| batch.push(record));
            batch.records().for_each(|record| frontier.push(record));
            encode_frame(&mut content, frontier.size() - 1, &batch, frontier.head());
        }
        let mut file = vec![1; SEGMENT_HEADER_BYTES];
        let mut blocks = BlockWriter::new(&content);
        while let Some(block) = blocks.next_block().unwrap() {
            file.extend(block);
        }
        (content, file)
    }

    #[test]
    fn frames_come_back() {
        let (content, file) = file_of(7);
        let decompressed = decompress(&file);
        assert_eq!((decompressed.faults, decompressed.last), (vec![], Some(14)));
        assert!(decompressed.bytes[SEGMENT_HEADER_BYTES..] == content);
        assert!(file.len() < content.len() / 10);
    }

    #[test]
    fn every_flipped_bit_is_found_and_takes_one_block_at_most() {
        let (content, file) = file_of(7);
        let whole = decompress(&file);
        let blocks = file.windows(4).filter(|window| *window == MAGIC).count();
        assert_eq!(blocks, 4);
        for at in SEGMENT_HEADER_BYTES..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1 << (at % 8);
            let decompressed = decompress(&damaged);
            assert_eq!(decompressed.faults.len(), 1, "byte {at}: {:?}", decompressed.faults);
            assert!(decompressed.bytes.len() >= SEGMENT_HEADER_BYTES + content.len() / 7 * 5, "byte {at}");
            assert!(decompressed.bytes != whole.bytes, "byte {at}");
        }
    }

    #[test]
    fn what_does_not_belong_there_is_told_and_nothing_is_missing() {
        let (content, mut file) = file_of(4);
        file.extend_from_slice(&[7; 100]);
        let decompressed = decompress(&file);
        assert_eq!(decompressed.faults.len(), 1);
        assert!(decompressed.bytes[SEGMENT_HEADER_BYTES..].starts_with(&content));
    }

    #[test]
    fn a_position_is_read_from_its_block_alone() {
        let (content, mut file) = file_of(6);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segment");
        // The last block is damaged, the others are not.
        let length = file.len();
        file[length - 20] ^= 1;
        std::fs::write(&path, &file).unwrap();
        let block = content.len() / 3;
        for position in 1..=8 {
            let read = read_block(&path, position).unwrap().unwrap();
            let expected = if position <= 4 { &content[..block] } else { &content[block..2 * block] };
            assert!(read == expected, "position {position}");
        }
        for position in 9..=13 {
            assert_eq!(read_block(&path, position).unwrap(), None, "position {position}");
        }
    }
}
