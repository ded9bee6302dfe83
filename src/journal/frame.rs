//! The encoding of a frame: one commit as it is stored in the log and in the store.
//!
//! All integers are little-endian. A frame's length is a multiple of eight, so that frames can be found again after
//! damage. Its last byte is never zero, so that a torn write in a zero-filled file is detected.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `PLF` and the format's version, 1 |
//! | 4 | 4 | how many records |
//! | 8 | 8 | the first record's position |
//! | 16 | 8 | the Merkle tree's size after the last record |
//! | 24 | 4 | the body's length |
//! | 28 | 32 | the Merkle tree's root after the last record |
//! | 60 | 4 | CRC32C of the 60 bytes before |
//! | 64 | … | the body: each record's length (4 bytes each), then the records; zeros up to a multiple of eight |
//! | end − 8 | 4 | CRC32C of all before |
//! | end − 4 | 4 | `PLFE` |

use super::batch::Batch;
use super::merkle::{Hash, TreeHead};

/// The largest size of a commit, in bytes, with four for the length of each record.
pub const MAX_COMMIT_BYTES: usize = 256 << 20;

pub(crate) const HEADER_BYTES: usize = 64;
const TRAILER_BYTES: usize = 8;
const MAGIC: [u8; 4] = *b"PLF\x01";
pub(crate) const END_MAGIC: [u8; 4] = *b"PLFE";
/// Frames begin at multiples of this.
pub(crate) const ALIGNMENT: usize = 8;

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// The first record's position.
    pub first: u64,
    /// How many records the frame has; at least one.
    pub count: u32,
    /// The body's length in bytes.
    pub body_bytes: u32,
    /// The Merkle tree's head after the frame's last record.
    pub tree: TreeHead,
}

impl FrameHeader {
    /// The last record's position.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }

    /// The whole frame's length in bytes.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        frame_bytes(self.body_bytes as usize)
    }
}

fn frame_bytes(body_bytes: usize) -> usize {
    (HEADER_BYTES + body_bytes).next_multiple_of(ALIGNMENT) + TRAILER_BYTES
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameFault {
    #[error("the frame ends too early")]
    Short,
    #[error("no frame begins here")]
    NoFrame,
    #[error("the frame's header is damaged")]
    Header,
    #[error("the frame's checksum is wrong")]
    Checksum,
    #[error("the frame's record lengths do not add up")]
    Lengths,
    #[error("the frame has another position than the one due")]
    Position,
    #[error("the frame's tree root does not follow from its records")]
    Root,
}

/// A whole frame whose checksums are right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub header: FrameHeader,
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Parses the frame at the start of `bytes`; what follows it is ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FrameFault> {
        let header = parse_header(bytes)?;
        let bytes = bytes.get(..header.frame_bytes()).ok_or(FrameFault::Short)?;
        let (content, trailer) = bytes.split_at(bytes.len() - TRAILER_BYTES);
        if trailer[4..] != END_MAGIC || u32_at(trailer, 0) != crc32c::crc32c(content) {
            return Err(FrameFault::Checksum);
        }
        let frame = Self { header, bytes };
        let lengths: u64 = frame.lengths().map(|length| length as u64).sum();
        if lengths + u64::from(header.count) * 4 != u64::from(header.body_bytes) {
            return Err(FrameFault::Lengths);
        }
        Ok(frame)
    }

    /// A frame whose bytes this process parsed or encoded before: its checksums are not verified again.
    pub fn verified(header: FrameHeader, bytes: &'a [u8]) -> Self {
        assert_eq!(bytes.len(), header.frame_bytes());
        Self { header, bytes }
    }

    fn lengths(&self) -> impl Iterator<Item = usize> + use<'a> {
        let table = &self.bytes[HEADER_BYTES..HEADER_BYTES + self.header.count as usize * 4];
        table.chunks_exact(4).map(|length| u32_at(length, 0) as usize)
    }

    /// The records in order, with their positions.
    pub fn records(&self) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        let bytes = self.bytes;
        let mut start = HEADER_BYTES + self.header.count as usize * 4;
        (self.header.first..).zip(self.lengths()).map(move |(position, length)| {
            let record = &bytes[start..start + length];
            start += length;
            (position, record)
        })
    }
}

/// A whole frame held in memory.
#[derive(Debug)]
pub(crate) struct HeldFrame {
    pub header: FrameHeader,
    pub bytes: Vec<u8>,
}

impl HeldFrame {
    /// The frame. Its checksums are not verified again.
    pub fn frame(&self) -> Frame<'_> {
        Frame::verified(self.header, &self.bytes)
    }
}

/// Parses the header at the start of `bytes`.
pub(crate) fn parse_header(bytes: &[u8]) -> Result<FrameHeader, FrameFault> {
    let bytes = bytes.get(..HEADER_BYTES).ok_or(FrameFault::Short)?;
    if bytes[..4] != MAGIC {
        return Err(FrameFault::NoFrame);
    }
    if u32_at(bytes, 60) != crc32c::crc32c(&bytes[..60]) {
        return Err(FrameFault::Header);
    }
    let header = FrameHeader {
        first: u64_at(bytes, 8),
        count: u32_at(bytes, 4),
        body_bytes: u32_at(bytes, 24),
        tree: TreeHead { size: u64_at(bytes, 16), root: hash_at(bytes, 28) },
    };
    let lengths = u64::from(header.count) * 4;
    let is_sound = header.first >= 1
        && header.count >= 1
        && u64::from(header.body_bytes) >= lengths
        && header.body_bytes as usize <= MAX_COMMIT_BYTES
        && header.first.checked_add(u64::from(header.count) - 1) == Some(header.tree.size);
    is_sound.then_some(header).ok_or(FrameFault::Header)
}

/// Returns the length of a frame's body for `batch`, in bytes.
pub(crate) fn body_bytes(batch: &Batch) -> usize {
    batch.len() * 4 + batch.byte_len()
}

/// Appends `batch` to `out` as a frame: its first record has position `first`, and `tree` is the Merkle tree's head
/// after its last.
///
/// # Panics
/// If the batch is empty or larger than [`MAX_COMMIT_BYTES`], or `tree` does not belong to it.
pub fn encode_frame(out: &mut Vec<u8>, first: u64, batch: &Batch, tree: TreeHead) {
    let body = body_bytes(batch);
    assert!(!batch.is_empty() && body <= MAX_COMMIT_BYTES);
    assert_eq!(first + batch.len() as u64 - 1, tree.size);
    let start = out.len();
    out.reserve(frame_bytes(body));
    out.extend_from_slice(&MAGIC);
    // Both fit in 32 bits: the limit above is smaller.
    out.extend_from_slice(&(batch.len() as u32).to_le_bytes());
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&tree.size.to_le_bytes());
    out.extend_from_slice(&(body as u32).to_le_bytes());
    out.extend_from_slice(&tree.root);
    let header_crc = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&header_crc.to_le_bytes());
    for record in batch.records() {
        out.extend_from_slice(&(record.len() as u32).to_le_bytes());
    }
    out.extend_from_slice(batch.bytes());
    out.resize(start + frame_bytes(body) - TRAILER_BYTES, 0);
    let crc = crc32c::crc32c(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(&END_MAGIC);
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, offset))
}

pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, offset))
}

pub(crate) fn hash_at(bytes: &[u8], offset: usize) -> Hash {
    array_at(bytes, offset)
}

/// Returns the `N` bytes at `offset`. Panics if there are fewer.
fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[offset..offset + N]);
    array
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::merkle::Frontier;

    fn sample() -> (Batch, Vec<u8>) {
        let mut batch = Batch::new();
        let mut frontier = Frontier::new();
        for record in [&b"first"[..], b"", &[0; 900], b"last"] {
            batch.push(record);
            frontier.push(record);
        }
        let mut bytes = Vec::new();
        encode_frame(&mut bytes, 1, &batch, frontier.head());
        (batch, bytes)
    }

    #[test]
    fn frames_come_back() {
        let (batch, mut bytes) = sample();
        let length = bytes.len();
        bytes.extend_from_slice(b"what follows");
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(frame.bytes.len(), length);
        assert_eq!(length % ALIGNMENT, 0);
        assert_eq!((frame.header.first, frame.header.last()), (1, 4));
        let expected: Vec<_> = (1..).zip(batch.records()).collect();
        assert_eq!(frame.records().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let (_, bytes) = sample();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Frame::parse(&damaged).is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(Frame::parse(&bytes[..cut]).is_err(), "cut at {cut}");
            let mut zeroed = bytes.clone();
            zeroed[cut..].fill(0);
            assert!(Frame::parse(&zeroed).is_err(), "zeros from {cut}");
        }
    }
}
