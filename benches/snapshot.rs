//! Snapshots: the state written down and loaded again, and a ledger that begins with one.

mod serving;
mod workload;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::config::{Limits, SnapshotSettings};
use partnership_ledger::domain::{Record, State, StateLoad, parse};
use partnership_ledger::journal::{DurableJournal, Frontier, Options, TreeHead};
use partnership_ledger::ledger::{Ledger, ReplayReport};
use partnership_ledger::snapshot::{SnapshotFile, Snapshots};
use serving::{Bench, PARTNERS};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use workload::Workload;

const EVENTS: usize = 100_000;

fn state() -> State {
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let mut workload = Workload::new(1, PARTNERS);
    let messages: Vec<_> = (0..EVENTS).map(|_| workload.next_event()).collect();
    let mut state = State::default();
    for event in messages.chunks(1_000).flat_map(|chunk| parse(chunk).expect("well formed")) {
        let effects = state.decide(&event, now, 300).expect("the workload follows the rules");
        state.evolve(&Record { position: state.position + 1, recorded_at: now, event, effects });
    }
    state
}

fn save(state: &State, dir: &Path) -> u64 {
    let head = TreeHead { size: state.position, root: Frontier::new().head().root };
    let frozen = state.freeze();
    Snapshots::of(dir).save(head, &|| false, |writer| frozen.save(writer)).expect("a disk")
}

fn load(path: &Path) -> State {
    let parts = StateLoad::default();
    let file = SnapshotFile::open(path).expect("it was written");
    file.load(&|section| parts.part(section)).expect("whole");
    parts.finish().expect("all parts")
}

fn open(dir: &Path) -> (Ledger, ReplayReport) {
    let (journal, _) = DurableJournal::open(dir, Options::default()).expect("a whole directory");
    let settings = SnapshotSettings { least_at_close: 1, ..SnapshotSettings::new(dir.to_owned()) };
    Ledger::open_with_snapshots(Arc::new(journal), Arc::new(SystemClock), Limits::default(), settings).expect("replayable")
}

fn snapshot(criterion: &mut Criterion) {
    let (state, dir) = (state(), tempfile::tempdir().expect("a directory"));
    let mut group = criterion.benchmark_group("snapshot");
    group.throughput(Throughput::Elements(EVENTS as u64)).sample_size(10);
    group.bench_function("freeze", |bencher| bencher.iter_batched(|| (), |()| state.freeze(), BatchSize::SmallInput));
    group.bench_function("save", |bencher| bencher.iter(|| save(&state, dir.path())));
    save(&state, dir.path());
    let path = Snapshots::of(dir.path()).list().expect("a directory").remove(0).path;
    group.bench_function("load", |bencher| bencher.iter_with_large_drop(|| load(&path)));
    let bench = Bench::with(EVENTS);
    bench.ledger.close().expect("closed");
    open(bench.dir()).0.close().expect("closed with a snapshot");
    group.bench_function("restart", |bencher| {
        bencher.iter_custom(|rounds| {
            let round = |_| {
                let started = Instant::now();
                let (ledger, report) = open(bench.dir());
                let took = started.elapsed();
                assert_eq!((report.from, report.records), (EVENTS as u64, 0));
                ledger.close().expect("closed");
                took
            };
            (0..rounds).map(round).sum()
        });
    });
    group.finish();
}

criterion_group!(benches, snapshot);
criterion_main!(benches);
