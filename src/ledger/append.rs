//! Appends: events with the bytes that their emitter sent, which are stored as they are.

use crate::proto;
use bytes::Bytes;
use prost::{DecodeError, Message as _};
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
    /// When the caller no longer waits: not recorded if it passes while they are queued.
    pub deadline: Option<Instant>,
}

/// Events in order, each as a message and as the bytes that are stored of it.
#[derive(Clone, Debug, Default)]
pub struct Events {
    messages: Vec<proto::Event>,
    encoded: Vec<Bytes>,
}

impl Events {
    /// Decodes events and keeps their bytes.
    ///
    /// # Errors
    /// If one is not an event.
    pub fn decode(encoded: Vec<Bytes>) -> Result<Self, DecodeError> {
        let messages: Result<_, _> = encoded.iter().map(|event| proto::Event::decode(&event[..])).collect();
        Ok(Self { messages: messages?, encoded })
    }

    /// The events as messages.
    pub fn messages(&self) -> &[proto::Event] {
        &self.messages
    }

    /// The events as bytes.
    pub fn encoded(&self) -> &[Bytes] {
        &self.encoded
    }

    pub(super) fn into_encoded(self) -> Vec<Bytes> {
        self.encoded
    }
}

impl From<Vec<proto::Event>> for Events {
    fn from(messages: Vec<proto::Event>) -> Self {
        let encoded = messages.iter().map(|message| message.encode_to_vec().into()).collect();
        Self { messages, encoded }
    }
}
