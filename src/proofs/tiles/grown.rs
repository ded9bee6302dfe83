//! A tree as far as its tiles have grown: how many leaves it has, and the last tile of each level as long as that is not full.

use super::{Tile, TileFiles, WIDTH, tile_root};
use crate::journal::Hash;
use crate::proofs::tree::range_hash;
use std::convert::Infallible;
use std::io;

/// A tree as far as its tiles have grown.
#[derive(Clone, Debug, Default)]
pub struct Grown {
    /// How many leaves it has.
    pub size: u64,
    /// The last tile of each level, of fewer than 256 hashes: all that is not in a full tile.
    levels: Vec<Vec<Hash>>,
}

impl Grown {
    /// How many hashes a level has in all.
    pub fn count(&self, level: u8) -> u64 {
        self.size.checked_shr(8 * u32::from(level)).unwrap_or(0)
    }

    /// The last tile of a level, as far as it goes.
    pub fn last_tile(&self, level: u8) -> &[Hash] {
        self.levels.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// Appends a leaf. Tiles that become full are written first.
    ///
    /// # Errors
    /// If a tile cannot be written; nothing has changed then.
    pub fn push(&mut self, leaf: Hash, files: &dyn TileFiles) -> io::Result<()> {
        let (mut carried, mut level) = (leaf, 0);
        while let Some(last) = self.levels.get(level).filter(|last| last.len() == WIDTH - 1) {
            let mut tile: Tile = Box::new([[0; 32]; WIDTH]);
            tile[..WIDTH - 1].copy_from_slice(last);
            tile[WIDTH - 1] = carried;
            files.write(level as u8, self.size >> (8 * (level + 1)), &tile)?;
            carried = tile_root(&tile);
            level += 1;
        }
        self.levels.iter_mut().take(level).for_each(Vec::clear);
        if self.levels.len() == level {
            self.levels.push(Vec::with_capacity(WIDTH));
        }
        self.levels[level].push(carried);
        self.size += 1;
        Ok(())
    }

    /// The tree's root: every complete subtree that it takes is in a tile that is not full.
    pub fn root(&self) -> Hash {
        let mut node = |height: u32, number: u64| {
            let level = height / 8;
            let first = usize::try_from(number << (height % 8)).unwrap_or_default() % WIDTH;
            Ok::<_, Infallible>(super::fold(&self.last_tile(level as u8)[first..first + (1 << (height % 8))]))
        };
        let Ok(root) = range_hash(0..self.size, &mut node);
        root
    }

    /// Returns the tree of the full tiles that are there, up to `tiles` of level 0, as those say it: nothing of it is checked. Where one
    /// that it takes is missing it is shorter.
    pub fn load(files: &dyn TileFiles, tiles: u64) -> Self {
        let mut tiles = tiles;
        loop {
            match Self::load_exactly(files, tiles) {
                Ok(grown) => return grown,
                Err(fewer) => tiles = fewer,
            }
        }
    }

    /// The error is how many tiles of level 0 stand before the one that is missing.
    fn load_exactly(files: &dyn TileFiles, tiles: u64) -> Result<Self, u64> {
        let mut grown = Self { size: tiles * WIDTH as u64, levels: vec![Vec::new()] };
        let mut level = 1;
        while grown.count(level) > 0 {
            let count = grown.count(level);
            let mut last = Vec::with_capacity(WIDTH);
            for number in count - count % WIDTH as u64..count {
                let below = files.read(level - 1, number).ok_or(number << (8 * u32::from(level - 1)))?;
                last.push(tile_root(&below));
            }
            grown.levels.push(last);
            level += 1;
        }
        Ok(grown)
    }
}
