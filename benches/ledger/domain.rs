//! The pure core: parsing, deciding, evolving, encoding, and evolving what was decoded as replay does.

use crate::workload::{Workload, encode, parse_all, record_all, so_many};
use criterion::{BatchSize, Criterion, Throughput};
use partnership_ledger::domain::{Event, Record, State};
use partnership_ledger::proto;
use prost::Message as _;

const PARTNERS: u32 = 200;

/// Parsing, deciding, evolving, encoding, decoding.
pub fn domain(criterion: &mut Criterion) {
    let count = so_many(20_000).max(1_000);
    let mut workload = Workload::new(1, PARTNERS);
    let messages: Vec<proto::Event> = (0..count).map(|_| workload.next_event()).collect();
    let events = parse_all(&messages);
    let (state, records) = record_all(events.clone());
    let stored: Vec<Vec<u8>> = messages.iter().zip(&records).map(|(message, record)| encode(message, record)).collect();
    let mut group = criterion.benchmark_group("domain");
    group.throughput(Throughput::Elements(count as u64)).sample_size(10);
    group.bench_function("parse", |bencher| bencher.iter(|| parse_all(&messages)));
    group.bench_function("decide and evolve", |bencher| bencher.iter_batched(|| events.clone(), record_all, BatchSize::LargeInput));
    group.bench_function("evolve", |bencher| bencher.iter(|| evolve_all(&records)));
    group.bench_function("evolve beside views of every 100 records", |bencher| bencher.iter(|| evolve_beside_views(&records)));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| messages.iter().zip(&records).map(|(message, record)| encode(message, record).len()).sum::<usize>());
    });
    group.bench_function("decode and evolve", |bencher| bencher.iter(|| replay(&stored)));
    let next = decidable(&state, &mut workload);
    group.throughput(Throughput::Elements(next.len() as u64));
    group.bench_function("decide", |bencher| bencher.iter(|| next.iter().filter(|event| is_decided(&state, event)).count()));
    group.finish();
}

/// The next events of a workload, of those that do not need one another.
fn decidable(state: &State, workload: &mut Workload) -> Vec<Event> {
    let messages: Vec<proto::Event> = (0..1_000).map(|_| workload.next_event()).collect();
    let mut events = parse_all(&messages);
    events.retain(|event| is_decided(state, event));
    assert!(events.len() > 500, "most need nothing but what is recorded");
    events
}

fn is_decided(state: &State, event: &Event) -> bool {
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    state.decide(event, now, 300).is_ok()
}

fn evolve_all(records: &[Record]) -> u64 {
    let mut state = State::default();
    records.iter().for_each(|record| state.evolve(record));
    state.position
}

/// The same while somebody reads: each view is there until the next one is taken, so the first change of a page copies it.
fn evolve_beside_views(records: &[Record]) -> u64 {
    let (mut state, mut view) = (State::default(), None);
    for some in records.chunks(100) {
        some.iter().for_each(|record| state.evolve(record));
        view = Some(state.share());
    }
    view.map_or(0, |view| view.position)
}

fn replay(stored: &[Vec<u8>]) -> u64 {
    let mut state = State::default();
    for bytes in stored {
        let message = proto::Record::decode(bytes.as_slice()).expect("stored whole");
        state.evolve(&Record::from_message(&message).expect("a record"));
    }
    state.position
}
