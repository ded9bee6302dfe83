//! Where full tiles are kept: a file for each level, or memory.

use super::{TILE_BYTES, Tile, WIDTH};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Where full tiles are kept. What is read is checked by whoever reads it: a tile may be missing, or changed.
pub trait TileFiles: Send + Sync {
    /// Reads a tile; `None` if there is none, or none of the right size that can be read.
    fn read(&self, level: u8, number: u64) -> Option<Tile>;

    /// Writes a tile, in place of what was there.
    ///
    /// # Errors
    /// Why it cannot be written.
    fn write(&self, level: u8, number: u64, tile: &Tile) -> io::Result<()>;

    /// One more than the highest number of a tile of level 0; 0 if there is none.
    fn end(&self) -> u64;
}

/// Tiles in a directory: a file for each level, in which they follow each other, since a file for each would cost an append more than
/// all else of them. They are not synced: what a power cut takes is made again.
pub struct Directory(PathBuf);

impl Directory {
    /// The tiles below a directory, which need not be there yet.
    #[must_use]
    pub fn of(dir: PathBuf) -> Self {
        Self(dir)
    }

    fn path(&self, level: u8) -> PathBuf {
        self.0.join(level.to_string())
    }

    fn open(&self, level: u8) -> io::Result<File> {
        OpenOptions::new().create(true).truncate(false).write(true).open(self.path(level))
    }
}

/// Where a tile begins in the file of its level.
fn offset(number: u64) -> io::Result<u64> {
    number.checked_mul(TILE_BYTES as u64).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

impl TileFiles for Directory {
    fn read(&self, level: u8, number: u64) -> Option<Tile> {
        let mut tile: Tile = Box::new([[0; 32]; WIDTH]);
        let file = File::open(self.path(level)).ok()?;
        file.read_exact_at(tile.as_flattened_mut(), offset(number).ok()?).ok()?;
        Some(tile)
    }

    fn write(&self, level: u8, number: u64, tile: &Tile) -> io::Result<()> {
        let file = match self.open(level) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.0)?;
                self.open(level)?
            }
            opened => opened?,
        };
        file.write_all_at(tile.as_flattened(), offset(number)?)
    }

    fn end(&self) -> u64 {
        fs::metadata(self.path(0)).map_or(0, |file| file.len() / TILE_BYTES as u64)
    }
}

/// Tiles in memory, for ledgers without a directory.
#[derive(Default)]
pub struct InMemory(Mutex<BTreeMap<(u8, u64), Tile>>);

impl TileFiles for InMemory {
    fn read(&self, level: u8, number: u64) -> Option<Tile> {
        self.0.lock().get(&(level, number)).cloned()
    }

    fn write(&self, level: u8, number: u64, tile: &Tile) -> io::Result<()> {
        self.0.lock().insert((level, number), tile.clone());
        Ok(())
    }

    fn end(&self) -> u64 {
        self.0.lock().range((0, 0)..(1, 0)).next_back().map_or(0, |((_, number), _)| number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_stand_one_after_the_other_and_what_is_cut_is_not_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let files = Directory::of(dir.path().join("tiles"));
        assert_eq!((files.end(), files.read(0, 0)), (0, None));
        let tile = |number: u64| -> Tile { Box::new([[number.to_le_bytes()[0]; 32]; WIDTH]) };
        for number in [0, 1, 2, 5] {
            files.write(0, number, &tile(number)).expect("written");
            assert_eq!((files.end(), files.read(0, number)), (number + 1, Some(tile(number))));
        }
        files.write(1, 9, &tile(9)).expect("written");
        assert_eq!((files.end(), files.read(1, 9), files.read(2, 0)), (6, Some(tile(9)), None));
        assert_eq!(files.read(0, 3), Some(tile(0)), "a gap is zeros, which no root stands for");
        let cut = File::options().write(true).open(dir.path().join("tiles/0")).expect("opened");
        cut.set_len(2 * TILE_BYTES as u64 - 1).expect("cut");
        assert_eq!((files.end(), files.read(0, 0), files.read(0, 1)), (1, Some(tile(0)), None));
        assert!(files.write(0, u64::MAX, &tile(0)).is_err());
    }
}
