//! The journal alone: hashing records, encoding frames, and appending them until they are durable.

use crate::workload::{Workload, encode, parse_all, record_all};
use criterion::{BenchmarkId, Criterion, Throughput};
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Batch, Frontier, Journal as _, encode_frame, leaf_hash};
use partnership_ledger::proto;
use std::time::{Duration, Instant};

/// Records of the largest frame.
const RECORDS: usize = 1_000;

/// Hashing, encoding and appending.
pub fn journal(criterion: &mut Criterion) {
    let mut workload = Workload::new(1, 200);
    let messages: Vec<proto::Event> = (0..RECORDS).map(|_| workload.next_event()).collect();
    let (_, records) = record_all(parse_all(&messages));
    let stored: Vec<Vec<u8>> = messages.iter().zip(&records).map(|(message, record)| encode(message, record)).collect();
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(20).throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("hash", |bencher| bencher.iter(|| stored.iter().map(|record| leaf_hash(record)[0]).fold(0, u8::wrapping_add)));
    group.bench_function("frame", |bencher| bencher.iter(|| frame(&stored).len()));
    for size in [1, 100, RECORDS] {
        let dir = tempfile::tempdir().expect("a directory");
        let (journal, _) = EmbeddedJournal::open(dir.path(), Options::default()).expect("a fresh directory");
        let batch = batch(&stored[..size]);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("append", size), |bencher| {
            bencher.iter_custom(|rounds| (0..rounds).map(|_| append(&journal, &batch)).sum());
        });
        journal.close().expect("closed");
    }
    group.finish();
}

fn batch(records: &[Vec<u8>]) -> Batch {
    let mut batch = Batch::new();
    records.iter().for_each(|record| batch.push(record));
    batch
}

/// One frame of records, with the tree's head.
fn frame(records: &[Vec<u8>]) -> Vec<u8> {
    let mut frontier = Frontier::new();
    records.iter().for_each(|record| frontier.push(record));
    let mut bytes = Vec::new();
    encode_frame(&mut bytes, 1, &batch(records), frontier.head());
    bytes
}

fn append(journal: &EmbeddedJournal, batch: &Batch) -> Duration {
    let started = Instant::now();
    journal.append(journal.last(), batch).expect("durable");
    started.elapsed()
}
