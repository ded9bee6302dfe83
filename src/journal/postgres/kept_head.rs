//! What this node has published, kept in its data directory: a database that has less is not gone on with.
//!
//! Two slots are written in turn, so that one is whole whenever the process is killed. They are not synced: the file is evidence, and
//! the records are in the database. With it the Merkle tree need not be hashed anew from the first record at each start either.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `PLHEAD`, the version 1, 0 |
//! | 8 | 8 | the number of records, little-endian |
//! | 16 | 2 048 | the roots of the tree's full subtrees, the largest first; then zeros |
//! | 2 064 | 4 | CRC32C of all before |

use crate::journal::error::JournalError;
use crate::journal::frame::{hash_at, u32_at, u64_at};
use crate::journal::merkle::{Frontier, MAX_PEAKS};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The file's name.
const FILE: &str = "published";
const MAGIC: [u8; 8] = *b"PLHEAD\x01\0";
const PEAKS_AT: usize = 16;
const HASH_BYTES: usize = 32;
const CRC_AT: usize = PEAKS_AT + MAX_PEAKS * HASH_BYTES;
const SLOT_BYTES: usize = 4_096;

/// The file.
pub(super) struct KeptHead {
    file: File,
    /// Which slot is written next.
    next: u64,
}

impl KeptHead {
    /// Opens the file of a data directory, or creates it. Returns as well what it says; nothing if it is new or not whole.
    pub fn open(dir: &Path) -> Result<(Self, Frontier), JournalError> {
        let path = dir.join(FILE);
        let failed = |error| JournalError::storage(format!("opening {}", path.display()))(error);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        let slots = [0, 1].map(|slot| read(&file, slot));
        let size = |slot: usize| slots[slot].as_ref().map(Frontier::size);
        let latest = usize::from(size(1) > size(0));
        let frontier = slots[latest].clone().unwrap_or_default();
        Ok((Self { file, next: 1 - latest as u64 }, frontier))
    }

    /// Writes what is published. That it cannot be written is said in the log, and holds up nothing.
    pub fn write(&mut self, frontier: &Frontier) {
        let mut slot = vec![0; SLOT_BYTES];
        slot[..8].copy_from_slice(&MAGIC);
        slot[8..PEAKS_AT].copy_from_slice(&frontier.size().to_le_bytes());
        for (peak, place) in frontier.peaks().iter().zip(slot[PEAKS_AT..CRC_AT].chunks_exact_mut(HASH_BYTES)) {
            place.copy_from_slice(peak);
        }
        let crc = crc32c::crc32c(&slot[..CRC_AT]);
        slot[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        if let Err(error) = self.file.write_all_at(&slot, self.next * SLOT_BYTES as u64) {
            tracing::warn!(%error, "what is published cannot be written to the data directory");
        }
        self.next = 1 - self.next;
    }

    /// Forgets what was published.
    pub fn reset(&mut self) -> Result<(), JournalError> {
        self.file.set_len(0).map_err(JournalError::storage("forgetting what was published"))
    }
}

fn read(file: &File, slot: u64) -> Option<Frontier> {
    let mut bytes = vec![0; CRC_AT + 4];
    file.read_exact_at(&mut bytes, slot * SLOT_BYTES as u64).ok()?;
    if bytes[..8] != MAGIC || u32_at(&bytes, CRC_AT) != crc32c::crc32c(&bytes[..CRC_AT]) {
        return None;
    }
    let size = u64_at(&bytes, 8);
    let peaks = (0..size.count_ones() as usize).map(|peak| hash_at(&bytes, PEAKS_AT + peak * HASH_BYTES));
    Frontier::from_parts(size, peaks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_slot_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut kept, frontier) = KeptHead::open(dir.path()).expect("it opens");
        assert_eq!(frontier, Frontier::new());
        let mut frontier = frontier;
        for record in 0..7_u8 {
            frontier.push(&[record]);
            kept.write(&frontier);
            assert_eq!(KeptHead::open(dir.path()).expect("it opens").1, frontier);
        }
        // The process was killed while it wrote the next one.
        let (kept, _) = KeptHead::open(dir.path()).expect("it opens");
        kept.file.write_all_at(b"half", kept.next * SLOT_BYTES as u64 + 20).expect("written");
        assert_eq!(KeptHead::open(dir.path()).expect("it opens").1, frontier);
        let (mut kept, _) = KeptHead::open(dir.path()).expect("it opens");
        kept.reset().expect("forgotten");
        assert_eq!(KeptHead::open(dir.path()).expect("it opens").1, Frontier::new());
    }
}
