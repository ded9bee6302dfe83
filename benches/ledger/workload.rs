//! The workload that benches share with the `bench` command: the realistic mix of events, from a seed, in one lane.

use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::{Event, Record, State, parse};
use partnership_ledger::proto;
use partnership_ledger::workload::{Lane, Mix, Story};
use prost::Message as _;

/// Makes events: partners with agreements first, then referrals, qualifications, sales, refunds and payments.
pub struct Workload {
    introductions: Box<dyn Iterator<Item = proto::Event>>,
    lane: Lane,
    made: u64,
}

impl Workload {
    /// A workload of so many partners.
    pub fn new(seed: u64, partners: u32) -> Self {
        let story = Story::new(Mix::Realistic, seed, partners, 1);
        let introductions: Vec<_> = story.introduce().collect();
        Self { introductions: Box::new(introductions.into_iter()), lane: story.lane(0), made: 0 }
    }

    /// The next event.
    pub fn next_event(&mut self) -> proto::Event {
        self.introductions.next().unwrap_or_else(|| {
            self.made += 1;
            self.lane.event(self.made - 1)
        })
    }
}

/// How many there are where it is measured; where it is only tried whether all of it runs, as `cargo test` does, a
/// fiftieth of them.
pub fn so_many(events: usize) -> usize {
    if is_measured() { events } else { events / 50 }
}

/// Whether it is measured, and not only tried.
pub fn is_measured() -> bool {
    std::env::args().any(|word| word == "--bench")
}

/// Decides and evolves all events on a fresh state.
pub fn record_all(events: Vec<Event>) -> (State, Vec<Record>) {
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let mut state = State::default();
    let mut records = Vec::with_capacity(events.len());
    for event in events {
        let effects = state.decide(&event, now, 300).expect("the workload follows the rules");
        let record = Record { position: state.position + 1, recorded_at: now, event, effects };
        state.evolve(&record);
        records.push(record);
    }
    (state, records)
}

/// Checks all messages, a thousand at a time.
pub fn parse_all(messages: &[proto::Event]) -> Vec<Event> {
    messages.chunks(1_000).flat_map(|chunk| parse(chunk).expect("well formed")).collect()
}

/// A record as it is stored.
pub fn encode(message: &proto::Event, record: &Record) -> Vec<u8> {
    let recorded_at = prost_types::Timestamp { seconds: record.recorded_at.timestamp(), nanos: 0 };
    let effects = record.effects.iter().map(Effect::to_message).collect();
    let (position, recorded_by) = (record.position, "anonymous".to_owned());
    proto::Record { position, recorded_at: Some(recorded_at), recorded_by, event: Some(message.clone()), effects }.encode_to_vec()
}
