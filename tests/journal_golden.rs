//! The bytes on disk cannot change unnoticed: they are compared with bytes that another program made from the
//! description of the format.

#![allow(clippy::format_collect, reason = "a few bytes, once")]

use std::fs;

use partnership_ledger::journal::{Batch, Checkpoint, DurableJournal, Frontier, Journal, Options, encode_frame};
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
    assert_eq!(hex(&bytes), include_str!("golden/frame.hex"));
}

#[test]
fn a_checkpoint_has_its_bytes() {
    let checkpoint = Checkpoint { head: frontier().head(), is_closed: true };
    assert_eq!(hex(&checkpoint.encode()), include_str!("golden/checkpoint.hex"));
}

#[test]
fn a_directory_has_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { first_segment_bytes: 16 << 10, ..Options::default() };
    let (journal, _) = DurableJournal::open(dir.path(), options).unwrap();
    journal.append(0, &batch(&records()[..1])).unwrap();
    journal.append(1, &batch(&records()[1..])).unwrap();
    journal.close().unwrap();
    let segment = fs::read(dir.path().join("wal/00000000000000000001.seg")).unwrap();
    let digest: String = Sha256::digest(&segment).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, include_str!("golden/segment.sha256").trim());
    let checkpoint = fs::read(dir.path().join("checkpoint")).unwrap();
    assert_eq!(hex(&checkpoint), include_str!("golden/checkpoint.hex"));
}
