//! Whatever is damaged on disk, the journal has all acknowledged records or refuses to open: it is never silently
//! shorter, and never panics.

use std::fs;
use std::path::Path;

use crate::common::directories::*;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options, Step, inspect};
use partnership_ledger::journal::{Journal, JournalError};
use rand::RngExt;
use rand::rngs::StdRng;

const RECORDS: u64 = 400;

/// Opens, reads all and goes on; the error if it refuses.
fn reopen(dir: &Path, seed: u64, last: u64, what: &str) -> Result<Vec<String>, JournalError> {
    let (journal, report) = EmbeddedJournal::open(dir, small_options())?;
    assert_eq!(report.last, last, "{what}: {:?}", report.notes);
    assert_eq!(check_records(&journal, seed), last, "{what}");
    journal.append(last, &batch(seed, last, 3)).unwrap();
    journal.close().unwrap();
    let (journal, again) = EmbeddedJournal::open(dir, small_options())?;
    assert_eq!(check_records(&journal, seed), last + 3, "{what}");
    assert!(report.notes.len() + 1 >= again.notes.len(), "{what}: {:?}, then {:?}", report.notes, again.notes);
    Ok(report.notes)
}

fn damage_file(path: &Path, random: &mut StdRng) -> String {
    let done = match random.random_range(0..5) {
        0 => flip_bit(path, random),
        1 => zero_sector(path, random),
        2 => truncate(path, random),
        3 => garbage_behind_content(path, random),
        _ => delete(path),
    };
    format!("{}: {done}", path.display())
}

fn damage_log(dir: &Path, random: &mut StdRng) -> String {
    let segments = files(&dir.join("wal"));
    // The last segment is where damage is hardest to tell from a cut-off write.
    let index = if random.random_ratio(1, 2) { segments.len() - 1 } else { random.random_range(0..segments.len()) };
    damage_file(&segments[index], random)
}

fn damage_store(dir: &Path, random: &mut StdRng) -> String {
    if random.random_ratio(1, 20) {
        fs::remove_dir_all(dir.join("store")).unwrap();
        return "store deleted".into();
    }
    let files = files(&dir.join("store"));
    let data = dir.join("store/db");
    let path = if random.random_ratio(3, 4) { data } else { files[random.random_range(0..files.len())].clone() };
    damage_file(&path, random)
}

/// Runs `trial` on copies of one ledger, each with its own random numbers.
fn trials(count: u64, trial: impl Fn(&Path, &mut StdRng, u64, u64)) {
    trials_of(small_options(), count, trial);
}

fn trials_of(options: Options, count: u64, trial: impl Fn(&Path, &mut StdRng, u64, u64)) {
    let template = tempfile::tempdir().unwrap();
    let seed = 7;
    let last = closed_ledger_with(options, template.path(), seed, RECORDS);
    for number in 0..count {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        trial(copy.path(), &mut random(number), seed, last);
    }
}

#[test]
fn one_damage_to_the_log_is_mended_from_the_store() {
    trials(45, |dir, random, seed, last| {
        let what = damage_log(dir, random);
        reopen(dir, seed, last, &what).unwrap_or_else(|error| panic!("{what}: {error}"));
    });
}

#[test]
fn one_damage_to_the_store_is_mended_from_the_log() {
    trials(45, |dir, random, seed, last| {
        let what = damage_store(dir, random);
        reopen(dir, seed, last, &what).unwrap_or_else(|error| panic!("{what}: {error}"));
    });
}

#[test]
fn damage_to_both_is_mended_or_refused() {
    let refused = std::cell::Cell::new(0);
    trials(45, |dir, random, seed, last| {
        let what = format!("{}; {}", damage_log(dir, random), damage_store(dir, random));
        match reopen(dir, seed, last, &what) {
            Ok(_) => {}
            Err(JournalError::Damaged { first, last: lost, what: fault }) => {
                assert!(first >= 1 && first <= lost && lost <= last, "{what}: {first} to {lost}, {fault}");
                refused.set(refused.get() + 1);
            }
            Err(error) => panic!("{what}: {error}"),
        }
    });
    assert!(refused.get() > 4, "refused {} times", refused.get());
}

#[test]
fn missing_files_are_made_anew() {
    type Removal = fn(&Path);
    let removals: [(&str, Removal); 6] = [
        ("checkpoint", |dir| fs::remove_file(dir.join("checkpoint")).unwrap()),
        ("lock", |dir| fs::remove_file(dir.join("lock")).unwrap()),
        ("store", |dir| fs::remove_dir_all(dir.join("store")).unwrap()),
        ("wal", |dir| fs::remove_dir_all(dir.join("wal")).unwrap()),
        ("store and checkpoint", |dir| {
            fs::remove_dir_all(dir.join("store")).unwrap();
            fs::remove_file(dir.join("checkpoint")).unwrap();
        }),
        ("wal and checkpoint", |dir| {
            fs::remove_dir_all(dir.join("wal")).unwrap();
            fs::remove_file(dir.join("checkpoint")).unwrap();
        }),
    ];
    for (what, remove) in removals {
        trials(1, |dir, _, seed, last| {
            remove(dir);
            let notes = reopen(dir, seed, last, what).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(notes.is_empty(), what == "lock", "{what}: {notes:?}");
        });
    }
}

#[test]
fn a_lost_log_and_store_are_refused() {
    trials(1, |dir, _, _, last| {
        fs::remove_dir_all(dir.join("wal")).unwrap();
        fs::remove_dir_all(dir.join("store")).unwrap();
        let error = EmbeddedJournal::open(dir, small_options()).err().expect("nothing is left");
        assert!(matches!(error, JournalError::Damaged { first: 1, last: lost, .. } if lost == last), "{error}");
    });
}

#[test]
fn a_damaged_store_is_moved_aside_and_not_deleted() {
    trials(1, |dir, _, seed, last| {
        for number in 1..=2 {
            fs::write(dir.join("store/db"), b"not a database").unwrap();
            let (journal, report) = EmbeddedJournal::open(dir, small_options()).unwrap();
            assert!(report.rebuilt_store);
            assert_eq!(report.fed_records, last);
            assert_eq!(check_records(&journal, seed), last);
            assert!(dir.join(format!("store.damaged-{number}")).is_dir());
        }
    });
}

#[test]
fn a_store_that_turns_out_damaged_is_read_from_the_log_and_rebuilt() {
    trials(5, |dir, random, seed, last| {
        let position = random.random_range(1..last / 2);
        let (first, _) = change_store(dir, position);
        let (journal, report) = EmbeddedJournal::open(dir, small_options()).unwrap();
        assert_eq!(report.notes, Vec::<String>::new(), "not seen on opening, which does not read it all");
        let page = journal.read(position, 1, 0).unwrap();
        assert_eq!((page[0].position, &page[0].bytes), (position, &record(seed, position)));
        assert_eq!(check_records(&journal, seed), last);
        journal.append(last, &batch(seed, last, 2)).unwrap();
        journal.close().unwrap();
        assert!(inspect(dir).unwrap().problems.iter().any(|problem| problem.first == first));
        let (journal, report) = EmbeddedJournal::open(dir, small_options()).unwrap();
        assert!(report.rebuilt_store, "{report:?}");
        assert_eq!(check_records(&journal, seed), last + 2);
        journal.close().unwrap();
        assert_eq!(inspect(dir).unwrap().problems, []);
    });
}

#[test]
fn a_record_damaged_in_store_and_log_is_named_and_the_others_are_read() {
    trials_of(plain_options(), 5, |dir, random, seed, last| {
        let position = random.random_range(1..last / 2);
        let (first, end) = change_store(dir, position);
        let segments = files(&dir.join("wal"));
        let first_of = |path: &Path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
        let segment = segments.iter().rfind(|path| first_of(path) <= position).unwrap();
        let mut bytes = fs::read(segment).unwrap();
        let frame = (4096..bytes.len())
            .step_by(8)
            .find(|&at| bytes[at..].starts_with(b"PLF\x01") && bytes[at + 8..at + 16] == first.to_le_bytes())
            .unwrap();
        bytes[frame + 100] ^= 1;
        fs::write(segment, bytes).unwrap();
        let (journal, _) = EmbeddedJournal::open(dir, plain_options()).unwrap();
        let error = journal.read(position, 10, 1000).unwrap_err();
        assert!(
            matches!(error, JournalError::Damaged { first: from, last: to, .. } if (from, to) == (position, end)),
            "{error}, not {position} to {end}"
        );
        for other in (1..first).chain(end + 1..=last) {
            assert_eq!(journal.read(other, 1, 0).unwrap()[0].bytes, record(seed, other));
        }
    });
}

#[test]
fn inspection_of_a_whole_ledger_finds_nothing() {
    trials(1, |dir, _, _, last| {
        let before = files(dir).len();
        let inspection = inspect(dir).unwrap();
        assert_eq!(inspection.problems, []);
        assert_eq!((inspection.last, inspection.log_records, inspection.store_records), (last, last, last));
        assert_eq!(inspection.checkpoint.map(|checkpoint| checkpoint.head), inspection.tree_head);
        assert_eq!(files(dir).len(), before);
    });
}

#[test]
fn inspection_finds_each_damage_and_changes_nothing() {
    trials(30, |dir, random, _, _| {
        let segments = files(&dir.join("wal"));
        let segment = &segments[random.random_range(0..segments.len())];
        let what = match random.random_range(0..4) {
            0 => flip_bit(segment, random),
            1 => delete(segment),
            2 => damage_until_changed(segment, |path| zero_sector(path, random)),
            _ => damage_until_changed(segment, |path| truncate(path, random)),
        };
        let image = image_of(dir);
        let inspection = inspect(dir).unwrap();
        assert!(!inspection.problems.is_empty(), "{}: {what}", segment.display());
        assert!(image == image_of(dir), "{what}: something was changed");
    });
}

#[test]
fn inspection_finds_a_damaged_store() {
    trials(1, |dir, _, _, last| {
        fs::write(dir.join("store/db"), b"not a database").unwrap();
        let inspection = inspect(dir).unwrap();
        assert_eq!(inspection.problems.len(), 1, "{inspection:?}");
        assert_eq!(inspection.last, last);
        fs::remove_dir_all(dir.join("store")).unwrap();
        assert_eq!(inspect(dir).unwrap().problems.len(), 1);
    });
}

/// Damages a file again until it is not as it was: a zeroed sector may have been zero before.
fn damage_until_changed(path: &Path, mut damage: impl FnMut(&Path) -> String) -> String {
    let before = fs::read(path).unwrap();
    loop {
        let what = damage(path);
        if fs::read(path).unwrap() != before {
            return what;
        }
    }
}

fn image_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let all = ["", "wal", "store"].into_iter().flat_map(|name| files(&dir.join(name)));
    all.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

/// Opening a pipe for reading waits until somebody writes into it: for ever.
#[test]
fn what_is_no_regular_file_is_refused_before_it_is_opened() {
    let template = tempfile::tempdir().unwrap();
    sealed_ledger(template.path(), 7, RECORDS);
    let names = ["lock", "checkpoint", "store/db", "store/conf"].map(|name| template.path().join(name));
    let some = [segments(template.path(), "seg"), segments(template.path(), "segz")].map(|segments| segments[0].clone());
    for path in names.iter().chain(&some) {
        let name = path.strip_prefix(template.path()).unwrap();
        let copy = tempfile::tempdir().unwrap();
        copy_dir(template.path(), copy.path()).unwrap();
        fs::remove_file(copy.path().join(name)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(copy.path().join(name)).status().unwrap().success());
        let dir = copy.path().to_owned();
        let (sender, answers) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let opened = EmbeddedJournal::open(&dir, small_options()).map(|_| ()).map_err(|error| error.to_string());
            let inspected = inspect(&dir).map(|_| ()).map_err(|error| error.to_string());
            sender.send([opened, inspected]).unwrap();
        });
        let answered = answers.recv_timeout(std::time::Duration::from_secs(20)).unwrap_or_else(|_| panic!("{} hangs", name.display()));
        for answer in answered {
            let error = answer.unwrap_err();
            assert!(error.contains("neither a regular file") && error.contains(&*name.to_string_lossy()), "{error}");
        }
    }
}

#[test]
fn what_stands_beside_the_files_of_a_ledger_is_no_reason_not_to_open_it() {
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), 7, RECORDS);
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("agent.sock")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap().success());
    assert!(inspect(dir.path()).unwrap().problems.is_empty());
    assert_eq!(EmbeddedJournal::open(dir.path(), small_options()).unwrap().1.last, last);
}

#[test]
fn a_directory_that_others_may_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let last = sealed_ledger(dir.path(), 7, RECORDS);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open_to_others = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    open_to_others(dir.path(), 0o755);
    open_to_others(&dir.path().join("wal"), 0o755);
    open_to_others(&dir.path().join("checkpoint"), 0o644);
    assert!(inspect(dir.path()).unwrap().problems.is_empty());
    assert_eq!(mode(dir.path()), 0o755, "a check changes nothing");
    assert_eq!(reopen(dir.path(), 7, last, "open to others").unwrap(), Vec::<String>::new(), "it is no repair");
    assert_eq!([mode(dir.path()), mode(&dir.path().join("wal"))], [0o700, 0o700]);
    assert_eq!(mode(&segments(dir.path(), "segz")[0]), 0o600);
}

/// A log that lost its segments gets them back at the speed of writing, not of one sync for each record.
#[test]
fn what_the_log_lost_is_put_back_in_few_syncs() {
    let dir = tempfile::tempdir().unwrap();
    let last = {
        let (journal, _) = EmbeddedJournal::open(dir.path(), plain_options()).unwrap();
        for last in 0..RECORDS {
            journal.append(last, &batch(7, last, 1)).unwrap();
        }
        journal.close().unwrap();
        journal.last()
    };
    let lost = files(&dir.path().join("wal"));
    lost.iter().skip(1).for_each(|segment| fs::remove_file(segment).unwrap());
    let syncs = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&syncs);
    let count = move |step| {
        if step == Step::SyncFrame {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        Ok(())
    };
    let options = Options { before_step: Some(std::sync::Arc::new(count)), ..plain_options() };
    let (journal, report) = EmbeddedJournal::open(dir.path(), options).unwrap();
    assert_eq!((report.last, check_records(&journal, 7)), (last, last));
    let segments = files(&dir.path().join("wal")).len();
    let syncs = syncs.load(std::sync::atomic::Ordering::SeqCst);
    assert!((1..=segments).contains(&syncs), "{syncs} syncs for {segments} segments");
}
