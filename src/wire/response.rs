//! Responses to appends, with every result written directly to the bytes of its message.

use super::AppendResponse;
use super::fields::{delimited, number, text};
use crate::domain::ids::EventId;
use bytes::Bytes;
use smallvec::SmallVec;

/// Collects the results of a request. Their bytes lie in one buffer, of which each is a slice.
#[derive(Default)]
pub struct ResponseWriter {
    bytes: Vec<u8>,
    /// Where each result ends.
    ends: SmallVec<[usize; 4]>,
}

impl ResponseWriter {
    /// With room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: SmallVec::new() }
    }

    /// Adds the result of an event. Each effect comes as the bytes of its message.
    pub fn add<'a>(&mut self, position: u64, event_id: EventId, duplicate: bool, effects: impl Iterator<Item = &'a [u8]>) {
        let out = &mut self.bytes;
        number(out, 1, position);
        let mut buffer = uuid::Uuid::encode_buffer();
        text(out, 2, uuid::Uuid::from_u128(event_id.0).hyphenated().encode_lower(&mut buffer));
        number(out, 3, u64::from(duplicate));
        effects.for_each(|effect| delimited(out, 4, &[effect]));
        self.ends.push(self.bytes.len());
    }

    /// Returns the response, with the ledger's last position.
    pub fn finish(self, position: u64) -> AppendResponse {
        let bytes = Bytes::from(self.bytes);
        let mut start = 0;
        let results = self.ends.iter().map(|&end| bytes.slice(std::mem::replace(&mut start, end)..end)).collect();
        AppendResponse { results, position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;
    use prost::Message as _;

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
        assert_eq!(response.encode_to_vec(), expected.encode_to_vec());
        assert_eq!(response.to_message(), Ok(expected));
    }
}
