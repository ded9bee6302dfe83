//! The pure core: parsing, deciding with evolving, encoding, and evolving alone as replay does.

mod workload;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::{Event, Record, State, parse};
use partnership_ledger::proto;
use prost::Message as _;
use workload::Workload;

const EVENTS: usize = 20_000;
const PARTNERS: u32 = 200;

fn messages() -> Vec<proto::Event> {
    let mut workload = Workload::new(1, PARTNERS);
    (0..EVENTS).map(|_| workload.next_event()).collect()
}

/// Decides and evolves all events; answers the records.
fn record_all(events: Vec<Event>) -> Vec<Record> {
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let mut state = State::default();
    let mut records = Vec::with_capacity(events.len());
    for event in events {
        let effects = state.decide(&event, now, 300).expect("the workload follows the rules");
        let record = Record { position: state.position + 1, recorded_at: now, event, effects };
        state.evolve(&record);
        records.push(record);
    }
    records
}

fn domain(criterion: &mut Criterion) {
    let messages = messages();
    let events = parse_all(&messages);
    let records = record_all(events.clone());
    let stored: Vec<Vec<u8>> = messages.iter().zip(&records).map(|(message, record)| encode(message, record)).collect();
    let mut group = criterion.benchmark_group("domain");
    group.throughput(Throughput::Elements(EVENTS as u64)).sample_size(10);
    group.bench_function("parse", |bencher| bencher.iter(|| parse_all(&messages)));
    group.bench_function("decide and evolve", |bencher| bencher.iter_batched(|| events.clone(), record_all, BatchSize::LargeInput));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| messages.iter().zip(&records).map(|(message, record)| encode(message, record).len()).sum::<usize>());
    });
    group.bench_function("decode and evolve", |bencher| bencher.iter(|| replay(&stored)));
    group.finish();
}

fn parse_all(messages: &[proto::Event]) -> Vec<Event> {
    messages.chunks(1_000).flat_map(|chunk| parse(chunk).expect("well formed")).collect()
}

fn encode(message: &proto::Event, record: &Record) -> Vec<u8> {
    let recorded_at = prost_types::Timestamp { seconds: record.recorded_at.timestamp(), nanos: 0 };
    let effects = record.effects.iter().map(Effect::to_message).collect();
    let position = record.position;
    let recorded_by = "anonymous".to_owned();
    proto::Record { position, recorded_at: Some(recorded_at), recorded_by, event: Some(message.clone()), effects }.encode_to_vec()
}

fn replay(stored: &[Vec<u8>]) -> u64 {
    let mut state = State::default();
    for bytes in stored {
        let message = proto::Record::decode(bytes.as_slice()).expect("stored whole");
        state.evolve(&Record::from_message(&message).expect("a record"));
    }
    state.position
}

criterion_group!(benches, domain);
criterion_main!(benches);
