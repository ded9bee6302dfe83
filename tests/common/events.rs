//! Events to send.

use super::facts::{adjusted, registered, signed};
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{AppendRequest, Event, PartnerKind, PartnerRegistered, Terms};

/// The event id that a name stands for.
pub fn event_id(name: &str) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// An event of an hour ago whose id is made of `name`.
pub fn event(name: &str, body: Body) -> Event {
    // One hour for all: what is sent again must be the same.
    static HOUR_AGO: std::sync::LazyLock<chrono::DateTime<chrono::Utc>> =
        std::sync::LazyLock::new(|| chrono::Utc::now() - chrono::Duration::hours(1));
    Event { event_id: event_id(name), occurred_at: Some(timestamp(*HOUR_AGO)), metadata: [].into(), body: Some(body) }
}

/// A partner is registered.
pub fn partner(id: &str) -> Event {
    event(&format!("partner {id}"), registered(id))
}

/// An agreement is signed with a partner.
pub fn agreement(id: &str, partner: &str) -> Event {
    event(&format!("agreement {id}"), signed(id, partner, Terms::default()))
}

/// Commission is given by hand under an agreement, in US cents.
pub fn adjustment(id: &str, agreement: &str, minor_units: i64) -> Event {
    event(&format!("adjustment {id}"), adjusted(id, agreement, minor_units))
}

/// A partner is registered, in November 2023, by a name of so many times 36 bytes.
pub fn long_named(id: &str, times: usize) -> Event {
    let registered = PartnerRegistered {
        partner_id: id.into(),
        display_name: "A partner with a name of some length ".repeat(times),
        kind: PartnerKind::Affiliate as i32,
        ..PartnerRegistered::default()
    };
    Event {
        event_id: event_id(id),
        occurred_at: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        metadata: [].into(),
        body: Some(Body::PartnerRegistered(registered)),
    }
}

/// The request that appends events, whatever the last position is.
pub fn append_request(events: impl Into<Vec<Event>>) -> AppendRequest {
    AppendRequest { events: events.into(), expected_last_position: None }
}
