//! How values become bytes and come back: varints, time differences, a codec for snapshots, packed lists in memory.
//! The ground floor: it knows nothing of the domain.

mod codec;
mod containers;
mod input;
mod loader;
mod macros;
mod output;
mod packer;
mod section;
mod time_delta;
mod values;
pub mod varint;

pub use codec::{Codec, Damaged};
pub use input::Input;
pub use loader::{LoadMany, LoadOne, Loader, keep_chunk};
pub(crate) use macros::{codec, codec_by_number, codec_enum, codec_message};
pub use output::Output;
pub use packer::{Packer, Unpacker};
pub use section::{MOST_AT_ONCE, Section, Sink, save_many};
