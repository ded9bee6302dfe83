//! What the journal's tests share: a ledger of known records, and ways to copy and damage a directory.
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Batch, Journal};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Small segments, so that a small ledger has many.
pub fn small_options() -> Options {
    Options {
        segment_bytes: 48 << 10,
        first_segment_bytes: 12 << 10,
        checkpoint_interval: Duration::from_millis(50),
        cache_bytes: 8 << 20,
        check_up_to_bytes: 0,
        ..Options::default()
    }
}

/// The same without compression.
pub fn plain_options() -> Options {
    Options { compress_segments: false, ..small_options() }
}

/// The same, reading all when it opens.
pub fn thorough_options() -> Options {
    Options { check_up_to_bytes: u64::MAX, ..small_options() }
}

pub fn random(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// The record of a ledger's position: known again wherever it is found.
pub fn record(seed: u64, position: u64) -> Vec<u8> {
    let mut random = random(seed ^ position.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let length = if random.random_ratio(1, 40) { random.random_range(0..30_000) } else { random.random_range(0..500) };
    // A part repeats, as records do, so that what packs frames finds something to pack.
    let mut bytes = b"sale-recorded partner commission ".repeat(length / 33 + 1);
    bytes.truncate(length);
    random.fill_bytes(&mut bytes[..length / 4]);
    bytes
}

/// The batch of `count` records after `last`.
pub fn batch(seed: u64, last: u64, count: u64) -> Batch {
    let mut batch = Batch::new();
    (last + 1..=last + count).for_each(|position| batch.push(&record(seed, position)));
    batch
}

/// Appends commits of random sizes until there are at least `records`.
pub fn fill(journal: &EmbeddedJournal, seed: u64, records: u64) {
    let mut random = random(seed);
    while journal.last() < records {
        let last = journal.last();
        journal.append(last, &batch(seed, last, random.random_range(1..12))).unwrap();
    }
}

/// A ledger that was closed in good order.
pub fn closed_ledger(dir: &Path, seed: u64, records: u64) -> u64 {
    closed_ledger_with(small_options(), dir, seed, records)
}

/// A ledger that was closed when every full segment had been compressed.
pub fn sealed_ledger(dir: &Path, seed: u64, records: u64) -> u64 {
    let (journal, _) = EmbeddedJournal::open(dir, small_options()).unwrap();
    fill(&journal, seed, records);
    journal.checkpoint().unwrap();
    wait_until_sealed(dir);
    journal.close().unwrap();
    journal.last()
}

/// Waits until one segment alone is not compressed: the one that is written to.
pub fn wait_until_sealed(dir: &Path) {
    let begun = Instant::now();
    while segments(dir, "seg").len() > 1 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the segments are not compressed: {:?}", files(&dir.join("wal")));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The log's segments with an extension: `seg`, or `segz` if they are compressed.
pub fn segments(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut segments = files(&dir.join("wal"));
    segments.retain(|path| path.extension().is_some_and(|is| is == extension));
    segments
}

pub fn closed_ledger_with(options: Options, dir: &Path, seed: u64, records: u64) -> u64 {
    let (journal, _) = EmbeddedJournal::open(dir, options).unwrap();
    fill(&journal, seed, records);
    journal.close().unwrap();
    journal.last()
}

/// Reads all and compares each record with what was appended. Returns the last position.
pub fn check_records(journal: &dyn Journal, seed: u64) -> u64 {
    let mut next = 1;
    loop {
        let page = journal.read(next, 100, 1 << 20).unwrap();
        if page.is_empty() {
            break;
        }
        for stored in page {
            assert_eq!(stored.position, next);
            assert!(stored.bytes == record(seed, next), "record {next} is not what was appended");
            next += 1;
        }
    }
    assert_eq!(journal.last(), next - 1);
    next - 1
}

pub fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let copied =
            if entry.file_type()?.is_dir() { copy_dir(&entry.path(), &target) } else { fs::copy(entry.path(), target).map(|_| ()) };
        match copied {
            // A file may be renamed while a running ledger is copied.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied?,
        }
    }
    Ok(())
}

/// The files of a kind, in order.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

pub fn flip_bit(path: &Path, random: &mut StdRng) -> String {
    let mut bytes = fs::read(path).unwrap();
    if bytes.is_empty() {
        return "nothing to flip".into();
    }
    let end = content_end(&bytes).max(1);
    let (at, bit) = (random.random_range(0..end), random.random_range(0..8));
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
    format!("flipped bit {bit} of byte {at}")
}

pub fn zero_sector(path: &Path, random: &mut StdRng) -> String {
    let mut bytes = fs::read(path).unwrap();
    let sectors = content_end(&bytes).div_ceil(512).max(1);
    let sector = random.random_range(0..sectors);
    bytes.iter_mut().skip(sector * 512).take(512).for_each(|byte| *byte = 0);
    fs::write(path, bytes).unwrap();
    format!("zeroed sector {sector}")
}

pub fn truncate(path: &Path, random: &mut StdRng) -> String {
    let length = content_end(&fs::read(path).unwrap()) as u64;
    let length = random.random_range(0..=length);
    File::options().write(true).open(path).unwrap().set_len(length).unwrap();
    format!("truncated to {length}")
}

pub fn garbage_behind_content(path: &Path, random: &mut StdRng) -> String {
    let mut bytes = fs::read(path).unwrap();
    let begin = content_end(&bytes).next_multiple_of(8);
    let end = bytes.len().min(begin + random.random_range(1..2000));
    if begin < end {
        random.fill_bytes(&mut bytes[begin..end]);
    }
    fs::write(path, bytes).unwrap();
    format!("garbage from {begin} to {end}")
}

pub fn delete(path: &Path) -> String {
    fs::remove_file(path).unwrap();
    "deleted".into()
}

pub fn content_end(bytes: &[u8]) -> usize {
    const ZEROS: [u8; 4096] = [0; 4096];
    let block = bytes.chunks(4096).rposition(|block| *block != ZEROS[..block.len()]);
    let Some(start) = block.map(|block| block * 4096) else {
        return 0;
    };
    let end = bytes.len().min(start + 4096);
    start + bytes[start..end].iter().rposition(|&byte| byte != 0).unwrap_or(0) + 1
}

/// Changes the store behind the journal's back: flips a bit in the frame that has `position`.
pub fn change_store(dir: &Path, position: u64) -> (u64, u64) {
    let db = sled::Config::new().path(dir.join("store")).segment_size(4 << 20).flush_every_ms(None).open().unwrap();
    let tree = db.open_tree("frames").unwrap();
    let mut bound = position.to_be_bytes().to_vec();
    bound.extend([0xff; 2]);
    let (key, value) = tree.range(..=bound).next_back().unwrap().unwrap();
    let mut value = value.to_vec();
    let middle = value.len() / 2;
    value[middle] ^= 1;
    let first = u64::from_be_bytes(key[..8].try_into().unwrap());
    tree.insert(&key, value).unwrap();
    let next = tree.get_gt([&first.to_be_bytes()[..], &[0xff; 2]].concat()).unwrap().unwrap().0;
    tree.flush().unwrap();
    (first, u64::from_be_bytes(next[..8].try_into().unwrap()) - 1)
}
