//! What is on disk at any moment is a ledger: pictures of the directory taken between the journal's steps open with
//! every acknowledged record, and steps that fail stop the journal and lose nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::directories::*;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options, Step, StepHook};
use partnership_ledger::journal::{Journal, JournalError};
use rand::RngExt;
use tempfile::TempDir;

const SEED: u64 = 11;

fn options(hook: StepHook) -> Options {
    Options { before_step: Some(hook), ..small_options() }
}

/// A hook that lets one step fail once it is told to.
fn failing(step: Step) -> (StepHook, Arc<AtomicBool>) {
    let fails = Arc::new(AtomicBool::new(false));
    let hook: StepHook = Arc::new({
        let fails = Arc::clone(&fails);
        move |at| {
            if at == step && fails.load(Ordering::SeqCst) {
                return Err(io::Error::other("the disk is gone"));
            }
            Ok(())
        }
    });
    (hook, fails)
}

/// A ledger whose store never gets anything, with `commits` of two records each; a copy of it as it lies on disk.
fn ledger_without_store(commits: u64) -> (TempDir, u64) {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let hook: StepHook = Arc::new(|step| if step == Step::FeedStore { Err(io::Error::other("no store today")) } else { Ok(()) });
    // The store fails at the first frame, so that one commit is all there can be each time.
    for commit in 0..commits {
        let (journal, report) = EmbeddedJournal::open(dir.path(), options(Arc::clone(&hook))).unwrap();
        assert_eq!(report.last, commit * 2);
        journal.append(commit * 2, &batch(SEED, commit * 2, 2)).unwrap();
        if commit + 1 == commits {
            copy_dir(dir.path(), copy.path()).unwrap();
        }
    }
    fs::remove_file(copy.path().join("store.suspect")).ok();
    (copy, commits * 2)
}

fn last_segment(dir: &Path) -> PathBuf {
    files(&dir.join("wal")).into_iter().rfind(|path| path.extension().is_some_and(|ext| ext == "seg")).unwrap()
}

/// Where the last frame lies in the last segment.
fn last_frame(segment: &Path) -> (Vec<u8>, std::ops::Range<usize>) {
    let bytes = fs::read(segment).unwrap();
    let end = content_end(&bytes);
    let begin = (4096..end).step_by(8).rfind(|&at| bytes[at..].starts_with(b"PLF\x01")).unwrap();
    (bytes, begin..end)
}

#[test]
fn a_picture_at_any_step_has_all_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let pictures = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let steps = Arc::new(AtomicU64::new(0));
    let hook: StepHook = Arc::new({
        let (acknowledged, steps, taking) = (Arc::clone(&acknowledged), Arc::clone(&steps), Mutex::new(()));
        let (dir, pictures) = (dir.path().to_owned(), pictures.path().to_owned());
        move |_| {
            // No step is taken while a picture is.
            let _taking = taking.lock().unwrap();
            let number = steps.fetch_add(1, Ordering::SeqCst);
            if number % 11 == 5 {
                let least = acknowledged.load(Ordering::SeqCst);
                copy_dir(&dir, &pictures.join(format!("{number}-{least}")))?;
            }
            Ok(())
        }
    });
    let (journal, _) = EmbeddedJournal::open(dir.path(), options(hook)).unwrap();
    for _ in 0..150 {
        let last = journal.last();
        journal.append(last, &batch(SEED, last, 1 + last % 4)).unwrap();
        acknowledged.store(journal.last(), Ordering::SeqCst);
    }
    drop(journal);
    let mut count = 0;
    for picture in fs::read_dir(pictures.path()).unwrap() {
        let path = picture.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let least: u64 = name.split('-').nth(1).unwrap().parse().unwrap();
        let (journal, report) = EmbeddedJournal::open(&path, small_options()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(check_records(&journal, SEED) >= least, "{name}: {report:?}");
        count += 1;
    }
    assert!(count > 20, "{count} pictures");
}

#[test]
fn a_torn_last_frame_is_cut_off_and_reported() {
    let (template, last) = ledger_without_store(3);
    let (bytes, frame) = last_frame(&last_segment(template.path()));
    let mut random = random(1);
    for _ in 0..25 {
        let cut = random.random_range(frame.start + 1..frame.end);
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        let mut torn = bytes.clone();
        torn[cut..].fill(0);
        fs::write(last_segment(copy.path()), torn).unwrap();
        let (journal, report) = EmbeddedJournal::open(copy.path(), small_options()).unwrap();
        assert_eq!(check_records(&journal, SEED), last - 2);
        let left = content_end(&bytes[..cut]) - frame.start;
        assert_eq!(report.torn_tail_bytes, left as u64, "cut at {cut} of {frame:?}: {report:?}");
        assert_eq!(report.notes.len(), 1, "{report:?}");
        journal.append(last - 2, &batch(SEED, last - 2, 5)).unwrap();
        journal.close().unwrap();
        let (journal, report) = EmbeddedJournal::open(copy.path(), small_options()).unwrap();
        assert_eq!((check_records(&journal, SEED), report.notes), (last + 3, vec![]));
    }
}

#[test]
fn a_damaged_last_frame_is_not_taken_for_a_torn_one() {
    let (template, last) = ledger_without_store(3);
    let (bytes, frame) = last_frame(&last_segment(template.path()));
    let mut random = random(2);
    for _ in 0..25 {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        let mut flipped = bytes.clone();
        let at = random.random_range(frame.clone());
        // Not the bit that would turn an end mark into a zero.
        flipped[at] ^= 0x80;
        fs::write(last_segment(copy.path()), &flipped).unwrap();
        let error = EmbeddedJournal::open(copy.path(), small_options()).err().expect("the frame was acknowledged");
        assert!(matches!(error, JournalError::Damaged { first, .. } if first == last - 1), "byte {at} of {frame:?}: {error}");
        assert_eq!(fs::read(last_segment(copy.path())).unwrap(), flipped, "a refusal changes nothing");
        let options = Options { cut_damaged_tail: true, ..small_options() };
        let (journal, report) = EmbeddedJournal::open(copy.path(), options).unwrap();
        assert_eq!((check_records(&journal, SEED), report.notes.len()), (last - 2, 1));
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_log_of_a_running_ledger_loses_nothing() {
    let (template, last) = ledger_without_store(4);
    let mut random = random(3);
    for _ in 0..60 {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        let what = flip_bit(&last_segment(copy.path()), &mut random);
        match EmbeddedJournal::open(copy.path(), small_options()) {
            Ok((journal, _)) => assert_eq!(check_records(&journal, SEED), last, "{what}"),
            Err(JournalError::Damaged { first, .. }) => assert_eq!(first, last - 1, "{what}"),
            Err(error) => panic!("{what}: {error}"),
        }
    }
}

#[test]
fn a_shortened_log_is_refused_again_and_again() {
    let (template, last) = ledger_without_store(3);
    let segment = last_segment(template.path());
    let (bytes, frame) = last_frame(&segment);
    // In the header, between frames, in the last frame, and in the zeros behind it.
    for length in [0, 1_000, 4096, frame.start, frame.start + 30, frame.end + 10] {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        fs::write(last_segment(copy.path()), &bytes[..length]).unwrap();
        for _ in 0..3 {
            let error = EmbeddedJournal::open(copy.path(), small_options()).err();
            assert!(matches!(error, Some(JournalError::Damaged { .. })), "{length}: {error:?}");
        }
        let options = Options { cut_damaged_tail: true, ..small_options() };
        match EmbeddedJournal::open(copy.path(), options) {
            Ok((journal, report)) => {
                assert!(report.last <= last && !report.notes.is_empty(), "{length}: {report:?}");
                assert_eq!(check_records(&journal, SEED), report.last);
                fill(&journal, SEED, last + 40);
            }
            // The checkpoint knows of the first records: what it names is never cut off.
            Err(error) => assert!(matches!(error, JournalError::Damaged { first: 1, .. }), "{length}: {error}"),
        }
    }
}

#[test]
fn a_lost_first_segment_is_refused_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    closed_ledger_with(plain_options(), dir.path(), SEED, 100);
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    fs::remove_file(dir.path().join("wal/00000000000000000001.seg")).unwrap();
    for _ in 0..3 {
        let error = EmbeddedJournal::open(dir.path(), small_options()).err();
        assert!(matches!(error, Some(JournalError::Damaged { first: 1, .. })), "{error:?}");
        assert!(!dir.path().join("wal/00000000000000000001.seg").exists());
    }
}

#[test]
fn a_damaged_last_frame_comes_back_from_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let last = closed_ledger(dir.path(), SEED, 30);
    // As if it had not been closed: without the checkpoint, the store alone knows of the frame.
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    let (mut bytes, frame) = last_frame(&last_segment(dir.path()));
    bytes[frame.start + 70..frame.end].fill(0);
    fs::write(last_segment(dir.path()), bytes).unwrap();
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!((check_records(&journal, SEED), report.torn_tail_bytes), (last, 0));
}

#[test]
fn a_failed_write_or_sync_stops_the_journal_and_reads_go_on() {
    for step in [Step::WriteFrame, Step::SyncFrame, Step::StartSegment] {
        let dir = tempfile::tempdir().unwrap();
        let (hook, fails) = failing(step);
        let (journal, _) = EmbeddedJournal::open(dir.path(), options(hook)).unwrap();
        fill(&journal, SEED, 60);
        fails.store(true, Ordering::SeqCst);
        let before = loop {
            let last = journal.last();
            match journal.append(last, &batch(SEED, last, 3)) {
                Ok(head) => assert_eq!(head.size, last + 3),
                Err(error) => {
                    assert!(matches!(error, JournalError::Storage { .. }), "{step:?}: {error}");
                    break last;
                }
            }
        };
        fails.store(false, Ordering::SeqCst);
        let error = journal.append(before, &batch(SEED, before, 3)).unwrap_err();
        assert!(matches!(error, JournalError::Stopped { .. }), "{step:?}: {error}");
        assert_eq!(check_records(&journal, SEED), before);
        assert_eq!(journal.checkpoint().unwrap(), before);
        journal.close().unwrap();
        let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
        // The failed commit may have reached the disk as a whole: its outcome was unknown.
        let last = check_records(&journal, SEED);
        assert!(last == before || last == before + 3, "{step:?}: {last} after {before}");
    }
}

#[test]
fn a_failed_store_stops_the_journal_and_is_rebuilt() {
    for step in [Step::FeedStore, Step::SyncStore, Step::ReplaceCheckpoint] {
        let dir = tempfile::tempdir().unwrap();
        let (hook, fails) = failing(step);
        let (journal, _) = EmbeddedJournal::open(dir.path(), options(hook)).unwrap();
        fill(&journal, SEED, 40);
        fails.store(true, Ordering::SeqCst);
        let mut commits = 0;
        while let Ok(head) = journal.append(journal.last(), &batch(SEED, journal.last(), 2)) {
            assert_eq!(head.size, journal.last());
            commits += 1;
            assert!(commits < 10_000, "{step:?}: it never stops");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let last = journal.last();
        assert_eq!(check_records(&journal, SEED), last, "what waits for the store is read from memory");
        assert!(journal.checkpoint().is_err());
        assert!(journal.close().is_err());
        drop(journal);
        let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
        assert_eq!(check_records(&journal, SEED), last);
        // A checkpoint that could not be written says nothing against the store.
        assert_eq!(report.rebuilt_store, step != Step::ReplaceCheckpoint, "{step:?}: {report:?}");
    }
}
