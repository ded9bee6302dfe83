//! What the journal's tests share: a ledger of known records, and ways to copy and damage a directory.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use partnership_ledger::journal::{Batch, DurableJournal, Journal, Options};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Small segments, so that a small ledger has many.
pub fn small_options() -> Options {
    Options {
        segment_bytes: 48 << 10,
        first_segment_bytes: 12 << 10,
        checkpoint_interval: Duration::from_millis(50),
        cache_bytes: 8 << 20,
        ..Options::default()
    }
}

pub fn random(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// The record of a ledger's position: known again wherever it is found.
pub fn record(seed: u64, position: u64) -> Vec<u8> {
    let mut random = random(seed ^ position.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let length = if random.random_ratio(1, 40) { random.random_range(0..30_000) } else { random.random_range(0..500) };
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes
}

/// The batch of `count` records after `last`.
pub fn batch(seed: u64, last: u64, count: u64) -> Batch {
    let mut batch = Batch::new();
    (last + 1..=last + count).for_each(|position| batch.push(&record(seed, position)));
    batch
}

/// Appends commits of random sizes until there are at least `records`.
pub fn fill(journal: &DurableJournal, seed: u64, records: u64) {
    let mut random = random(seed);
    while journal.last() < records {
        let last = journal.last();
        journal.append(last, &batch(seed, last, random.random_range(1..12))).unwrap();
    }
}

/// A ledger that was closed in good order.
pub fn closed_ledger(dir: &Path, seed: u64, records: u64) -> u64 {
    let (journal, _) = DurableJournal::open(dir, small_options()).unwrap();
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
