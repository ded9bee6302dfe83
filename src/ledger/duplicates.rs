//! Whether an event id was recorded before, and with the same content (rules 2.1).

use super::common::Core;
use super::error::Error;
use crate::domain::ids::EventId;
use crate::proto;
use prost::Message as _;

/// An earlier record with the same event id.
pub struct Earlier {
    /// Its position.
    pub position: u64,
    /// Its event as it was sent.
    pub content: proto::Event,
    /// Its effects.
    pub effects: Vec<proto::Effect>,
}

impl Earlier {
    /// Whether an event has the same content: all fields of the message, metadata included; the id without case.
    pub fn is_same(&self, message: &proto::Event) -> bool {
        let proto::Event { event_id, occurred_at, metadata, body } = message;
        event_id.eq_ignore_ascii_case(&self.content.event_id)
            && *occurred_at == self.content.occurred_at
            && *metadata == self.content.metadata
            && *body == self.content.body
    }
}

/// The record with an event id, durable or not.
pub fn find_earlier(core: &Core, event_id: EventId) -> Result<Option<Earlier>, Error> {
    find_until(core, event_id, u64::MAX)
}

/// The record with an event id at or before a position. What is not durable is found by the writer alone.
pub fn find_until(core: &Core, event_id: EventId, last: u64) -> Result<Option<Earlier>, Error> {
    let candidates = {
        let ids = core.ids.read();
        ids.candidates(ids.fingerprint(event_id))
    };
    for position in candidates.into_iter().filter(|position| *position <= last) {
        let record = decode(position, &core.stored(position)?)?;
        if let Some(event) = record.event.filter(|event| EventId::parse(&event.event_id) == Some(event_id)) {
            return Ok(Some(Earlier { position, content: event, effects: record.effects }));
        }
    }
    Ok(None)
}

/// A stored record as a message.
pub fn decode(position: u64, bytes: &[u8]) -> Result<proto::Record, Error> {
    let record = proto::Record::decode(bytes).map_err(|error| Error::Damaged(format!("record {position} cannot be read: {error}")))?;
    if record.position != position {
        return Err(Error::Damaged(format!("record {position} says that it is {}", record.position)));
    }
    Ok(record)
}
