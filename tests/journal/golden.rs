//! The bytes on disk cannot change unnoticed: they are compared with bytes that another program made from the
//! description of the format; and directories that earlier releases wrote are kept, and open.

#![allow(clippy::format_collect, reason = "a few bytes, once")]

use std::fs;
use std::path::Path;

use crate::common::program::process;
use partnership_ledger::journal::embedded::{Checkpoint, EmbeddedJournal, OpenReport, Options, inspect};
use partnership_ledger::journal::{Batch, Frontier, Journal, TreeHead, encode_frame, leaf_hash};
use sha2::{Digest, Sha256};

fn records() -> [Vec<u8>; 4] {
    [b"partner registered".to_vec(), vec![], (0..=255).collect(), b"agreement signed".to_vec()]
}

fn batch(records: &[Vec<u8>]) -> Batch {
    let mut batch = Batch::new();
    records.iter().for_each(|record| batch.push(record));
    batch
}

fn frontier() -> Frontier {
    let mut frontier = Frontier::new();
    records().iter().for_each(|record| frontier.push(record));
    frontier
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| {
        let line: String = line.iter().map(|byte| format!("{byte:02x}")).collect();
        line + "\n"
    });
    lines.collect()
}

#[test]
fn a_frame_has_its_bytes() {
    let mut bytes = Vec::new();
    encode_frame(&mut bytes, 1, &batch(&records()), frontier().head());
    assert_eq!(hex(&bytes), include_str!("../golden/frame.hex"));
}

#[test]
fn a_checkpoint_has_its_bytes() {
    let checkpoint = Checkpoint { head: frontier().head(), is_closed: true };
    assert_eq!(hex(&checkpoint.encode()), include_str!("../golden/checkpoint.hex"));
}

#[test]
fn a_directory_has_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { first_segment_bytes: 16 << 10, ..Options::default() };
    let (journal, _) = EmbeddedJournal::open(dir.path(), options).unwrap();
    journal.append(0, &batch(&records()[..1])).unwrap();
    journal.append(1, &batch(&records()[1..])).unwrap();
    journal.close().unwrap();
    let segment = fs::read(dir.path().join("wal/00000000000000000001.seg")).unwrap();
    let digest: String = Sha256::digest(&segment).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, include_str!("../golden/segment.sha256").trim());
    let checkpoint = fs::read(dir.path().join("checkpoint")).unwrap();
    assert_eq!(hex(&checkpoint), include_str!("../golden/checkpoint.hex"));
}

/// Directories as they were written: by release 0.1.0, with plain segments, and by the first with compressed ones,
/// and by the first whose store keeps frames packed. Each
/// file is kept compressed; `records.txt` has every record's leaf in the tree, and the root.
const DIRECTORIES: [&str; 3] = ["0.1.0", "compressed-segments", "packed-store"];

fn golden() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/directories"))
}

fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            unpack(&path, &to.join(path.file_name().unwrap()));
        } else {
            let packed = fs::read(&path).unwrap();
            fs::write(to.join(path.file_stem().unwrap()), zstd::decode_all(&packed[..]).unwrap()).unwrap();
        }
    }
}

/// A copy of a kept directory, without the parts named.
fn kept(name: &str, without: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    unpack(&golden().join(name), dir.path());
    without.iter().for_each(|part| fs::remove_dir_all(dir.path().join(part)).unwrap());
    dir
}

/// Opens a directory and compares all that it has with what was written into it.
fn open_kept(dir: &Path) -> (EmbeddedJournal, OpenReport, TreeHead) {
    let list = fs::read_to_string(golden().join("records.txt")).unwrap();
    let (journal, report) = EmbeddedJournal::open(dir, Options::default()).unwrap();
    let head = journal.tree_head();
    let records = journal.read(0, usize::MAX, usize::MAX).unwrap();
    let leaf = |bytes: &[u8]| hex(&leaf_hash(bytes));
    let found: String = records.iter().map(|record| format!("{} {}", record.position, leaf(&record.bytes))).collect();
    assert_eq!(format!("{found}root {}", hex(&head.root)), list);
    assert_eq!(records.len() as u64, head.size);
    (journal, report, head)
}

#[test]
fn directories_of_earlier_releases_open_and_go_on() {
    for name in DIRECTORIES {
        let dir = kept(name, &[]);
        assert_eq!(inspect(dir.path()).unwrap().problems, [], "{name}");
        // The present rules replay what was recorded then.
        let verified = process().args(["verify", "--data-dir"]).arg(dir.path()).output().unwrap();
        assert!(verified.status.success(), "{name}: {verified:?}");
        let (journal, report, head) = open_kept(dir.path());
        assert_eq!((report.notes, report.fed_records), (vec![], 0), "{name}");
        let after = journal.append(head.size, &batch(&records())).unwrap();
        journal.close().unwrap();
        let inspection = inspect(dir.path()).unwrap();
        assert_eq!((inspection.problems, inspection.tree_head), (vec![], Some(after)), "{name}");
        assert_eq!((inspection.log_records, inspection.store_records), (after.size, after.size), "{name}");
    }
}

#[test]
fn each_half_of_an_earlier_release_s_directory_gives_all_of_it() {
    for name in DIRECTORIES {
        for half in ["store", "wal"] {
            let dir = kept(name, &[half]);
            let (journal, report, _) = open_kept(dir.path());
            assert!(!report.notes.is_empty(), "{name} without {half}");
            journal.close().unwrap();
            assert_eq!(inspect(dir.path()).unwrap().problems, [], "{name} without {half}: {:?}", report.notes);
        }
    }
}
