//! Reading and rewriting segment files.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::image::Image;
use super::segment::{Extent, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, newer_version};
use crate::journal::error::JournalError;

/// Returns the length of a segment's file, in bytes.
pub(crate) fn file_length(segment: &SegmentFile) -> Result<u64, JournalError> {
    fs::metadata(&segment.path)
        .map(|metadata| metadata.len())
        .map_err(JournalError::storage(format!("looking at {}", segment.path.display())))
}

/// Reads a segment's header; `None` if it is damaged or of the other kind (sealed or not).
pub(crate) fn read_segment_header(segment: &SegmentFile) -> Result<Option<SegmentHeader>, JournalError> {
    let read = |path: &Path| {
        let mut bytes = vec![0; SEGMENT_HEADER_BYTES];
        match File::open(path)?.read_exact_at(&mut bytes, 0) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            read => read.map(|()| Some(bytes)),
        }
    };
    let bytes = read(&segment.path).map_err(JournalError::storage(format!("reading {}", segment.path.display())))?;
    let Some(bytes) = bytes else {
        return Ok(None);
    };
    check_version(segment, &bytes)?;
    let header = SegmentHeader::decode(&bytes);
    Ok(header.filter(|header| matches!(header.extent, Extent::Last(_)) == segment.is_sealed))
}

/// Returns `NewerFormat` for the header of a segment that a later release wrote.
pub(crate) fn check_version(segment: &SegmentFile, header: &[u8]) -> Result<(), JournalError> {
    newer_version(header).map_or(Ok(()), |version| Err(JournalError::NewerFormat { part: segment.name(), version }))
}

/// Reads a whole segment into memory.
pub(crate) fn load_segment(segment: &SegmentFile) -> Result<Image, JournalError> {
    Image::load(segment).map_err(JournalError::storage(format!("reading {}", segment.path.display())))
}

/// Extends a segment with zeros to a length of `bytes`, durably.
pub(crate) fn lengthen(segment: &SegmentFile, bytes: u64) -> Result<(), JournalError> {
    let lengthen = |path: &Path| {
        let file = File::options().write(true).open(path)?;
        file.set_len(bytes)?;
        file.sync_all()
    };
    lengthen(&segment.path).map_err(JournalError::storage(format!("mending {}", segment.path.display())))
}

/// Writes into a segment, durably.
pub(crate) fn write_at(segment: &SegmentFile, offset: u64, bytes: &[u8]) -> Result<(), JournalError> {
    let write = |path: &Path| {
        let file = File::options().write(true).open(path)?;
        file.write_all_at(bytes, offset)?;
        file.sync_all()
    };
    write(&segment.path).map_err(JournalError::storage(format!("mending {}", segment.path.display())))
}
