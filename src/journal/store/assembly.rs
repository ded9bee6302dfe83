//! Keys of the store's values, and assembling frames from the values (pieces).

use ::sled::IVec;

use super::compression::{compressed_bytes, decompress};
use super::error::StoreError;
use crate::journal::frame::{Frame, FrameFault, parse_header};

/// The key of a piece: the frame's first position and the piece's index, big-endian.
pub(crate) fn key(first: u64, piece: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&first.to_be_bytes());
    key[8..].copy_from_slice(&piece.to_be_bytes());
    key
}

/// The reverse of [`key`].
pub(crate) fn split_key(key: &IVec) -> Result<(u64, u16), StoreError> {
    let key: [u8; 10] = key[..].try_into().map_err(|_| StoreError::Unusable("it has a key of the wrong length".into()))?;
    let (first, piece) = key.split_at(8);
    let first = first.iter().fold(0, |first, &byte| first << 8 | u64::from(byte));
    let piece = piece.iter().fold(0, |piece, &byte| piece << 8 | u16::from(byte));
    Ok((first, piece))
}

/// Returns the stored length of the frame that starts with these bytes, compressed or not.
fn stored_bytes(bytes: &[u8]) -> Result<usize, FrameFault> {
    compressed_bytes(bytes).map_or_else(|| parse_header(bytes).map(|header| header.frame_bytes()), Ok)
}

/// Assembles frames from their pieces.
pub(crate) struct Assembly {
    /// The first position and the index of the piece that must come next.
    next: (u64, u16),
    bytes: Vec<u8>,
}

impl Assembly {
    /// Starts with the frame whose first position is `first`.
    pub fn new(first: u64) -> Self {
        Self { next: (first, 0), bytes: Vec::new() }
    }

    /// Takes the next piece. Returns what `visit` does; true if the frame is not complete.
    pub fn take(&mut self, at: (u64, u16), value: &[u8], visit: &mut impl FnMut(&Frame) -> bool) -> Result<bool, StoreError> {
        if at != self.next {
            let (first, piece) = self.next;
            let what = format!("it lacks piece {piece} of the frame from position {first} on");
            return Err(StoreError::Unusable(what));
        }
        let (first, piece) = at;
        let damaged = |fault| StoreError::Unusable(format!("its frame from position {first} on: {fault}"));
        let is_single = piece == 0 && stored_bytes(value).is_ok_and(|bytes| bytes == value.len());
        if !is_single {
            self.bytes.extend_from_slice(value);
            if self.bytes.len() < stored_bytes(&self.bytes).map_err(damaged)? {
                self.next = (first, piece + 1);
                return Ok(true);
            }
        }
        let bytes = if is_single { value } else { &self.bytes };
        let decompressed = decompress(bytes).map_err(|why| StoreError::Unusable(format!("its frame from position {first} on: {why}")))?;
        let frame = Frame::parse(decompressed.as_deref().unwrap_or(bytes)).map_err(damaged)?;
        if frame.header.first != first {
            return Err(StoreError::Unusable(format!("another frame lies at position {first}")));
        }
        self.next = (frame.header.last() + 1, 0);
        let goes_on = visit(&frame);
        self.bytes.clear();
        Ok(goes_on)
    }
}
