//! The checkpoint: a small file, replaced atomically, with the position up to which the store is known to be complete.
//!
//! It is also proof that records up to there were acknowledged: a log or store that ends before it has lost something.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::journal::disk::sync_dir;
use crate::journal::error::JournalError;
use crate::journal::frame::{hash_at, u32_at, u64_at};
use crate::journal::merkle::TreeHead;
use crate::journal::options::{Options, Step};

/// The checkpoint's file.
pub(crate) const CHECKPOINT_FILE: &str = "checkpoint";
/// The same while it is written.
pub(crate) const NEW_CHECKPOINT_FILE: &str = "checkpoint.new";
const MAGIC: [u8; 8] = *b"PLCHECK\x01";
const LENGTH: usize = 64;

/// The position up to which the store is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The Merkle tree's head at that position.
    pub head: TreeHead,
    /// Whether the journal was closed there, so that no record can follow.
    pub is_closed: bool,
}

/// The result of reading the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundCheckpoint {
    Checkpoint(Checkpoint),
    Missing,
    Damaged,
}

impl FoundCheckpoint {
    /// Returns the checkpoint, if there is a sound one.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        match self {
            Self::Checkpoint(checkpoint) => Some(*checkpoint),
            Self::Missing | Self::Damaged => None,
        }
    }
}

impl Checkpoint {
    /// The last position that the store is known to have.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.head.size
    }

    /// The file's bytes: `PLCHECK` and version 1; position and tree size (8 each, little-endian); root (32);
    /// flags (4, bit 0: closed); CRC32C of all before (4).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.position().to_le_bytes());
        bytes.extend_from_slice(&self.head.size.to_le_bytes());
        bytes.extend_from_slice(&self.head.root);
        bytes.extend_from_slice(&u32::from(self.is_closed).to_le_bytes());
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let is_sound = bytes.len() == LENGTH
            && bytes[..8] == MAGIC
            && u32_at(bytes, 60) == crc32c::crc32c(&bytes[..60])
            && u64_at(bytes, 8) == u64_at(bytes, 16)
            && u32_at(bytes, 56) <= 1;
        is_sound.then(|| Self { head: TreeHead { size: u64_at(bytes, 16), root: hash_at(bytes, 24) }, is_closed: u32_at(bytes, 56) == 1 })
    }

    /// Replaces the directory's checkpoint by this one, atomically and durably.
    pub(crate) fn write(&self, dir: &Path, options: &Options) -> Result<(), JournalError> {
        self.try_write(dir, options).map_err(JournalError::storage(format!("writing {}", dir.join(CHECKPOINT_FILE).display())))
    }

    fn try_write(&self, dir: &Path, options: &Options) -> io::Result<()> {
        options.step(Step::ReplaceCheckpoint)?;
        let new = dir.join(NEW_CHECKPOINT_FILE);
        let mut file = File::create(&new)?;
        file.write_all(&self.encode())?;
        file.sync_all()?;
        fs::rename(&new, dir.join(CHECKPOINT_FILE))?;
        sync_dir(dir)
    }
}

/// Reads the directory's checkpoint.
pub(crate) fn read_checkpoint(dir: &Path) -> Result<FoundCheckpoint, JournalError> {
    let path = dir.join(CHECKPOINT_FILE);
    match fs::read(&path) {
        Ok(bytes) => Ok(Checkpoint::decode(&bytes).map_or(FoundCheckpoint::Damaged, FoundCheckpoint::Checkpoint)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(FoundCheckpoint::Missing),
        Err(error) => Err(JournalError::storage(format!("reading {}", path.display()))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_come_back_and_damage_shows() {
        let checkpoint = Checkpoint { head: TreeHead { size: 12, root: [7; 32] }, is_closed: true };
        let bytes = checkpoint.encode();
        assert_eq!(Checkpoint::decode(&bytes), Some(checkpoint));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Checkpoint::decode(&damaged), None, "bit {bit}");
        }
        assert_eq!(Checkpoint::decode(&bytes[..63]), None);
    }
}
