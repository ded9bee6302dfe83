//! Tiles grow, are kept, are made again, and agree with other implementations.

use super::*;
use crate::journal::{Batch, Frontier, MemoryJournal};
use crate::proofs::tree::{is_consistent, root_of_inclusion};
use std::path::Path;
use tlog_tiles::tlog;

fn record(position: u64) -> Vec<u8> {
    format!("record {position}").into_bytes()
}

fn append(journal: &dyn Journal, count: u64) {
    let last = journal.last();
    let mut batch = Batch::new();
    (last + 1..=last + count).for_each(|position| batch.push(&record(position)));
    journal.append(last, &batch).expect("appended");
}

fn journal(count: u64) -> Arc<dyn Journal> {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    append(&*journal, count);
    journal
}

fn tiles(journal: &Arc<dyn Journal>, dir: &Path) -> Tiles {
    Tiles::new(Box::new(Arc::clone(journal)), Box::new(Directory::of(dir.to_owned())))
}

fn root(size: u64) -> Hash {
    let mut frontier = Frontier::new();
    (1..=size).for_each(|position| frontier.push(&record(position)));
    frontier.root()
}

fn check(tiles: &Tiles, size: u64, positions: impl IntoIterator<Item = u64>) {
    for position in positions {
        let (leaf, proof, tree_root) = tiles.inclusion(position, size).expect("a proof");
        assert_eq!(leaf, leaf_hash(&record(position)), "{position}");
        assert_eq!(tree_root, root(size));
        assert_eq!(root_of_inclusion(&leaf, position - 1, size, &proof), Some(tree_root), "{position} of {size}");
    }
}

#[test]
fn every_size_has_its_root_and_its_proofs() {
    let journal = journal(0);
    let tiles = Tiles::new(Box::new(Arc::clone(&journal)), Box::new(InMemory::default()));
    assert_eq!(tiles.catch_up().expect("caught up").size, 0);
    for count in [1, 1, 5, 248, 1, 1, 255, 1, 300] {
        append(&*journal, count);
        let head = tiles.catch_up().expect("caught up");
        assert_eq!((head.size, tiles.root(head.size).expect("a root")), (journal.last(), root(head.size)));
        check(&tiles, head.size, [1, head.size / 2 + 1, head.size]);
    }
    let last = journal.last();
    for first in (1..last).step_by(37).chain([256, 512, last]) {
        let proof = tiles.consistency(first, last).expect("a proof");
        assert!(is_consistent(first, &root(first), last, &root(last), &proof), "{first} to {last}");
    }
    assert!(tiles.consistency(0, last).expect("a proof").is_empty());
}

#[test]
fn tiles_go_on_from_what_is_kept_and_are_those_of_another_implementation() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = journal(70_000);
    tiles(&journal, dir.path()).catch_up().expect("caught up");
    // As the specification's example: 273 full tiles of level 0 and one of level 1.
    let count = |level: &str| std::fs::metadata(dir.path().join(level)).expect("a file").len() / TILE_BYTES as u64;
    assert_eq!((count("0"), count("1")), (273, 1));
    let again = tiles(&journal, dir.path());
    again.catch_up().expect("caught up");
    for (level, number, width) in [(0, 0, 256), (0, 272, 256), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)] {
        let hashes = again.hashes(TilePath { level, number, width }).expect("read").expect("a tile");
        let theirs = tlog_tiles::tile::Tile::new(8, level, number, u32::try_from(width).expect("a width"), false);
        let bytes = theirs.read_data(&Stored).expect("a tile");
        assert_eq!(hashes.as_flattened(), bytes, "{level} {number} {width}");
    }
    for (level, number, width) in [(0, 273, 113), (0, 274, 1), (1, 1, 18), (2, 0, 2), (3, 0, 1), (63, 0, 1), (0, u64::MAX, 256)] {
        assert_eq!(again.hashes(TilePath { level, number, width }).expect("read"), None, "{level} {number} {width}");
    }
    assert_eq!(again.repaired(), 0);
}

/// The nodes of the same tree, for the oracle.
struct Stored;

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        fn node(height: u8, number: u64) -> Hash {
            match height {
                0 => leaf_hash(&record(number + 1)),
                _ => node_hash(&node(height - 1, 2 * number), &node(height - 1, 2 * number + 1)),
            }
        }
        Ok(indexes
            .iter()
            .map(|index| tlog::split_stored_hash_index(*index))
            .map(|(height, number)| tlog::Hash(node(height, number)))
            .collect())
    }
}

#[test]
fn what_is_missing_cut_or_changed_is_made_again() {
    type Damage = fn(&mut Vec<u8>, usize);
    let damages: [(&str, Damage); 4] = [
        ("removed", |file, _| file.clear()),
        ("cut", |file, start| file.truncate(start + 100)),
        ("zeroed", |file, start| file.iter_mut().skip(start).take(TILE_BYTES).for_each(|byte| *byte = 0)),
        ("flipped", |file, start| file[start + 5_000] ^= 1),
    ];
    let journal = journal(66_000);
    for (name, damage) in damages {
        for running in [true, false] {
            let dir = tempfile::tempdir().expect("a directory");
            let before = tiles(&journal, dir.path());
            before.catch_up().expect("caught up");
            let damaged = [("0", 0), ("0", 130), ("0", 255), ("0", 256), ("1", 0)].map(|(level, number)| (level, number * TILE_BYTES));
            let kept = |(level, start): (&str, usize)| {
                let file = std::fs::read(dir.path().join(level)).unwrap_or_default();
                file.get(start..start + TILE_BYTES).map(<[u8]>::to_vec)
            };
            let whole = damaged.map(kept);
            for (level, start) in damaged {
                let path = dir.path().join(level);
                let mut file = std::fs::read(&path).expect("read");
                damage(&mut file, start);
                std::fs::write(&path, file).expect("written");
            }
            let after = tiles(&journal, dir.path());
            let tiles = if running { &before } else { &after };
            tiles.catch_up().expect("caught up");
            check(tiles, 66_000, [1, 130 * 256 + 7, 65_536, 65_537, 65_800, 66_000]);
            assert!(whole.iter().all(Option::is_some) && damaged.map(kept) == whole, "{name}, while it runs: {running}");
        }
    }
}

#[test]
fn tiles_of_another_ledger_or_of_a_longer_one_are_made_again() {
    let dir = tempfile::tempdir().expect("a directory");
    tiles(&journal(5_000), dir.path()).catch_up().expect("caught up");
    let other: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let mut batch = Batch::new();
    (0..3_000).for_each(|number| batch.push(format!("other {number}").as_bytes()));
    other.append(0, &batch).expect("appended");
    let tiles = tiles(&other, dir.path());
    assert_eq!(tiles.catch_up().expect("caught up"), other.tree_head());
    let (leaf, proof, tree_root) = tiles.inclusion(100, 3_000).expect("a proof");
    assert_eq!(root_of_inclusion(&leaf, 99, 3_000, &proof), Some(tree_root));
    assert_eq!(tree_root, other.tree_head().root);
}

/// Leaves that do not have the root that is said.
struct Lying(Arc<dyn Journal>);

impl Leaves for Lying {
    fn tree_head(&self) -> TreeHead {
        TreeHead { root: [9; 32], ..self.0.tree_head() }
    }

    fn leaf_hashes(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        self.0.leaf_hashes(from, max)
    }

    fn leaf_hashes_anew(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        self.0.leaf_hashes_anew(from, max)
    }
}

#[test]
fn records_that_do_not_have_the_root_are_said_and_nothing_is_proved_of_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let tiles = Tiles::new(Box::new(Lying(journal(1_000))), Box::new(Directory::of(dir.path().to_owned())));
    for _ in 0..2 {
        assert!(matches!(tiles.catch_up(), Err(ProofError::Records { size: 1_000 })));
        assert!(tiles.inclusion(1, 1_000).is_err() && tiles.size() == 0);
    }
}

/// A disk that takes nothing for a while.
struct Full(InMemory, Mutex<bool>);

impl TileFiles for Arc<Full> {
    fn read(&self, level: u8, number: u64) -> Option<Tile> {
        self.0.read(level, number)
    }

    fn write(&self, level: u8, number: u64, tile: &Tile) -> std::io::Result<()> {
        if *self.1.lock() { Err(std::io::ErrorKind::StorageFull.into()) } else { self.0.write(level, number, tile) }
    }

    fn end(&self) -> u64 {
        self.0.end()
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let files = Arc::new(Full(InMemory::default(), Mutex::new(true)));
    let journal = journal(1_000);
    let tiles = Tiles::new(Box::new(Arc::clone(&journal)), Box::new(Arc::clone(&files)));
    assert!(matches!(tiles.catch_up(), Err(ProofError::Tiles(_))));
    *files.1.lock() = false;
    tiles.catch_up().expect("caught up");
    check(&tiles, 1_000, [1, 256, 257, 1_000]);
}

/// How often tiles were read.
type Reads = Arc<std::sync::atomic::AtomicUsize>;

/// A hundred million leaves that are all alike, so that every subtree of a height has one hash and no tile need be kept.
#[derive(Clone, Default)]
struct Alike(Reads);

const MANY: u64 = 100_000_000;

impl Alike {
    fn node(height: u32) -> Hash {
        (0..height).fold(leaf_hash(b"alike"), |node, _| node_hash(&node, &node))
    }

    fn root(size: u64) -> Hash {
        let Ok(root) = range_hash(0..size, &mut |height, _| Ok::<_, std::convert::Infallible>(Self::node(height)));
        root
    }
}

impl Leaves for Alike {
    fn tree_head(&self) -> TreeHead {
        TreeHead { size: MANY, root: Self::root(MANY) }
    }

    fn leaf_hashes(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        let left = usize::try_from(MANY + 1 - from).expect("a number");
        Ok(vec![Self::node(0); max.min(left)])
    }

    fn leaf_hashes_anew(&self, _: u64, _: usize) -> Result<Vec<Hash>, Error> {
        panic!("no tile is missing")
    }
}

impl TileFiles for Alike {
    fn read(&self, level: u8, _: u64) -> Option<Tile> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Some(Box::new([Self::node(8 * u32::from(level)); WIDTH]))
    }

    fn write(&self, _: u8, _: u64, _: &Tile) -> std::io::Result<()> {
        Ok(())
    }

    fn end(&self) -> u64 {
        MANY / WIDTH as u64
    }
}

#[test]
fn a_proof_among_a_hundred_million_records_reads_a_handful_of_tiles() {
    let alike = Alike::default();
    let tiles = Tiles::new(Box::new(alike.clone()), Box::new(alike.clone()));
    let reads = |work: &mut dyn FnMut()| {
        let before = alike.0.load(Ordering::SeqCst);
        work();
        alike.0.load(Ordering::SeqCst) - before
    };
    // At a start the last tile of each level is made of those below.
    let at_start = reads(&mut || assert_eq!(tiles.catch_up().expect("caught up").size, MANY));
    assert!(at_start < 3 * WIDTH, "{at_start}");
    for position in [1, 12_345_678, 99_999_999, MANY] {
        let read = reads(&mut || {
            let (leaf, proof, root) = tiles.inclusion(position, MANY).expect("a proof");
            assert_eq!(root_of_inclusion(&leaf, position - 1, MANY, &proof), Some(root));
            assert_eq!(root, Alike::root(MANY));
        });
        assert!(read <= 3, "{read} tiles for record {position}");
    }
    for first in [1, 255, 33_333_333, 99_999_999] {
        let read = reads(&mut || {
            let proof = tiles.consistency(first, MANY).expect("a proof");
            assert!(is_consistent(first, &Alike::root(first), MANY, &Alike::root(MANY), &proof));
        });
        assert!(read <= 4, "{read} tiles from {first} records on");
    }
}
