//! The domain alone, told as a story: facts by date, each recorded with its effects as a journal would.

use super::facts::day;
use partnership_ledger::domain::calendar::Time;
use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::ids::Id;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::domain::rejection::Rejection;
use partnership_ledger::domain::{Record, Seen, State, parse};
use partnership_ledger::projections::index::Index;
use partnership_ledger::projections::metrics::{self, Metrics};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{self, DESCRIPTOR};
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::sync::LazyLock;

/// Signs agreement `a` with acme: 20 % of every sale.
pub const STANDARD_TERMS: &str = r#"agreement_signed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL",
    "terms":{"commission":{"rules":[{"name":"referral","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000}]}}}"#;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR).expect("the descriptor is whole"));

/// An event of a date and a body written as `name {json}`.
fn event(number: u128, date: &str, body: &str) -> proto::Event {
    let (name, fields) = body.split_once(' ').expect("a name and its fields");
    let time = day(date).to_rfc3339();
    let id = uuid::Uuid::from_u128(number);
    let json = format!(r#"{{"event_id":"{id}","occurred_at":"{time}","{name}":{fields}}}"#);
    let descriptor = POOL.get_message_by_name("partnership.ledger.v1.Event").expect("the contract has events");
    let mut reader = serde_json::Deserializer::from_str(&json);
    let message = DynamicMessage::deserialize(descriptor, &mut reader).unwrap_or_else(|error| panic!("{json}: {error}"));
    message.transcode_to().expect("an event")
}

/// A ledger in memory, with its index, its projection and its records as stored.
#[derive(Default)]
pub struct Story {
    pub state: State,
    pub index: Index,
    pub metrics: Metrics,
    pub records: Vec<proto::Record>,
}

impl Story {
    /// Records a fact, or says why not.
    pub fn tell(&mut self, at: Time, body: Body) -> Result<u64, Rejection> {
        let event_id = uuid::Uuid::from_u128(self.records.len() as u128).to_string();
        let (occurred_at, metadata) = (Some(timestamp(at)), [].into());
        self.decide(proto::Event { event_id, occurred_at, metadata, body: Some(body) }).map(|record| record.position)
    }

    /// Records a fact written as `name {json}`, or says why not. Returns its effects.
    pub fn record(&mut self, date: &str, body: &str) -> Result<Vec<Effect>, Rejection> {
        self.decide(event(self.records.len() as u128, date, body)).map(|record| record.effects)
    }

    fn decide(&mut self, message: proto::Event) -> Result<Record, Rejection> {
        let event = parse(std::slice::from_ref(&message)).expect("well formed").remove(0);
        let effects = self.state.decide(&event, now(), 300)?;
        let record = Record { position: self.state.position + 1, recorded_at: now(), event, effects };
        self.keep(&record);
        self.records.push(proto::Record {
            position: record.position,
            recorded_at: Some(timestamp(record.recorded_at)),
            recorded_by: "anonymous".to_owned(),
            event: Some(message),
            effects: record.effects.iter().map(Effect::to_message).collect(),
        });
        Ok(record)
    }

    fn keep(&mut self, record: &Record) {
        self.state.evolve(record);
        self.index.add(record.position, &self.state.subjects(record), record.event.body.name(), record.event.occurred_at);
        self.metrics.add(&metrics::updates(record, &self.state));
    }

    /// The same, for what the rules must not refuse.
    pub fn on(mut self, date: &str, body: impl Into<Body>) -> Self {
        self.tell(day(date), body.into()).unwrap_or_else(|refusal| panic!("{date}: {refusal}"));
        self
    }

    /// A ledger that ends at a position, made of what is stored.
    pub fn until(&self, position: u64) -> Self {
        let mut story = Self::default();
        for message in self.records.iter().take_while(|record| record.position <= position) {
            story.keep(&Record::from_message(message).expect("a record"));
            story.records.push(message.clone());
        }
        story
    }

    /// What the house owes a partner in a currency, by everything recorded.
    pub fn net(&self, partner: &str, currency: &str) -> i128 {
        let row = self.state.partners.find(&Id::new(partner).expect("an id")).expect("a partner");
        let balances = self.state.balances(row, Seen::ALL);
        balances.iter().find(|balance| balance.currency.code() == currency).map_or(0, |balance| balance.net)
    }

    /// Everything, as of a date.
    pub fn seen(&self, date: &str) -> Seen {
        Seen { time: day(date), position: self.state.position }
    }
}

/// The time of recording: after all that is told.
fn now() -> Time {
    day("2026-11-22")
}

/// The paths of the bad fields of a message.
pub fn violations(body: &str) -> Vec<String> {
    let violations = parse(&[event(1, "2025-01-01", body)]).expect_err("not an event");
    violations.into_iter().map(|violation| violation.field).collect()
}
