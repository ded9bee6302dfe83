//! One flipped bit or zeroed sector anywhere in the directory: it is found and named by position or file, it is mended
//! when the ledger is opened, and no record is lost.
//!
//! What may go unnoticed is damage to bytes that carry nothing. That is not guessed at: such bytes are the lock's, those of
//! files that are not the journal's, and those of the store without which it still gives back every frame, each with its
//! checksum and its root of the tree, as the log has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::directories::*;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Inspection, Problem, inspect};
use partnership_ledger::journal::{Journal, JournalError, TreeHead};
use rand::RngExt;
use rand::rngs::StdRng;
use tempfile::TempDir;

const SEED: u64 = 31;
const RECORDS: u64 = 300;
/// How many damages are tried; `BIT_ROT_TRIALS` sets another number.
const TRIALS: u64 = 400;

fn trials() -> u64 {
    std::env::var("BIT_ROT_TRIALS").map_or(TRIALS, |trials| trials.parse().expect("BIT_ROT_TRIALS is a number"))
}

/// A directory in memory where there is such a place: nothing here depends on the disk.
fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A closed ledger with compressed segments and a store that was synced many times.
struct Template {
    dir: TempDir,
    head: TreeHead,
    /// All files, by their paths within the directory.
    files: Vec<PathBuf>,
}

impl Template {
    fn new() -> Self {
        let dir = directory();
        sealed_ledger(dir.path(), SEED, RECORDS / 2);
        // Opened twice, so that sled has its own snapshot as well.
        let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
        fill(&journal, SEED, RECORDS);
        journal.checkpoint().unwrap();
        wait_until_sealed(dir.path());
        let head = journal.tree_head();
        journal.close().unwrap();
        wait_for_sled(dir.path());
        fs::create_dir(dir.path().join("other")).unwrap();
        fs::write(dir.path().join("other/file"), [7; 2_000]).unwrap();
        let mut files = Vec::new();
        files_below(dir.path(), dir.path(), &mut files);
        files.sort();
        let names: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
        for name in ["checkpoint", "lock", "store/conf", "store/db", "store/snap.", ".segz", ".seg"] {
            assert!(names.iter().any(|path| path.starts_with(name) || path.ends_with(name)), "no {name} in {names:?}");
        }
        assert_eq!(inspect(dir.path()).unwrap().problems, []);
        Self { dir, head, files }
    }

    fn copy(&self) -> TempDir {
        let copy = directory();
        for path in &self.files {
            let target = copy.path().join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(self.dir.path().join(path), target).unwrap();
        }
        copy
    }

    /// The positions that a file of the log has.
    fn positions(&self, path: &Path) -> (u64, u64) {
        let first = |path: &Path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
        let later = self.files.iter().filter(|other| other.starts_with("wal") && first(other) > first(path)).map(|other| first(other));
        (first(path), later.min().map_or(self.head.size, |next| next - 1))
    }
}

/// Waits until sled's own threads have put down what they had in hand: they give its file free last.
fn wait_for_sled(dir: &Path) {
    let file = fs::File::open(dir.join("store/db")).unwrap();
    file.lock().unwrap();
}

fn files_below(top: &Path, dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(top, &path, files);
        } else {
            files.push(path.strip_prefix(top).unwrap().to_owned());
        }
    }
}

/// Damages a file until it is not as it was: a zeroed sector may have been zero before.
fn damage(path: &Path, random: &mut StdRng) -> String {
    let before = fs::read(path).unwrap();
    // Mostly where something is: files of the store and of the log end with zeros.
    let end = if random.random_ratio(9, 10) { content_end(&before) } else { before.len() };
    loop {
        let mut bytes = before.clone();
        let at = random.random_range(0..end);
        let what = if random.random_ratio(1, 2) {
            let bit = random.random_range(0..8);
            bytes[at] ^= 1 << bit;
            format!("flipped bit {bit} of byte {at}")
        } else {
            let sector = at / 512 * 512;
            let sector_end = bytes.len().min(sector + 512);
            bytes[sector..sector_end].fill(0);
            format!("zeroed bytes {sector} to {sector_end}")
        };
        if bytes != before {
            fs::write(path, bytes).unwrap();
            return what;
        }
    }
}

/// What the check of the damaged directory must have found. True if it found anything.
fn check_found(template: &Template, path: &Path, inspection: &Inspection, what: &str) -> bool {
    let Inspection { problems, notes, .. } = inspection;
    let name = path.to_str().unwrap();
    let names_file = |problem: &Problem| problem.what.contains(name);
    if name.starts_with("wal/") {
        let (first, last) = template.positions(path);
        let is_tail = path.extension().is_some_and(|extension| extension == "seg") && notes.iter().any(|note| note.contains(name));
        let own: Vec<_> = problems.iter().filter(|problem| names_file(problem)).collect();
        assert!(is_tail || !own.is_empty(), "{what}: not found: {inspection:?}");
        for problem in own {
            let is_behind = (problem.first, problem.last) == (last + 1, last + 1);
            assert!(is_behind || first <= problem.first && problem.first <= problem.last && problem.last <= last, "{what}: {problem:?}");
        }
    } else if name == "checkpoint" {
        assert!(problems.iter().any(names_file), "{what}: not found: {inspection:?}");
    } else if name.starts_with("store/") {
        let is_found = problems.iter().any(|problem| problem.what.contains("the store"));
        assert!(is_found || inspection.store_records == template.head.size, "{what}: {inspection:?}");
    } else {
        assert_eq!(*problems, [], "{what}");
    }
    !problems.is_empty() || !notes.is_empty()
}

/// Damages one file of a copy. True if the damage was found.
fn trial(template: &Template, number: u64) -> (String, bool) {
    let random = &mut random(number);
    let is_data = random.random_ratio(1, 4);
    let (data, other) = (Path::new("store/db"), &template.files[random.random_range(0..template.files.len())]);
    let path = if is_data { data } else { other };
    let copy = template.copy();
    let what = format!("trial {number}: {}: {}", path.display(), damage(&copy.path().join(path), random));
    let damaged = fs::read(copy.path().join(path)).unwrap();
    let inspection = inspect(copy.path()).unwrap();
    assert!(fs::read(copy.path().join(path)).unwrap() == damaged, "{what}: something was changed");
    let is_found = check_found(template, path, &inspection, &what);
    let (journal, report) = EmbeddedJournal::open(copy.path(), thorough_options()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(report.tree_head, template.head, "{what}");
    assert_eq!(check_records(&journal, SEED), template.head.size, "{what}");
    assert_eq!(is_found, !report.notes.is_empty(), "{what}: {inspection:?}, then {:?}", report.notes);
    journal.close().unwrap();
    let again = inspect(copy.path()).unwrap();
    assert_eq!((again.problems, again.notes, again.tree_head), (vec![], vec![], Some(template.head)), "{what}: {:?}", report.notes);
    assert_eq!((again.log_records, again.store_records), (template.head.size, template.head.size), "{what}");
    let parent = path.parent().unwrap().to_str().unwrap();
    let extension = path.extension().unwrap_or_default().to_str().unwrap();
    let kind = if extension.starts_with("seg") { format!("{parent}/*.{extension}") } else { path.display().to_string() };
    (kind, is_found)
}

#[test]
fn one_damage_anywhere_is_found_and_mended() {
    let template = Template::new();
    let next = AtomicU64::new(0);
    let counts: Mutex<BTreeMap<String, (u64, u64)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let number @ 0.. = next.fetch_add(1, Ordering::Relaxed)
                    && number < trials()
                {
                    let (kind, is_found) = trial(&template, number);
                    let mut counts = counts.lock().unwrap();
                    let (tried, found) = counts.entry(kind).or_default();
                    *tried += 1;
                    *found += u64::from(is_found);
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    for (kind, (tried, found)) in &counts {
        println!("{kind}: {tried} damages, {found} found, {} in bytes that carry nothing", tried - found);
    }
    let (tried, found) = counts.values().fold((0, 0), |sum, (tried, found)| (sum.0 + tried, sum.1 + found));
    println!("{tried} damages, {found} found and mended, no record lost");
    assert!(tried == trials() && found > tried / 3, "{counts:?}");
}

#[test]
fn damage_to_both_copies_of_a_record_is_refused_and_named() {
    let template = Template::new();
    for number in 0..8 {
        let copy = template.copy();
        let position = random(number).random_range(1..template.head.size / 2);
        let (first, last) = change_store(copy.path(), position);
        let segment = template.files.iter().rfind(|path| path.starts_with("wal") && template.positions(path).0 <= position).unwrap();
        let path = copy.path().join(segment);
        let mut bytes = fs::read(&path).unwrap();
        let middle = usize::midpoint(4096, content_end(&bytes));
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let problems = inspect(copy.path()).unwrap().problems;
        let names = |what: &str, position| {
            problems.iter().any(|problem| problem.what.contains(what) && (problem.first..=problem.last).contains(&position))
        };
        assert!(names("the store", first) && names("wal/", last), "{problems:?}");
        for _ in 0..2 {
            let error = EmbeddedJournal::open(copy.path(), thorough_options()).err().expect("both copies are damaged");
            assert!(matches!(error, JournalError::Damaged { first: from, last: to, .. } if from <= first && last <= to), "{error}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "a refusal changes nothing");
        }
    }
}
