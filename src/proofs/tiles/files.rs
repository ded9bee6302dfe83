//! Where full tiles are kept: files in the layout of their paths, or memory.

use super::path::number_path;
use super::{TILE_BYTES, Tile};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

/// Tiles in a directory. They are not synced: what a power cut takes is made again.
pub struct Directory(PathBuf);

impl Directory {
    /// The tiles below a directory, which need not be there yet.
    #[must_use]
    pub fn of(dir: PathBuf) -> Self {
        Self(dir)
    }

    fn path(&self, level: u8, number: u64) -> PathBuf {
        self.0.join(level.to_string()).join(number_path(number))
    }
}

impl TileFiles for Directory {
    fn read(&self, level: u8, number: u64) -> Option<Tile> {
        let bytes = fs::read(self.path(level, number)).ok().filter(|bytes| bytes.len() == TILE_BYTES)?;
        let hashes = bytes.as_chunks::<32>().0;
        hashes.try_into().ok().map(Box::new)
    }

    fn write(&self, level: u8, number: u64, tile: &Tile) -> io::Result<()> {
        let path = self.path(level, number);
        let beside = path.with_extension("new");
        let bytes = tile.as_flattened();
        match fs::write(&beside, bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::write(&beside, bytes)?;
            }
            written => written?,
        }
        // Others that read the directory see whole tiles alone.
        fs::rename(&beside, &path)
    }

    fn end(&self) -> u64 {
        highest(&self.0.join("0")).map_or(0, |number| number + 1)
    }
}

/// The highest number of a tile below the directory of a level. Tiles are written in order, so the first one of so many digits is there
/// if any is.
fn highest(dir: &Path) -> Option<u64> {
    let mut depths = vec![0];
    let mut first = dir.join("x001");
    while first.is_dir() {
        depths.push(depths.len());
        first.push("x000");
    }
    depths.into_iter().rev().find_map(|depth| highest_at(dir, depth, 0))
}

/// The same of tiles that stand so many directories deeper; `before` is the number that the directories above stand for.
fn highest_at(dir: &Path, depth: usize, before: u64) -> Option<u64> {
    let prefix = if depth > 0 { "x" } else { "" };
    let entries = fs::read_dir(dir).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let groups = names.filter_map(|name| name.strip_prefix(prefix)?.parse().ok().filter(|group| name == format!("{prefix}{group:03}")));
    let mut groups: Vec<u64> = groups.collect();
    groups.sort_unstable();
    let number = |group| before * 1_000 + group;
    match depth {
        0 => groups.pop().map(number),
        _ => groups.into_iter().rev().find_map(|group| highest_at(&dir.join(format!("x{group:03}")), depth - 1, number(group))),
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
    fn the_highest_tile_is_found_among_directories() {
        let dir = tempfile::tempdir().expect("a directory");
        let files = Directory::of(dir.path().join("tiles"));
        assert_eq!(files.end(), 0);
        let tile: Tile = Box::new([[7; 32]; super::super::WIDTH]);
        // The numbers of more digits begin with the first of them, as tiles are written in order.
        for number in [0, 5, 999, 1_000, 1_003, 70_001, 1_000_000, 1_234_067] {
            files.write(0, number, &tile).expect("written");
            assert_eq!(files.end(), number + 1);
            assert_eq!(files.read(0, number).as_ref(), Some(&tile));
        }
        files.write(1, 9_999_999, &tile).expect("written");
        assert_eq!(files.end(), 1_234_068);
        assert!(dir.path().join("tiles/0/x001/x234/067").is_file());
        fs::write(dir.path().join("tiles/0/005"), [0; TILE_BYTES - 1]).expect("written");
        assert_eq!((files.read(0, 5), files.read(0, 6)), (None, None));
    }
}
