//! Writing a sealed segment's file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::sealed::{self, BlockWriter};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader};
use crate::journal::disk::sync_dir;
use crate::journal::error::JournalError;
use crate::journal::options::{Options, Step};

/// The name of the file while it is written; opening removes one that is left.
pub(crate) const NEW_SEALED_NAME: &str = "sealing.new";

/// Writes a sealed segment: as a new file, synced, read back, then renamed. `pace` is called after every block with the
/// time that it took. Returns false, and nothing has changed, if `pace` returned false.
pub(crate) fn write_sealed(
    wal: &Path,
    segment: &SegmentFile,
    header: &SegmentHeader,
    frames: &[u8],
    options: &Options,
    pace: &mut dyn FnMut(Duration) -> bool,
) -> Result<bool, JournalError> {
    let new = wal.join(NEW_SEALED_NAME);
    let mut write = || {
        options.step(Step::SealSegment)?;
        if !write_blocks(&new, header, frames, pace)? {
            fs::remove_file(&new)?;
            return Ok(false);
        }
        check_written(&new, header, frames)?;
        options.step(Step::NameSealed)?;
        fs::rename(&new, &segment.path)?;
        sync_dir(wal)?;
        Ok(true)
    };
    let written = write();
    if written.is_err() {
        // If this fails only space is lost, until the next opening.
        let _ = fs::remove_file(&new);
    }
    written.map_err(JournalError::storage(format!("writing {}", segment.path.display())))
}

/// Writes header and blocks and syncs the file. Returns false if `pace` did.
fn write_blocks(path: &Path, header: &SegmentHeader, frames: &[u8], pace: &mut dyn FnMut(Duration) -> bool) -> io::Result<bool> {
    let mut file = File::create(path)?;
    file.write_all(&header.encode())?;
    let mut blocks = BlockWriter::new(frames);
    loop {
        let begun = Instant::now();
        let Some(block) = blocks.next_block()? else {
            break;
        };
        file.write_all(&block)?;
        if !pace(begun.elapsed()) {
            return Ok(false);
        }
    }
    file.sync_all()?;
    Ok(true)
}

/// Reads the file back and compares it with what was to be written.
fn check_written(path: &Path, header: &SegmentHeader, frames: &[u8]) -> io::Result<()> {
    let decompressed = sealed::decompress(&fs::read(path)?);
    let (begin, rest) = decompressed.bytes.split_at(SEGMENT_HEADER_BYTES);
    let is_whole = decompressed.faults.is_empty() && SegmentHeader::decode(begin).as_ref() == Some(header) && rest == frames;
    is_whole.then_some(()).ok_or_else(|| io::Error::other("what was read back is not what was written"))
}
