//! The store behind the log: the same frames in sled, which serves the reads, and the checkpoint that says how far it
//! is complete.

mod assembly;
mod checkpoint;
mod compression;
mod error;
mod part;
mod sled;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::{CHECKPOINT_FILE, FoundCheckpoint, NEW_CHECKPOINT_FILE, read_checkpoint};
pub(crate) use compression::{compress, decompress};
pub(crate) use error::StoreError;
pub(crate) use sled::{STORE_FILE, Store};
