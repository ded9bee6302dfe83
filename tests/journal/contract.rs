//! One contract for every journal: what holds for the one in memory holds for the durable one.

#![allow(clippy::cast_possible_truncation, reason = "the data may be anything")]

use std::time::Duration;

use crate::common::postgres::{Postgres, Standby};
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::postgres::{PostgresAddress, PostgresJournal, PostgresOptions};
use partnership_ledger::journal::{Batch, Frontier, Journal, JournalError, MemoryJournal, SharedJournal as _, StoredRecord};

fn small_options() -> Options {
    Options {
        segment_bytes: 256 << 10,
        first_segment_bytes: 16 << 10,
        checkpoint_interval: Duration::from_millis(20),
        ..Options::default()
    }
}

fn batch<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Batch {
    let mut batch = Batch::new();
    records.into_iter().for_each(|record| batch.push(record.as_ref()));
    batch
}

fn stored<R: AsRef<[u8]>>(first: u64, records: impl IntoIterator<Item = R>) -> Vec<StoredRecord> {
    (first..).zip(records).map(|(position, record)| StoredRecord { position, bytes: record.as_ref().to_vec() }).collect()
}

/// What every journal must do, starting empty. Returns all records that it has in the end.
fn contract(journal: &dyn Journal) -> Vec<Vec<u8>> {
    empty(journal);
    let mut all = appends(journal);
    expectations(journal);
    limits(journal, &all);
    big_records(journal, &mut all);
    many_commits(journal, &mut all);
    all
}

fn empty(journal: &dyn Journal) {
    assert_eq!(journal.last(), 0);
    assert_eq!(journal.tree_head(), Frontier::new().head());
    assert_eq!(journal.read(0, 10, 1000).unwrap(), []);
    assert_eq!(journal.read(1, 10, 1000).unwrap(), []);
    assert_eq!(journal.checkpoint().unwrap(), 0);
}

fn appends(journal: &dyn Journal) -> Vec<Vec<u8>> {
    let records: Vec<Vec<u8>> = [&b"one"[..], b"", b"three", b"four", b"five"].map(Vec::from).into();
    let mut tree = Frontier::new();
    tree.push(&records[0]);
    assert_eq!(journal.append(0, &batch(&records[..1])).unwrap(), tree.head());
    assert_eq!(journal.read(1, 10, 1000).unwrap(), stored(1, &records[..1]), "readable at once");
    records[1..].iter().for_each(|record| tree.push(record));
    assert_eq!(journal.append(1, &batch(&records[1..])).unwrap(), tree.head());
    assert_eq!((journal.last(), journal.tree_head()), (5, tree.head()));
    assert_eq!(journal.read(0, 10, 1000).unwrap(), stored(1, &records), "0 means from the first");
    assert_eq!(journal.checkpoint().unwrap(), 5);
    records
}

fn expectations(journal: &dyn Journal) {
    let head = journal.tree_head();
    for wrong in [0, 4, 6, u64::MAX] {
        let error = journal.append(wrong, &batch(["x"])).unwrap_err();
        assert!(matches!(error, JournalError::PositionMismatch { expected, last: 5 } if expected == wrong), "{error}");
    }
    assert_eq!(journal.append(5, &Batch::new()).unwrap(), head, "an empty batch changes nothing");
    assert!(journal.append(4, &Batch::new()).is_err());
    assert_eq!((journal.last(), journal.tree_head()), (5, head));
}

fn limits(journal: &dyn Journal, all: &[Vec<u8>]) {
    let read = |from, records, bytes| journal.read(from, records, bytes).unwrap();
    assert_eq!(read(1, 0, 1000), []);
    assert_eq!(read(1, 2, 1000), stored(1, &all[..2]));
    assert_eq!(read(2, 2, 1000), stored(2, &all[1..3]), "from the middle of a commit");
    assert_eq!(read(1, 10, 0), stored(1, &all[..1]), "at least one");
    assert_eq!(read(1, 10, 8), stored(1, &all[..3]), "3 + 0 + 5 bytes");
    assert_eq!(read(1, 10, 7), stored(1, &all[..2]));
    assert_eq!(read(5, 10, 1000), stored(5, &all[4..5]));
    assert_eq!(read(6, 10, 1000), []);
    assert_eq!(read(u64::MAX, 10, 1000), []);
}

fn big_records(journal: &dyn Journal, all: &mut Vec<Vec<u8>>) {
    let big: Vec<u8> = (0..3 << 20).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    journal.append(5, &batch([&big[..], b"small", &big[..100]])).unwrap();
    all.extend([big.clone(), b"small".to_vec(), big[..100].to_vec()]);
    assert_eq!(journal.read(6, 10, usize::MAX).unwrap(), stored(6, &all[5..]));
    journal.checkpoint().unwrap();
    assert_eq!(journal.read(6, 10, 1000).unwrap(), stored(6, &all[5..6]), "larger than the limit, alone");
    assert_eq!(journal.read(7, 10, 1000).unwrap(), stored(7, &all[6..]));
}

fn many_commits(journal: &dyn Journal, all: &mut Vec<Vec<u8>>) {
    for commit in 0..200_u64 {
        let records: Vec<_> =
            (0..commit % 7).map(|record| format!("{commit}/{record} ").repeat((commit * record) as usize % 90).into_bytes()).collect();
        let head = journal.append(journal.last(), &batch(&records)).unwrap();
        all.extend(records);
        assert_eq!(head.size, all.len() as u64);
    }
    let mut tree = Frontier::new();
    all.iter().for_each(|record| tree.push(record));
    assert_eq!(journal.tree_head(), tree.head());
    read_all(journal, all);
    journal.checkpoint().unwrap();
    read_all(journal, all);
}

/// Reads everything in pages.
fn read_all(journal: &dyn Journal, all: &[Vec<u8>]) {
    let mut records = Vec::new();
    loop {
        let page = journal.read(records.len() as u64 + 1, 37, 9_000).unwrap();
        if page.is_empty() {
            break;
        }
        records.extend(page);
    }
    assert_eq!(records, stored(1, all));
}

fn closed(journal: &dyn Journal) {
    journal.close().unwrap();
    journal.close().unwrap();
    assert!(matches!(journal.append(journal.last(), &batch(["x"])), Err(JournalError::Stopped { .. })));
    assert!(matches!(journal.read(1, 1, 1), Err(JournalError::Stopped { .. })));
}

#[test]
fn the_journal_in_memory_keeps_the_contract() {
    let journal = MemoryJournal::new();
    contract(&journal);
    closed(&journal);
}

#[test]
fn the_durable_journal_keeps_the_contract_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    assert_eq!((report.last, report.notes), (0, vec![]));
    let all = contract(&journal);
    let head = journal.tree_head();
    closed(&journal);
    for _ in 0..2 {
        let (journal, report) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
        assert_eq!((report.last, report.tree_head), (all.len() as u64, head));
        assert_eq!((report.notes, report.fed_records), (vec![], 0));
        assert_eq!((journal.last(), journal.tree_head()), (head.size, head));
        read_all(&journal, &all);
        drop(journal);
    }
    let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    journal.append(head.size, &batch(["more"])).unwrap();
    let disk = journal.disk_bytes().unwrap();
    assert!(disk.log > 64 << 10 && disk.store > 3 << 20, "{disk:?}");
}

#[test]
fn the_journal_in_a_database_keeps_the_contract_and_comes_back() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let dir = tempfile::tempdir().unwrap();
    let open = |ledger: &str, data_dir| {
        let address = PostgresAddress::parse(&postgres.url(), ledger).unwrap();
        let (journal, notes) = PostgresJournal::open(address, PostgresOptions { data_dir, ..PostgresOptions::default() }).unwrap();
        assert_eq!(notes, Vec::<String>::new());
        journal
    };
    let journal = open("contract", Some(dir.path().to_owned()));
    assert!(matches!(journal.append(0, &batch(["x"])), Err(JournalError::Stopped { .. })), "it does not lead");
    assert!(journal.lead().unwrap());
    let all = contract(&journal);
    let head = journal.tree_head();
    closed(&journal);
    // With what was published, and without: then all of it is read and hashed.
    for data_dir in [Some(dir.path().to_owned()), None] {
        let journal = open("contract", data_dir);
        assert_eq!((journal.last(), journal.tree_head()), (head.size, head));
        read_all(&journal, &all);
        assert!(journal.lead().unwrap());
        journal.close().unwrap();
    }
    // Another ledger of the same database is another one.
    let other = open("another", None);
    assert!(other.lead().unwrap());
    assert_eq!(contract(&other), all);
    let memory = MemoryJournal::new();
    contract(&memory);
    for (from, records, bytes) in [(1, 50, 500), (3, 1000, 3 << 20), (6, 9, 1), (77, 13, 77)] {
        assert_eq!(other.read(from, records, bytes).unwrap(), memory.read(from, records, bytes).unwrap());
    }
    for position in 0..=head.size + 1 {
        let asked = other.tree_head_at(position).unwrap();
        assert!(asked.is_none_or(|asked| Some(asked) == memory.tree_head_at(position).unwrap()), "at {position}");
    }
}

#[test]
fn both_journals_agree() {
    let dir = tempfile::tempdir().unwrap();
    let (durable, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    let memory = MemoryJournal::new();
    assert_eq!(contract(&durable), contract(&memory));
    assert_eq!(durable.tree_head(), memory.tree_head());
    for (from, records, bytes) in [(1, 50, 500), (3, 1000, 3 << 20), (6, 9, 1), (77, 13, 77)] {
        assert_eq!(durable.read(from, records, bytes).unwrap(), memory.read(from, records, bytes).unwrap());
    }
}

#[test]
fn a_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = EmbeddedJournal::open(dir.path(), small_options()).unwrap();
    let error = EmbeddedJournal::open(dir.path(), small_options()).err().expect("a second owner");
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    let error = partnership_ledger::journal::embedded::inspect(dir.path()).unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    journal.close().unwrap();
    EmbeddedJournal::open(dir.path(), small_options()).unwrap();
}
