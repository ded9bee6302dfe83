//! Appending inside the process, durable before it counts: by the number of events that are appended together.

use crate::serving::Bench;
use criterion::{BenchmarkId, Criterion, Throughput};

/// Appending by the number of events.
pub fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    group.sample_size(20);
    for size in [1, 10, 100, 500] {
        let mut bench = Bench::with(1_000);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            // Only the ledger's time counts: the events are made outside of it, one batch ahead.
            bencher.iter_custom(|rounds| {
                (0..rounds)
                    .map(|_| {
                        let events = bench.events(size);
                        let started = std::time::Instant::now();
                        bench.append(events);
                        started.elapsed()
                    })
                    .sum()
            });
        });
        bench.ledger.close().expect("closed");
    }
    group.finish();
}
