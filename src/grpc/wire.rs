//! How events come in, and records and answers go out: with their bytes, which are stored and sent as they are.
//!
//! The messages are those of the contract; only what need not be read stays unread, and what is encoded already is not
//! encoded again.

use crate::ledger::{EncodedResponse, Events};
use crate::proto;
use crate::queries::records::RecordsPage;
use bytes::{Buf as _, BufMut as _, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message as _};
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/partnership.ledger.v1.LedgerService.rs"));
    include!(concat!(env!("OUT_DIR"), "/partnership.ledger.v1.AuditService.rs"));
}

pub use generated::audit_service_server::{AuditService, AuditServiceServer};
pub use generated::ledger_service_server::{LedgerService, LedgerServiceServer};

/// An `AppendRequest`.
#[derive(Debug, Default)]
pub struct Append {
    /// The events.
    pub events: Events,
    /// The position that the emitter expects.
    pub expected_last_position: Option<u64>,
}

/// An `AppendResponse`.
#[derive(Debug)]
pub struct Appended(pub EncodedResponse);

/// An `AppendStreamRequest`.
#[derive(Debug, Default)]
pub struct StreamAppend {
    /// What the client calls it.
    pub request_id: String,
    /// What is to be recorded.
    pub append: Append,
}

/// An `AppendStreamResponse`.
#[derive(Debug)]
pub struct StreamAppended {
    /// What the client called the request.
    pub request_id: String,
    /// How it came out.
    pub outcome: Result<EncodedResponse, proto::AppendError>,
}

/// A `ReadRecordsRequest`.
#[derive(Debug, Default)]
pub struct RecordsAsked(pub proto::ReadRecordsRequest);

/// What is read from the wire.
pub trait FromWire: Sized {
    /// The message of these bytes.
    ///
    /// # Errors
    /// If they are not one.
    fn from_wire(bytes: Bytes) -> Result<Self, DecodeError>;
}

/// What is written to the wire.
pub trait ToWire {
    /// Writes the message's bytes.
    fn to_wire(&self, out: &mut EncodeBuf<'_>);
}

/// The fields of a message: `read` takes what it knows, and answers whether it did.
fn each_field(mut bytes: Bytes, mut read: impl FnMut(u32, WireType, &mut Bytes) -> Result<bool, DecodeError>) -> Result<(), DecodeError> {
    while bytes.has_remaining() {
        let (field, wire_type) = decode_key(&mut bytes)?;
        if !read(field, wire_type, &mut bytes)? {
            skip_field(wire_type, field, &mut bytes, DecodeContext::default())?;
        }
    }
    Ok(())
}

/// A field of bytes, as a part of the message's own.
fn delimited(wire_type: WireType, bytes: &mut Bytes) -> Result<Bytes, DecodeError> {
    let mut field = Bytes::new();
    prost::encoding::bytes::merge(wire_type, &mut field, bytes, DecodeContext::default())?;
    Ok(field)
}

fn read_number(wire_type: WireType, bytes: &mut Bytes) -> Result<u64, DecodeError> {
    prost::encoding::check_wire_type(WireType::Varint, wire_type)?;
    decode_varint(bytes)
}

impl FromWire for Append {
    fn from_wire(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut append = Self::default();
        each_field(bytes, |field, wire_type, bytes| {
            match field {
                1 => append.events.push(delimited(wire_type, bytes)?)?,
                2 => append.expected_last_position = Some(read_number(wire_type, bytes)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(append)
    }
}

impl FromWire for StreamAppend {
    fn from_wire(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut request = Self::default();
        each_field(bytes, |field, wire_type, bytes| {
            match field {
                1 => prost::encoding::string::merge(wire_type, &mut request.request_id, bytes, DecodeContext::default())?,
                2 => request.append.events.push(delimited(wire_type, bytes)?)?,
                3 => request.append.expected_last_position = Some(read_number(wire_type, bytes)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(request)
    }
}

impl ToWire for Appended {
    fn to_wire(&self, out: &mut EncodeBuf<'_>) {
        out.reserve(self.0.bytes().len());
        out.put_slice(self.0.bytes());
    }
}

impl ToWire for StreamAppended {
    fn to_wire(&self, out: &mut EncodeBuf<'_>) {
        match &self.outcome {
            Ok(response) => {
                out.reserve(self.request_id.len() + response.bytes().len() + 24);
                if !self.request_id.is_empty() {
                    prost::encoding::string::encode(1, &self.request_id, out);
                }
                prost::encoding::bytes::encode(2, response.bytes(), out);
            }
            Err(error) => {
                let outcome = proto::append_stream_response::Outcome::Error(error.clone());
                let message = proto::AppendStreamResponse { request_id: self.request_id.clone(), outcome: Some(outcome) };
                out.put_slice(&message.encode_to_vec());
            }
        }
    }
}

impl FromWire for RecordsAsked {
    fn from_wire(bytes: Bytes) -> Result<Self, DecodeError> {
        proto::ReadRecordsRequest::decode(bytes).map(Self)
    }
}

impl ToWire for RecordsPage {
    fn to_wire(&self, out: &mut EncodeBuf<'_>) {
        out.reserve(self.records.iter().map(|record| record.bytes.len() + 8).sum());
        for record in &self.records {
            prost::encoding::bytes::encode(1, &record.bytes, out);
        }
        if self.position != 0 {
            prost::encoding::uint64::encode(2, &self.position, out);
        }
    }
}

/// The codec of these messages.
#[derive(Debug)]
pub struct WireCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for WireCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: ToWire + Send + 'static, U: FromWire + Send + 'static> Codec for WireCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = WireEncoder<T>;
    type Decoder = WireDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        WireEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        WireDecoder(PhantomData)
    }
}

/// Writes answers.
#[derive(Debug)]
pub struct WireEncoder<T>(PhantomData<T>);

impl<T: ToWire> Encoder for WireEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.to_wire(out);
        Ok(())
    }
}

/// Reads requests.
#[derive(Debug)]
pub struct WireDecoder<U>(PhantomData<U>);

impl<U: FromWire> Decoder for WireDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = bytes.copy_to_bytes(bytes.remaining());
        // As tonic answers what is no message of the contract.
        U::from_wire(bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u8) -> proto::Event {
        let body = proto::event::Body::LeadQualified(proto::LeadQualified { lead_id: format!("lead-{number}") });
        proto::Event { event_id: format!("01890a5d-ac96-774b-bcce-b302099a80{number:02}"), body: Some(body), ..Default::default() }
    }

    #[test]
    fn requests_are_read_as_their_messages_are_written() {
        let events = vec![event(1), event(2)];
        let request = proto::AppendRequest { events: events.clone(), expected_last_position: Some(0) };
        let read = Append::from_wire(request.encode_to_vec().into()).expect("a message");
        assert_eq!((read.events.messages(), read.expected_last_position), (&events[..], Some(0)));
        assert_eq!(read.events.encoded(), events.iter().map(|event| Bytes::from(event.encode_to_vec())).collect::<Vec<_>>());

        let request = proto::AppendStreamRequest { request_id: "mine".to_owned(), events: events.clone(), expected_last_position: None };
        let read = StreamAppend::from_wire(request.encode_to_vec().into()).expect("a message");
        assert_eq!((read.request_id.as_str(), read.append.events.messages()), ("mine", &events[..]));
        assert_eq!(read.append.expected_last_position, None);
    }

    #[test]
    fn fields_of_a_later_contract_are_passed_over_and_broken_messages_refused() {
        let mut bytes = proto::AppendRequest { events: vec![event(1)], expected_last_position: None }.encode_to_vec();
        prost::encoding::string::encode(99, &"from the future".to_owned(), &mut bytes);
        assert_eq!(Append::from_wire(bytes.clone().into()).expect("a message").events.messages().len(), 1);
        for cut in 1..bytes.len() {
            // Cut between two fields it is a whole message still.
            let ours = Append::from_wire(Bytes::copy_from_slice(&bytes[..cut])).map_err(|_| ());
            let theirs = proto::AppendRequest::decode(&bytes[..cut]).map_err(|_| ());
            assert_eq!(ours.map(|read| read.events.messages().to_vec()), theirs.map(|read| read.events), "{cut}");
        }
        assert!(Append::from_wire(Bytes::from_static(&[0x08, 0x01])).is_err(), "a number in place of an event");
    }
}
