//! Opening a ledger: the journal checked, every record read, decoded and evolved.

mod serving;
mod workload;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serving::{Bench, open};
use std::time::Instant;

const EVENTS: usize = 100_000;

fn replay(criterion: &mut Criterion) {
    let bench = Bench::with(EVENTS);
    bench.ledger.close().expect("closed");
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(EVENTS as u64)).sample_size(10);
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

criterion_group!(benches, replay);
criterion_main!(benches);
