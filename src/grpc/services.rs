//! The traits of the services, generated once more with messages of `wire` where parts are passed through as bytes, and
//! the codec of those methods.

use prost::Message;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::ProstDecoder;

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/partnership.ledger.v1.LedgerService.rs"));
    include!(concat!(env!("OUT_DIR"), "/partnership.ledger.v1.AuditService.rs"));
}

pub use generated::audit_service_server::{AuditService, AuditServiceServer};
pub use generated::ledger_service_server::{LedgerService, LedgerServiceServer};

/// Like `ProstCodec`, but makes room for the whole message first: large messages are not copied while the buffer grows.
#[derive(Debug)]
pub struct PassThroughCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for PassThroughCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Message + Default + 'static> Codec for PassThroughCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = PassThroughEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        PassThroughEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::new(BufferSettings::default())
    }
}

/// Encodes messages of a known length.
#[derive(Debug)]
pub struct PassThroughEncoder<T>(PhantomData<T>);

impl<T: Message> Encoder for PassThroughEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(message.encoded_len());
        message.encode(out).map_err(|error| Status::internal(error.to_string()))
    }
}
