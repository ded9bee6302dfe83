//! A segment of the log: a zero-filled file with a header and consecutive frames.
//!
//! The header (4096 bytes): `PLSEG`, two zeros and version 1; the first position, the first position of the segment
//! before (0 for none), the file's length (8 bytes each, little-endian); the number of peaks of the Merkle
//! tree's frontier at the segment's start (4) and their hashes; at the end the CRC32C of all before. Later versions keep the
//! layout of the first eight bytes and the last four.
//!
//! A full segment is sealed in the background: compressed into another file, see [`super::sealed`].

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::journal::frame::{hash_at, u32_at, u64_at};
use crate::journal::merkle::{Frontier, MAX_PEAKS};

pub(crate) const SEGMENT_HEADER_BYTES: usize = 4096;
const MAGIC: [u8; 8] = *b"PLSEG\0\0\x01";
const SEALED_MAGIC: [u8; 8] = *b"PLSEGZ\0\x01";
const VERSION: u8 = 1;
const PEAKS_AT: usize = 36;
const CRC_AT: usize = SEGMENT_HEADER_BYTES - 4;
const EXTENSION: &str = "seg";
const SEALED_EXTENSION: &str = "segz";

/// A segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentFile {
    /// The position of its first record; also its name.
    pub first: u64,
    pub path: PathBuf,
    /// Whether it is compressed, and therefore complete.
    pub is_sealed: bool,
}

impl SegmentFile {
    /// The segment of the directory `wal` whose first position is `first`.
    pub fn new(wal: &Path, first: u64) -> Self {
        let path = wal.join(format!("{first:020}.{EXTENSION}"));
        Self { first, path, is_sealed: false }
    }

    /// Returns its sealed form in the same directory.
    pub fn sealed(&self) -> Self {
        Self { first: self.first, path: self.path.with_extension(SEALED_EXTENSION), is_sealed: true }
    }

    /// Returns the segments in a directory, in order. If a segment is there in both forms, because sealing was interrupted
    /// before the plain file was removed, the plain one is returned.
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

    /// The name for messages, with the directory `wal/`.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        format!("wal/{}", name.to_string_lossy())
    }
}

/// A segment's size, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The file's length in bytes.
    Bytes(u64),
    /// The position of the last record of a sealed segment.
    Last(u64),
}

/// The header of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
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

    /// Decodes a header; `None` if it is damaged.
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

/// Returns the version of a segment that a later release wrote; `None` if it is of this one, or damaged.
pub(crate) fn newer_version(bytes: &[u8]) -> Option<u8> {
    let bytes = bytes.get(..SEGMENT_HEADER_BYTES)?;
    let is_segment = bytes[..7] == MAGIC[..7] || bytes[..7] == SEALED_MAGIC[..7];
    (is_segment && bytes[7] > VERSION && has_right_crc(bytes)).then_some(bytes[7])
}

fn has_right_crc(header: &[u8]) -> bool {
    u32_at(header, CRC_AT) == crc32c::crc32c(&header[..CRC_AT])
}

/// Creates a file of `bytes` zeros that are really written, and syncs it: later writes into it change no metadata.
pub(crate) fn create_filled(path: &Path, bytes: u64) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
    let zeros = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let chunk = left.min(zeros.len() as u64);
        // At most the length of `zeros`.
        file.write_all(&zeros[..chunk as usize])?;
        left -= chunk;
    }
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
