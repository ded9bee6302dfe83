//! The domain alone, spoken to in JSON: a story of events, one after the other.

use partnership_ledger::domain::effect::Effect;
use partnership_ledger::domain::ids::Id;
use partnership_ledger::domain::rejection::Rejection;
use partnership_ledger::domain::{Record, Seen, State, parse};
use partnership_ledger::proto;
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::sync::LazyLock;

/// Signs agreement `a` with acme: 20 % of every sale.
pub const STANDARD_TERMS: &str = r#"agreement_signed {"agreement_id":"a","partner_id":"acme","type":"AGREEMENT_TYPE_CHANNEL",
    "terms":{"commission":{"rules":[{"name":"referral","trigger":"COMMISSION_TRIGGER_SALE","rate_bps":2000}]}}}"#;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR).expect("the descriptor is whole"));

/// An event of a date and a body written as `name {json}`.
pub fn event(number: u64, date: &str, body: &str) -> proto::Event {
    let (name, fields) = body.split_once(' ').expect("a name and its fields");
    let time = if date.contains('T') { date.to_owned() } else { format!("{date}T00:00:00Z") };
    let id = uuid::Uuid::from_u128(u128::from(number));
    let json = format!(r#"{{"event_id":"{id}","occurred_at":"{time}","{name}":{fields}}}"#);
    let descriptor = POOL.get_message_by_name("partnership.ledger.v1.Event").expect("the contract has events");
    let mut reader = serde_json::Deserializer::from_str(&json);
    let message = DynamicMessage::deserialize(descriptor, &mut reader).unwrap_or_else(|error| panic!("{json}: {error}"));
    message.transcode_to().expect("an event")
}

/// A ledger in memory, without a journal.
#[derive(Default)]
pub struct Journey {
    state: State,
    numbers: u64,
}

impl Journey {
    /// The last position.
    pub fn position(&self) -> u64 {
        self.state.position
    }

    /// What the house owes a partner in a currency, by everything recorded.
    pub fn net(&self, partner: &str, currency: &str) -> i128 {
        let row = self.state.partners.find(&Id::new(partner).expect("an id")).expect("a partner");
        let balances = self.state.balances(row, Seen::ALL);
        balances.iter().find(|balance| balance.currency.code() == currency).map_or(0, |balance| balance.net)
    }

    /// Records an event, or says why not.
    pub fn record(&mut self, date: &str, body: &str) -> Result<Vec<Effect>, Rejection> {
        self.numbers += 1;
        let message = event(self.numbers, date, body);
        let event = parse(std::slice::from_ref(&message)).expect("well formed").remove(0);
        let now = "2026-11-22T00:00:00Z".parse().expect("a time");
        let effects = self.state.decide(&event, now, 300)?;
        let record = Record { position: self.state.position + 1, recorded_at: now, event, effects: effects.clone() };
        self.state.evolve(&record);
        Ok(effects)
    }
}

/// The paths of the bad fields of a message.
pub fn violations(body: &str) -> Vec<String> {
    let violations = parse(&[event(1, "2025-01-01", body)]).expect_err("not an event");
    violations.into_iter().map(|violation| violation.field).collect()
}
