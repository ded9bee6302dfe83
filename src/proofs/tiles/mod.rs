//! The Merkle tree as tiles of 256 hashes: derived from the records, disposable, and checked by the root that the log has.
//!
//! Only full tiles are kept as files; what is not full is in memory, and made again at a start. No hash leaves here that is not bound
//! to the root: what a full tile's file says is compared with the hash of it one level above, and that with the one above it, up to
//! the tiles in memory, whose root is the journal's. So a file that is missing or changed is found when it is needed, and made again from
//! the tiles below or from the records. What differs then is the records themselves, and that is said.

#![allow(
    clippy::cast_possible_truncation,
    reason = "levels are fewer than eight, places in a tile fewer than 256, and a usize has 64 bits"
)]

mod files;
mod grown;
mod path;

pub use files::{Directory, InMemory, TileFiles};
pub use path::TilePath;

use super::ProofError;
use super::tree::{consistency, inclusion, range_hash};
use crate::journal::{Hash, Journal, TreeHead, leaf_hash, node_hash};
use crate::ledger::{Error, Ledger};
use grown::Grown;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The hashes of a full tile.
pub const WIDTH: usize = 256;
/// The bytes of a full tile.
pub const TILE_BYTES: usize = WIDTH * 32;
/// A full tile.
pub type Tile = Box<[Hash; WIDTH]>;

/// Leaves that are taken at a time, while nobody else is let in.
const LEAVES_AT_A_TIME: usize = 1_024;
/// So many leaves are caught up with by whoever asks for a proof; with more, the tiles are being built by their own thread.
const FEW: u64 = 1 << 17;

/// Where leaves come from, and the root that their tree must have.
pub trait Leaves: Send + Sync {
    /// The head of the tree over all durable records.
    fn tree_head(&self) -> TreeHead;

    /// Leaf hashes from a position on (1 or more): at most `max`, and at least one unless it lies behind the last.
    ///
    /// # Errors
    /// If the records cannot be read.
    fn leaf_hashes(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error>;

    /// The same, worked out from the records as they are stored now, for what was found to differ.
    ///
    /// # Errors
    /// If the records cannot be read.
    fn leaf_hashes_anew(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error>;

    /// Whether a head may be signed here and now: of a ledger that several processes share only by the one that leads. It is noted
    /// before the signature goes out, where all of them see it.
    ///
    /// # Errors
    /// Why not.
    fn may_sign(&self, head: TreeHead) -> Result<(), Error> {
        let _ = head;
        Ok(())
    }
}

impl Leaves for Ledger {
    fn may_sign(&self, head: TreeHead) -> Result<(), Error> {
        self.note_signed(head)
    }

    fn tree_head(&self) -> TreeHead {
        Self::tree_head(self)
    }

    fn leaf_hashes(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        Self::leaf_hashes(self, from, max)
    }

    fn leaf_hashes_anew(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        Ok(self.durable_records(from, max, TILE_BYTES << 9)?.iter().map(|record| leaf_hash(&record.bytes)).collect())
    }
}

impl Leaves for Arc<dyn Journal> {
    fn tree_head(&self) -> TreeHead {
        (**self).tree_head()
    }

    fn leaf_hashes(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        Ok((**self).leaf_hashes(from, max)?)
    }

    fn leaf_hashes_anew(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        Ok(self.read(from, max, TILE_BYTES << 9)?.iter().map(|record| leaf_hash(&record.bytes)).collect())
    }
}

/// The hash of some hashes that are the leaves of a complete subtree: a power of two of them.
fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [only] => *only,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}

/// The hash of a full tile, which stands in the tile above it.
#[must_use]
pub fn tile_root(tile: &Tile) -> Hash {
    fold(&tile[..])
}

fn not_given(position: u64) -> ProofError {
    Error::Damaged(format!("the journal does not give record {position}")).into()
}

/// The tiles of a ledger's tree.
pub struct Tiles {
    leaves: Box<dyn Leaves>,
    files: Box<dyn TileFiles>,
    growing: Mutex<Growing>,
    repaired: AtomicU64,
}

/// What the tiles have come to.
#[derive(Default)]
struct Growing {
    is_loaded: bool,
    /// So many full tiles of level 0 were there from before, and were not compared with the root yet.
    kept_before: u64,
    grown: Grown,
    /// The largest size at which the root was the journal's.
    checked: u64,
}

impl Tiles {
    /// The tiles of some leaves, which may have been kept before. Nothing is read yet.
    pub fn new(leaves: Box<dyn Leaves>, files: Box<dyn TileFiles>) -> Self {
        Self { leaves, files, growing: Mutex::default(), repaired: AtomicU64::new(0) }
    }

    /// How many tiles were found missing or changed when they were needed, and made again.
    pub fn repaired(&self) -> u64 {
        self.repaired.load(Ordering::Relaxed)
    }

    /// How many records are in tiles whose root was compared with the journal's.
    pub fn size(&self) -> u64 {
        self.growing.lock().checked
    }

    /// Takes all durable records into the tiles, and compares the root.
    ///
    /// # Errors
    /// `Records` if their records do not have the root that the log says; if records cannot be read, or tiles not be written.
    pub fn catch_up(&self) -> Result<TreeHead, ProofError> {
        loop {
            let head = self.leaves.tree_head();
            if self.step(head)? {
                return Ok(head);
            }
        }
    }

    /// The same, which ends early once `is_over` says so.
    ///
    /// # Errors
    /// As for `catch_up`.
    pub fn catch_up_until(&self, is_over: impl Fn() -> bool) -> Result<(), ProofError> {
        while !is_over() {
            if self.step(self.leaves.tree_head())? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes some of the leaves before `head`; returns whether all of them are in, and the root was the same.
    fn step(&self, head: TreeHead) -> Result<bool, ProofError> {
        let mut growing = self.growing.lock();
        if !growing.is_loaded {
            self.load(&mut growing, self.files.end().min(head.size / WIDTH as u64));
        }
        let grown = &mut growing.grown;
        if grown.size < head.size {
            let max = usize::try_from(head.size - grown.size).unwrap_or(usize::MAX).min(LEAVES_AT_A_TIME);
            let leaves = self.leaves.leaf_hashes(grown.size + 1, max)?;
            if leaves.is_empty() {
                return Err(not_given(grown.size + 1));
            }
            for leaf in leaves {
                grown.push(leaf, &*self.files).map_err(ProofError::Tiles)?;
            }
        }
        if growing.grown.size == head.size {
            self.compare(&mut growing, head)?;
        }
        // Others may have gone further, without having compared yet.
        Ok(growing.checked >= head.size && growing.is_loaded)
    }

    fn load(&self, growing: &mut Growing, tiles: u64) {
        let grown = Grown::load(&*self.files, tiles);
        *growing = Growing { is_loaded: true, kept_before: grown.size / WIDTH as u64, grown, checked: 0 };
    }

    /// Compares the root of what has grown up to `head`. If it differs, what was kept as files is given up, from the end on.
    fn compare(&self, growing: &mut Growing, head: TreeHead) -> Result<(), ProofError> {
        if growing.grown.root() == head.root {
            (growing.checked, growing.kept_before) = (head.size, 0);
            return Ok(());
        }
        // Tiles that an earlier process kept may have changed since. First the last ones are made again, then more.
        if growing.kept_before > 0 {
            // Those under the last tile of level 1 first, then under that of level 2, and so on.
            let whole_parts = [8, 16, 24].map(|bits| growing.kept_before >> bits << bits);
            let fewer = whole_parts.into_iter().find(|whole| *whole < growing.kept_before).unwrap_or(0);
            tracing::warn!(from = fewer * WIDTH as u64 + 1, "the tiles do not have the root of the log: they are made again");
            self.load(growing, fewer);
            return Ok(());
        }
        *growing = Growing::default();
        Err(ProofError::Records { size: head.size })
    }

    /// Catches up if little is missing, and returns what has grown, of which at least `size` leaves were compared with the root.
    ///
    /// # Errors
    /// `Building` if much is missing; those of `catch_up`.
    fn grown(&self, size: u64) -> Result<Grown, ProofError> {
        {
            let growing = self.growing.lock();
            if growing.is_loaded && growing.checked >= size {
                return Ok(growing.grown.clone());
            }
        }
        let (have, head) = (self.size(), self.leaves.tree_head().size);
        if head.saturating_sub(have) > FEW {
            return Err(ProofError::Building { done: have, of: head });
        }
        self.catch_up()?;
        let growing = self.growing.lock();
        if growing.checked < size {
            return Err(not_given(size));
        }
        Ok(growing.grown.clone())
    }

    /// The root of the tree at a size that was reached.
    ///
    /// # Errors
    /// `Building`, `Records`, or if records cannot be read.
    pub fn root(&self, size: u64) -> Result<Hash, ProofError> {
        let mut reader = Reader::new(self, self.grown(size)?);
        range_hash(0..size, &mut |height, number| reader.node(height, number))
    }

    /// The inclusion proof of the record at a position in the tree of `size` records, with that record's leaf hash and the tree's root.
    ///
    /// # Errors
    /// As for `root`.
    ///
    /// # Panics
    /// If the position is not within 1 and the size.
    pub fn inclusion(&self, position: u64, size: u64) -> Result<(Hash, Vec<Hash>, Hash), ProofError> {
        let mut reader = Reader::new(self, self.grown(size)?);
        let mut node = |height, number| reader.node(height, number);
        Ok((node(0, position - 1)?, inclusion(position - 1, size, &mut node)?, range_hash(0..size, &mut node)?))
    }

    /// The consistency proof between the trees of two sizes, the first not more than the second.
    ///
    /// # Errors
    /// As for `root`.
    pub fn consistency(&self, first: u64, second: u64) -> Result<Vec<Hash>, ProofError> {
        let mut reader = Reader::new(self, self.grown(second)?);
        consistency(first, second, &mut |height, number| reader.node(height, number))
    }

    /// The hashes of a tile, or of its beginning; `None` if there are not so many.
    ///
    /// # Errors
    /// As for `root`.
    pub fn hashes(&self, path: TilePath) -> Result<Option<Vec<Hash>>, ProofError> {
        let first = path.number.checked_mul(WIDTH as u64);
        let Some(end) = first.and_then(|first| first.checked_add(path.width as u64)) else { return Ok(None) };
        let needed = 1_u64.checked_shl(8 * u32::from(path.level)).and_then(|each| each.checked_mul(end));
        let Some(needed) = needed.filter(|needed| *needed <= self.leaves.tree_head().size) else { return Ok(None) };
        let grown = self.grown(needed)?;
        if path.number == grown.count(path.level) / WIDTH as u64 {
            return Ok(Some(grown.last_tile(path.level)[..path.width].to_vec()));
        }
        let tile = Reader::new(self, grown).tile(path.level, path.number)?;
        Ok(Some(tile[..path.width].to_vec()))
    }
}

/// Reads hashes that are bound to the root of what has grown.
struct Reader<'a> {
    tiles: &'a Tiles,
    grown: Grown,
    read: HashMap<(u8, u64), Arc<[Hash; WIDTH]>>,
}

impl<'a> Reader<'a> {
    fn new(tiles: &'a Tiles, grown: Grown) -> Self {
        Self { tiles, grown, read: HashMap::new() }
    }

    /// The hash of a complete subtree.
    fn node(&mut self, height: u32, number: u64) -> Result<Hash, ProofError> {
        let (level, within) = ((height / 8) as u8, height % 8);
        let (first, width) = (number << within, 1 << within);
        let at = (first % WIDTH as u64) as usize;
        if first / WIDTH as u64 == self.grown.count(level) / WIDTH as u64 {
            return Ok(fold(&self.grown.last_tile(level)[at..at + width]));
        }
        let tile = self.tile(level, first / WIDTH as u64)?;
        Ok(fold(&tile[at..at + width]))
    }

    /// A full tile that has the hash which the tile above it says.
    fn tile(&mut self, level: u8, number: u64) -> Result<Arc<[Hash; WIDTH]>, ProofError> {
        if let Some(tile) = self.read.get(&(level, number)) {
            return Ok(Arc::clone(tile));
        }
        let expected = self.node(8 * (u32::from(level) + 1), number)?;
        let kept = self.tiles.files.read(level, number).filter(|tile| tile_root(tile) == expected);
        let tile: Arc<[Hash; WIDTH]> = match kept {
            Some(tile) => tile.into(),
            None => self.tiles.make_again(level, number, &expected)?.into(),
        };
        self.read.insert((level, number), Arc::clone(&tile));
        Ok(tile)
    }
}

impl Tiles {
    /// Makes a full tile again that is missing or changed: of the tiles below it if they give the hash that it must have, else of the
    /// records.
    fn make_again(&self, level: u8, number: u64, expected: &Hash) -> Result<Tile, ProofError> {
        tracing::warn!(level, number, "a tile of the tree is missing or damaged, and is made again");
        let tile = match self.of_tiles_below(level, number).filter(|tile| tile_root(tile) == *expected) {
            Some(tile) => tile,
            None => self.of_records(level, number)?,
        };
        if tile_root(&tile) != *expected {
            let covered = (WIDTH as u64) << (8 * u32::from(level));
            return Err(ProofError::Range { first: number * covered + 1, last: (number + 1) * covered });
        }
        self.repaired.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.files.write(level, number, &tile) {
            tracing::warn!(%error, level, number, "a tile that was made again could not be kept");
        }
        Ok(tile)
    }

    fn of_tiles_below(&self, level: u8, number: u64) -> Option<Tile> {
        let below = level.checked_sub(1)?;
        let mut tile: Tile = Box::new([[0; 32]; WIDTH]);
        for (child, hash) in (number * WIDTH as u64..).zip(tile.iter_mut()) {
            *hash = tile_root(&self.files.read(below, child)?);
        }
        Some(tile)
    }

    fn of_records(&self, level: u8, number: u64) -> Result<Tile, ProofError> {
        let mut tile: Tile = Box::new([[0; 32]; WIDTH]);
        match level.checked_sub(1) {
            Some(below) => {
                for (child, hash) in (number * WIDTH as u64..).zip(tile.iter_mut()) {
                    *hash = tile_root(&self.of_records(below, child)?);
                }
            }
            None => {
                let mut filled = 0;
                while filled < WIDTH {
                    let from = number * WIDTH as u64 + filled as u64 + 1;
                    let leaves = self.leaves.leaf_hashes_anew(from, WIDTH - filled)?;
                    if leaves.is_empty() {
                        return Err(not_given(from));
                    }
                    tile[filled..filled + leaves.len()].copy_from_slice(&leaves);
                    filled += leaves.len();
                }
            }
        }
        Ok(tile)
    }
}

#[cfg(test)]
mod tests;
