//! The one place that knows field numbers of the contract: messages whose parts are passed through as bytes, and records,
//! results and effects that are written directly, without messages in between.
//!
//! Everything here is tested against the contract's own messages: the bytes are the same.

mod effects;
mod fields;
mod page;
mod pass_through;
mod record;
mod response;

pub use effects::EncodedEffects;
pub use page::EncodedPage;
pub use pass_through::{
    AppendRequest, AppendResponse, AppendStreamRequest, AppendStreamResponse, ReadRecordsResponse, SubscribeResponse,
    append_stream_response, subscribe_response,
};
pub use record::write_record;
pub use response::ResponseWriter;
