//! Appends: events with the bytes that their emitter sent, which are stored as they are.

use super::error::Error;
use super::memory::Account;
use super::permit::Permit;
use crate::proto;
use bytes::Bytes;
use prost::Message as _;
use std::sync::Arc;
use std::time::Instant;

/// Events to be recorded together (rules 2.4): all of them, next to each other and in order, or none.
#[derive(Clone, Debug)]
pub struct Append {
    /// The events, in order.
    pub events: Events,
    /// The ledger's last position as the emitter knows it; if it has moved on, nothing is recorded.
    pub expected_last_position: Option<u64>,
    /// Who submitted them.
    pub recorded_by: Arc<str>,
    /// What the submitter may record; `None` for anything.
    pub permit: Option<Arc<dyn Permit>>,
    /// When the caller no longer waits: not recorded if it passes while they are queued.
    pub deadline: Option<Instant>,
    /// Whose memory the answer takes; `None` if nobody counts it.
    pub account: Option<Account>,
}

/// Events in order, as the bytes that are stored of them. They are decoded once there is room for them.
#[derive(Clone, Debug, Default)]
pub struct Events {
    encoded: Vec<Bytes>,
    /// The same as messages, where they came as such.
    messages: Option<Vec<proto::Event>>,
}

impl Events {
    /// Events as their emitter encoded them; they need not be any.
    pub fn of(encoded: Vec<Bytes>) -> Self {
        Self { encoded, messages: None }
    }

    /// The events as bytes.
    pub fn encoded(&self) -> &[Bytes] {
        &self.encoded
    }

    /// Returns the events as messages and as bytes.
    ///
    /// # Errors
    /// `Undecodable` if one is not an event.
    pub(super) fn decoded(self) -> Result<(Vec<proto::Event>, Vec<Bytes>), Error> {
        let Self { encoded, messages } = self;
        let messages = messages.map_or_else(|| encoded.iter().map(|event| proto::Event::decode(&event[..])).collect(), Ok);
        Ok((messages.map_err(|error| Error::Undecodable(error.to_string()))?, encoded))
    }
}

impl From<Vec<proto::Event>> for Events {
    fn from(messages: Vec<proto::Event>) -> Self {
        let encoded = messages.iter().map(|message| message.encode_to_vec().into()).collect();
        Self { encoded, messages: Some(messages) }
    }
}
