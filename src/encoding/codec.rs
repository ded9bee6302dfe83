//! The codec of snapshots: how a value is written and read back.

use super::{Input, Output};

/// A value that a snapshot holds. What is decoded equals what was encoded.
pub trait Codec: Sized {
    /// Writes it.
    fn encode(&self, out: &mut Output);

    /// Reads it back.
    ///
    /// # Errors
    /// If the bytes are not what `encode` writes.
    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged>;
}

/// Bytes are not what was encoded; says in what respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub &'static str);
