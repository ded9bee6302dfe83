//! Events as their emitter encoded them, and answers as they go out: what is stored and sent is written once.

use super::error::Error;
use crate::domain::effect_encoding::{nested, number, text};
use crate::domain::ids::EventId;
use crate::proto;
use bytes::Bytes;
use prost::{DecodeError, Message as _};
use std::sync::Arc;
use std::time::Instant;

/// Events to be recorded together, each with the bytes it came in: these are stored as they are.
#[derive(Clone, Debug, Default)]
pub struct Events {
    messages: Vec<proto::Event>,
    encoded: Vec<Bytes>,
}

impl Events {
    /// Adds an event by its bytes.
    ///
    /// # Errors
    /// If they are no event.
    pub fn push(&mut self, encoded: Bytes) -> Result<(), DecodeError> {
        self.messages.push(proto::Event::decode(&encoded[..])?);
        self.encoded.push(encoded);
        Ok(())
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

/// Like `Append`, for events whose bytes are at hand.
#[derive(Clone, Debug)]
pub struct EncodedAppend {
    /// The events, in order.
    pub events: Events,
    /// As in `Append`.
    pub expected_last_position: Option<u64>,
    /// As in `Append`.
    pub recorded_by: Arc<str>,
    /// As in `Append`.
    pub deadline: Option<Instant>,
}

impl From<super::Append> for EncodedAppend {
    fn from(append: super::Append) -> Self {
        let super::Append { events, expected_last_position, recorded_by, deadline } = append;
        Self { events: events.into(), expected_last_position, recorded_by, deadline }
    }
}

/// The bytes of an `AppendResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedResponse(Bytes);

impl EncodedResponse {
    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The message.
    ///
    /// # Errors
    /// `Internal` if it cannot be read, which is a defect.
    pub fn decode(&self) -> Result<proto::AppendResponse, Error> {
        proto::AppendResponse::decode(&self.0[..]).map_err(|error| Error::Internal(format!("an answer cannot be read: {error}")))
    }
}

/// An `AppendResponse` that is being written.
#[derive(Default)]
pub struct ResponseWriter(Vec<u8>);

impl ResponseWriter {
    /// With room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds the result of an event. Each effect comes as the bytes of its message.
    pub fn add<'a>(&mut self, position: u64, event_id: EventId, duplicate: bool, effects: impl Iterator<Item = &'a [u8]>) {
        nested(&mut self.0, 1, |out| {
            number(out, 1, position);
            let mut buffer = uuid::Uuid::encode_buffer();
            text(out, 2, uuid::Uuid::from_u128(event_id.0).hyphenated().encode_lower(&mut buffer));
            number(out, 3, u64::from(duplicate));
            effects.for_each(|effect| nested(out, 4, |out| out.extend_from_slice(effect)));
        });
    }

    /// The response, with the ledger's last position.
    pub fn finish(mut self, position: u64) -> EncodedResponse {
        number(&mut self.0, 2, position);
        EncodedResponse(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_written_as_their_message_is() {
        let effect = proto::Effect {
            effect: Some(proto::effect::Effect::BrandUseApproved(proto::BrandUseApproved { brand_use_id: "logo-1".to_owned() })),
        };
        let event_id = EventId::parse("01890a5d-ac96-774b-bcce-b302099a8057").expect("a UUID");
        let result = |position, duplicate, effects| proto::AppendResult { position, event_id: event_id.to_string(), duplicate, effects };
        let expected = proto::AppendResponse {
            results: vec![result(300, false, vec![effect.clone(), effect.clone()]), result(7, true, Vec::new())],
            position: 300,
        };
        let bytes = effect.encode_to_vec();
        let mut writer = ResponseWriter::default();
        writer.add(300, event_id, false, [&bytes[..], &bytes].into_iter());
        writer.add(7, event_id, true, std::iter::empty());
        let response = writer.finish(300);
        assert_eq!(response.bytes(), &expected.encode_to_vec());
        assert_eq!(response.decode(), Ok(expected));
    }
}
