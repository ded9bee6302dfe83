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
    /// Decodes a stored record; `None` if it has no event.
    pub fn of(position: u64, bytes: &[u8]) -> Result<Option<Self>, Error> {
        let record = decode(position, bytes)?;
        Ok(record.event.map(|content| Self { position, content, effects: record.effects }))
    }

    /// Whether an event has the same content: all fields of the message, metadata included; the id without case.
    pub fn is_same(&self, encoded: &[u8]) -> Result<bool, Error> {
        let message =
            proto::Event::decode(encoded).map_err(|error| Error::Internal(format!("an event that was read once cannot be: {error}")))?;
        let proto::Event { event_id, occurred_at, metadata, body } = message;
        Ok(event_id.eq_ignore_ascii_case(&self.content.event_id)
            && occurred_at == self.content.occurred_at
            && metadata == self.content.metadata
            && body == self.content.body)
    }
}

/// The record with an event id, durable or not.
pub fn find_earlier(core: &Core, event_id: EventId) -> Result<Option<Earlier>, Error> {
    find_until(core, event_id, u64::MAX)
}

/// The record with an event id at or before a position. Only the writer may look beyond the last durable one.
pub fn find_until(core: &Core, event_id: EventId, last: u64) -> Result<Option<Earlier>, Error> {
    for position in core.projections.candidates(event_id).into_iter().filter(|position| *position <= last) {
        let earlier = Earlier::of(position, &core.stored(position)?)?;
        if let Some(earlier) = earlier.filter(|earlier| EventId::parse(&earlier.content.event_id) == Some(event_id)) {
            return Ok(Some(earlier));
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
