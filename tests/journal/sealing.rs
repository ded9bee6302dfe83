//! Full segments are compressed in the background: whatever happens meanwhile, a whole copy lies there, and both forms
//! are read alike.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::directories::*;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options, Step, StepHook, inspect};
use partnership_ledger::journal::{Journal, JournalError};
use rand::RngExt;

const SEED: u64 = 23;
const RECORDS: u64 = 300;

const SEALING: [Step; 3] = [Step::SealSegment, Step::NameSealed, Step::RemoveSegment];

fn options(hook: StepHook) -> Options {
    Options { before_step: Some(hook), ..small_options() }
}

fn length_of(paths: &[PathBuf]) -> u64 {
    paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum()
}

/// Opens what the log alone has.
fn check_log_alone(dir: &Path, least: u64) {
    fs::remove_dir_all(dir.join("store")).unwrap();
    let (journal, report) = EmbeddedJournal::open(dir, small_options()).unwrap();
    assert!(check_records(&journal, SEED) >= least, "{report:?}");
    assert!(report.rebuilt_store);
}

#[test]
fn records_that_resemble_each_other_take_a_part_of_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    let text = |position: u64| format!(r#"{{"sale":"sale-{position}","partner":"partner-{}","currency":"USD"}}"#, position % 40);
    for first in (1..8_000).step_by(100) {
        let mut batch = partnership_ledger::journal::Batch::new();
        (first..first + 100).for_each(|position| batch.push(text(position).as_bytes()));
        journal.append(first - 1, &batch).unwrap();
    }
    journal.checkpoint().unwrap();
    wait_until_sealed(dir.path());
    let sealed = segments(dir.path(), "segz");
    let in_sealed = fs::read_dir(dir.path().join("wal")).unwrap().count();
    assert!(sealed.len() > 6, "{in_sealed} files");
    let plain: u64 = (1..journal.last()).map(|position| text(position).len() as u64).sum();
    assert!(length_of(&sealed) < plain / 2, "{} of {plain} bytes", length_of(&sealed));
    journal.close().unwrap();
    assert_eq!(inspect(dir.path()).unwrap().problems, []);
}

#[test]
fn a_directory_with_plain_segments_is_compressed_when_it_is_opened_next() {
    let dir = tempfile::tempdir().unwrap();
    let last = closed_ledger_with(plain_options(), dir.path(), SEED, RECORDS);
    let before = inspect(dir.path()).unwrap();
    assert_eq!((segments(dir.path(), "segz").len(), before.problems.len()), (0, 0));
    let plain = segments(dir.path(), "seg").len();
    assert!(plain > 3);
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!((report.last, report.notes), (last, vec![]));
    wait_until_sealed(dir.path());
    assert_eq!(check_records(&journal, SEED), last);
    journal.close().unwrap();
    assert_eq!(segments(dir.path(), "segz").len(), plain - 1);
    let after = inspect(dir.path()).unwrap();
    assert_eq!((after.problems, after.tree_head, after.log_records), (vec![], before.tree_head, last));
    // Compressed segments are read by those who do not compress.
    let (journal, report) = EmbeddedJournal::open(dir.path(), plain_options()).unwrap();
    assert_eq!((check_records(&journal, SEED), report.notes), (last, vec![]));
    fill(&journal, SEED, last + 50);
    drop(journal);
    check_log_alone(dir.path(), last + 50);
}

#[test]
fn cut_off_at_any_step_of_sealing_the_log_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let pictures = tempfile::tempdir().unwrap();
    let number = Mutex::new(0);
    let hook: StepHook = Arc::new({
        let (dir, pictures) = (dir.path().to_owned(), pictures.path().to_owned());
        move |step| {
            // One step at a time, so that no picture is of several moments.
            let mut number = number.lock().unwrap();
            if SEALING.contains(&step) {
                *number += 1;
                copy_dir(&dir, &pictures.join(format!("{number}-{step:?}")))?;
            }
            Ok(())
        }
    });
    let (journal, _) = EmbeddedJournal::open(dir.path(), options(hook)).unwrap();
    fill(&journal, SEED, RECORDS);
    journal.checkpoint().unwrap();
    wait_until_sealed(dir.path());
    drop(journal);
    let mut seen = [0; 3];
    for picture in fs::read_dir(pictures.path()).unwrap() {
        let path = picture.unwrap().path();
        let step = SEALING.iter().position(|step| path.to_str().unwrap().ends_with(&format!("{step:?}"))).unwrap();
        seen[step] += 1;
        let first_sealed = files(&path.join("wal"));
        let (journal, report) = EmbeddedJournal::open(&path, small_options()).unwrap_or_else(|error| panic!("{first_sealed:?}: {error}"));
        let last = check_records(&journal, SEED);
        wait_until_sealed(&path);
        journal.close().unwrap();
        assert_eq!(inspect(&path).unwrap().problems, [], "{report:?}");
        assert!(files(&path.join("wal")).iter().all(|path| !path.ends_with("sealing.new")));
        check_log_alone(&path, last);
    }
    assert!(seen.iter().all(|&count| count > 3), "{seen:?}");
}

#[test]
fn a_failure_to_compress_stops_nothing() {
    for step in SEALING {
        let dir = tempfile::tempdir().unwrap();
        let hook: StepHook = Arc::new(move |at| if at == step { Err(io::Error::other("no space")) } else { Ok(()) });
        let (journal, _) = EmbeddedJournal::open(dir.path(), options(hook)).unwrap();
        fill(&journal, SEED, RECORDS);
        journal.checkpoint().unwrap();
        assert_eq!(check_records(&journal, SEED), journal.last());
        fill(&journal, SEED, RECORDS + 50);
        journal.close().unwrap();
        assert!(segments(dir.path(), "seg").len() > 3, "{step:?}");
        let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
        assert_eq!(report.notes, Vec::<String>::new(), "{step:?}");
        wait_until_sealed(dir.path());
        assert_eq!(check_records(&journal, SEED), report.last);
        journal.close().unwrap();
        check_log_alone(dir.path(), report.last);
    }
}

#[test]
fn a_segment_that_was_damaged_before_it_is_compressed_is_mended_from_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let last = closed_ledger_with(plain_options(), dir.path(), SEED, RECORDS);
    let plain = segments(dir.path(), "seg");
    let mut bytes = fs::read(&plain[1]).unwrap();
    bytes[5_000] ^= 0x10;
    fs::write(&plain[1], bytes).unwrap();
    assert!(!inspect(dir.path()).unwrap().problems.is_empty());
    let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    wait_until_sealed(dir.path());
    journal.close().unwrap();
    assert_eq!(inspect(dir.path()).unwrap().problems, []);
    check_log_alone(dir.path(), last);
}

#[test]
fn a_damaged_compressed_segment_is_mended_in_the_background_while_the_ledger_runs() {
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), SEED, RECORDS);
    let sealed = segments(dir.path(), "segz");
    let whole = fs::read(&sealed[2]).unwrap();
    let mut bytes = whole.clone();
    bytes[4_500] ^= 1;
    fs::write(&sealed[2], bytes).unwrap();
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!(report.notes, Vec::<String>::new(), "not seen on opening, which does not read it all");
    let begun = std::time::Instant::now();
    while fs::read(&sealed[2]).unwrap() != whole {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "it was not mended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(check_records(&journal, SEED), last);
    journal.close().unwrap();
    assert_eq!(inspect(dir.path()).unwrap().problems, []);
}

#[test]
fn a_damaged_store_is_found_in_the_background_and_rebuilt_at_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), SEED, RECORDS);
    change_store(dir.path(), random(4).random_range(1..last / 2));
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!(report.notes, Vec::<String>::new(), "not seen on opening, which does not read it all");
    let begun = std::time::Instant::now();
    while !dir.path().join("store.suspect").exists() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "it was not found");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    journal.close().unwrap();
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert!(report.rebuilt_store);
    assert_eq!(check_records(&journal, SEED), last);
    journal.close().unwrap();
    assert_eq!(inspect(dir.path()).unwrap().problems, []);
}

#[test]
fn a_later_release_s_segment_is_refused_and_damage_is_not_taken_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), SEED, RECORDS);
    for path in [&segments(dir.path(), "segz")[0], &segments(dir.path(), "seg")[0]] {
        let whole = fs::read(path).unwrap();
        let mut later = whole.clone();
        later[7] = 2;
        fs::write(path, &later).unwrap();
        let problems = inspect(dir.path()).unwrap().problems;
        assert!(problems.iter().any(|problem| problem.what.contains("header is damaged")), "{problems:?}");
        let crc = crc32c::crc32c(&later[..4092]);
        later[4092..4096].copy_from_slice(&crc.to_le_bytes());
        fs::write(path, &later).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        for error in [EmbeddedJournal::open(dir.path(), small_options()).err(), inspect(dir.path()).err()] {
            let error = error.expect("it is of a later release");
            assert!(matches!(&error, JournalError::NewerFormat { part, version: 2 } if part.ends_with(name)), "{error}");
        }
        assert_eq!(fs::read(path).unwrap(), later, "a refusal changes nothing");
        fs::write(path, whole).unwrap();
    }
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!((check_records(&journal, SEED), report.notes), (last, vec![]));
}

#[test]
fn a_lost_compressed_segment_comes_back_from_the_store() {
    let template = tempfile::tempdir().unwrap();
    let last = sealed_ledger(template.path(), SEED, RECORDS);
    let count = segments(template.path(), "segz").len();
    for index in 0..count {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        fs::remove_file(&segments(copy.path(), "segz")[index]).unwrap();
        assert!(!inspect(copy.path()).unwrap().problems.is_empty());
        let (journal, report) = EmbeddedJournal::open(copy.path(), small_options()).unwrap();
        assert!(!report.notes.is_empty());
        journal.close().unwrap();
        assert_eq!(inspect(copy.path()).unwrap().problems, [], "segment {index}: {:?}", report.notes);
        check_log_alone(copy.path(), last);
    }
}

#[test]
fn the_end_of_a_log_that_lost_its_last_segment_comes_back_from_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), SEED, RECORDS);
    fs::remove_file(&segments(dir.path(), "seg")[0]).unwrap();
    let sealed = segments(dir.path(), "segz");
    truncate(sealed.last().unwrap(), &mut random(9));
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!(check_records(&journal, SEED), last);
    journal.append(last, &batch(SEED, last, 3)).unwrap();
    journal.close().unwrap();
    assert_eq!(inspect(dir.path()).unwrap().problems, [], "{:?}", report.notes);
    check_log_alone(dir.path(), last + 3);
}

/// Goes on with a ledger, in full segments that are compressed: the log alone has it all then, and nothing is to be mended.
fn go_on_and_check_log(dir: &Path, commit: u64, what: &str) {
    let (journal, report) = EmbeddedJournal::open(dir, small_options()).unwrap();
    let last = journal.last();
    journal.append(last, &batch(SEED, last, commit)).unwrap();
    fill(&journal, SEED, last + commit + 300);
    journal.checkpoint().unwrap();
    wait_until_sealed(dir);
    journal.close().unwrap();
    assert_eq!(inspect(dir).unwrap().problems, [], "{what}: {:?}", report.notes);
    let (again, report) = EmbeddedJournal::open(dir, small_options()).unwrap();
    assert_eq!(report.notes, Vec::<String>::new(), "{what}: the next start");
    drop(again);
    check_log_alone(dir, last + commit + 300);
}

#[test]
fn a_segment_that_stayed_empty_is_replaced_by_one_that_a_larger_commit_fits_into() {
    let dir = tempfile::tempdir().unwrap();
    let is_begun = AtomicBool::new(false);
    let hook: StepHook = Arc::new(move |step| {
        is_begun.fetch_or(step == Step::StartSegment, Ordering::SeqCst);
        if step == Step::WriteFrame && is_begun.load(Ordering::SeqCst) { Err(io::Error::other("killed")) } else { Ok(()) }
    });
    closed_ledger_with(small_options(), dir.path(), SEED, RECORDS);
    let (journal, _) = EmbeddedJournal::open(dir.path(), options(hook)).unwrap();
    while journal.append(journal.last(), &batch(SEED, journal.last(), 4)).is_ok() {}
    drop(journal);
    let empty = segments(dir.path(), "seg").pop().unwrap();
    let commit = 300;
    let bytes = batch(SEED, 0, commit).records().map(<[u8]>::len).sum::<usize>();
    assert!(bytes as u64 > fs::metadata(&empty).unwrap().len(), "it does not fit into the segment that was begun");
    go_on_and_check_log(dir.path(), commit, "the empty segment");
}

#[test]
fn a_last_segment_that_lost_even_its_header_comes_back_from_the_store() {
    let template = tempfile::tempdir().unwrap();
    sealed_ledger(template.path(), SEED, RECORDS);
    // One that the header's space alone cannot hold.
    let (journal, _) = EmbeddedJournal::open(template.path(), small_options()).unwrap();
    while segments(template.path(), "seg").len() == 1 {
        journal.append(journal.last(), &batch(SEED, journal.last(), 30)).unwrap();
    }
    journal.close().unwrap();
    for length in [0, 1, 600, 4095, 4096, 4097] {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        let last = segments(copy.path(), "seg").pop().unwrap();
        fs::File::options().write(true).open(last).unwrap().set_len(length).unwrap();
        go_on_and_check_log(copy.path(), 3, &format!("{length} bytes"));
    }
}

#[test]
fn a_read_that_the_store_cannot_serve_needs_one_block_of_a_compressed_segment() {
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), SEED, RECORDS);
    let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    drop(journal);
    let position = random(3).random_range(1..last / 2);
    change_store(dir.path(), position);
    let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    let page = journal.read(position, 1, 0).unwrap();
    assert_eq!((page[0].position, &page[0].bytes), (position, &record(SEED, position)));
    assert_eq!(check_records(&journal, SEED), last);
}
