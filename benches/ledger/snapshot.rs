//! Snapshots: the state written down and loaded again, and a ledger that begins with one.

use crate::serving::{Bench, PARTNERS};
use crate::workload::{Workload, parse_all, record_all, so_many};
use criterion::{BatchSize, Criterion, Throughput};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::domain::{State, StateLoad};
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Frontier, TreeHead};
use partnership_ledger::ledger::{Ledger, Limits, ReplayReport, SnapshotSettings};
use partnership_ledger::snapshot::{SnapshotFile, Snapshots};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const EVENTS: usize = 100_000;

fn state(events: usize) -> State {
    let mut workload = Workload::new(1, PARTNERS);
    let messages: Vec<_> = (0..events).map(|_| workload.next_event()).collect();
    record_all(parse_all(&messages)).0
}

fn save(state: &State, dir: &Path) -> u64 {
    let head = TreeHead { size: state.position, root: Frontier::new().head().root };
    let frozen = state.share();
    Snapshots::of(dir).save(head, &|| false, |writer| frozen.save(writer)).expect("a disk")
}

fn load(path: &Path) -> State {
    let parts = StateLoad::default();
    let file = SnapshotFile::open(path).expect("it was written");
    file.load(&|section| parts.part(section)).expect("whole");
    parts.finish().expect("all parts")
}

fn open(dir: &Path) -> (Ledger, ReplayReport) {
    let (journal, _) = EmbeddedJournal::open(dir, Options::default()).expect("a whole directory");
    let settings = SnapshotSettings { least_at_close: 1, ..SnapshotSettings::new(dir.to_owned()) };
    Ledger::open_with_snapshots(Arc::new(journal), Arc::new(SystemClock), Limits::default(), settings).expect("replayable")
}

/// Freezing, saving and loading a state, and opening a ledger that has a snapshot.
pub fn snapshot(criterion: &mut Criterion) {
    let events = so_many(EVENTS);
    let (state, dir) = (state(events), tempfile::tempdir().expect("a directory"));
    let mut group = criterion.benchmark_group("snapshot");
    group.throughput(Throughput::Elements(events as u64)).sample_size(10);
    group.bench_function("freeze", |bencher| bencher.iter_batched(|| (), |()| state.share(), BatchSize::SmallInput));
    group.bench_function("save", |bencher| bencher.iter(|| save(&state, dir.path())));
    save(&state, dir.path());
    let path = Snapshots::of(dir.path()).list().expect("a directory").remove(0).path;
    group.bench_function("load", |bencher| bencher.iter_with_large_drop(|| load(&path)));
    let bench = Bench::with(events);
    bench.ledger.close().expect("closed");
    open(bench.dir()).0.close().expect("closed with a snapshot");
    group.bench_function("restart", |bencher| {
        bencher.iter_custom(|rounds| {
            let round = |_| {
                let started = Instant::now();
                let (ledger, report) = open(bench.dir());
                let took = started.elapsed();
                assert_eq!((report.from, report.records), (bench.ledger.last(), 0));
                ledger.close().expect("closed");
                took
            };
            (0..rounds).map(round).sum()
        });
    });
    group.finish();
}
