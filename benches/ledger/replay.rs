//! Opening a ledger: the journal checked, every record read, decoded and evolved.

use crate::serving::{Bench, open};
use crate::workload::so_many;
use criterion::{Criterion, Throughput};
use std::time::Instant;

const EVENTS: usize = 100_000;

/// Opening a ledger that is whole.
pub fn replay(criterion: &mut Criterion) {
    let events = so_many(EVENTS);
    let bench = Bench::with(events);
    bench.ledger.close().expect("closed");
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(events as u64)).sample_size(10);
    group.bench_function("open", |bencher| {
        bencher.iter_custom(|rounds| {
            (0..rounds)
                .map(|_| {
                    let started = Instant::now();
                    let ledger = open(bench.dir());
                    let took = started.elapsed();
                    ledger.close().expect("closed");
                    took
                })
                .sum()
        });
    });
    group.finish();
}
