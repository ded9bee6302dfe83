//! Compression of large frames in the store: their records repeat much, and sled writes each byte more than once. A
//! decompressed frame is checked by its own checksums.

use crate::journal::frame::{MAX_COMMIT_BYTES, u32_at};
use std::cell::RefCell;
use zstd::bulk::{Compressor, Decompressor};

/// A compressed frame: these, the frame's length and the compressed length (4 bytes each, little-endian), then the
/// Zstandard frame.
const MAGIC: [u8; 8] = *b"PLPACK\x01\0";
const HEADER_BYTES: usize = 16;
/// Smaller frames are not compressed: a single record repeats little.
const LEAST_BYTES: usize = 2 << 10;
/// The fastest Zstandard level that still finds what records repeat.
const LEVEL: i32 = 1;
/// More than the size of any frame, in bytes.
const MOST_BYTES: usize = 2 * MAX_COMMIT_BYTES;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses a frame; `None` if it would not become smaller.
pub(crate) fn compress(frame: &[u8]) -> Option<Vec<u8>> {
    if frame.len() < LEAST_BYTES {
        return None;
    }
    let compressed = COMPRESSOR.with_borrow_mut(|compressor| {
        if compressor.is_none() {
            *compressor = Compressor::new(LEVEL).ok();
        }
        compressor.as_mut()?.compress(frame).ok()
    })?;
    if compressed.len() + HEADER_BYTES >= frame.len() {
        return None;
    }
    let mut bytes = Vec::with_capacity(HEADER_BYTES + compressed.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&(frame.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(compressed.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&compressed);
    Some(bytes)
}

/// Returns the length of the compressed frame that starts with these bytes; `None` if it is not compressed.
pub(crate) fn compressed_bytes(bytes: &[u8]) -> Option<usize> {
    (bytes.len() >= HEADER_BYTES && bytes.starts_with(&MAGIC)).then(|| HEADER_BYTES + u32_at(bytes, 12) as usize)
}

/// Decompresses a frame; `None` if it is not compressed. The error says what is wrong with it.
pub(crate) fn decompress(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    if compressed_bytes(bytes).is_none() {
        return Ok(None);
    }
    let length = u32_at(bytes, 8) as usize;
    if length > MOST_BYTES {
        return Err(format!("it says that it has {length} bytes"));
    }
    let frame = DECOMPRESSOR.with_borrow_mut(|decompressor| {
        if decompressor.is_none() {
            *decompressor = Some(Decompressor::new()?);
        }
        decompressor.as_mut().map_or_else(|| Ok(Vec::new()), |decompressor| decompressor.decompress(&bytes[HEADER_BYTES..], length))
    });
    let frame = frame.map_err(|error: std::io::Error| format!("it cannot be unpacked: {error}"))?;
    if frame.len() == length { Ok(Some(frame)) } else { Err(format!("it unpacks to {} bytes instead of {length}", frame.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_frames_come_back_smaller_in_between() {
        let frame: Vec<u8> = (0_u32..4_000).flat_map(|number| [b's', b'a', b'l', b'e', (number / 7) as u8]).collect();
        let compressed = compress(&frame).expect("it repeats itself");
        assert!(compressed.len() < frame.len() / 4, "{} of {}", compressed.len(), frame.len());
        assert_eq!(compressed_bytes(&compressed), Some(compressed.len()));
        assert_eq!(decompress(&compressed), Ok(Some(frame)));
    }

    #[test]
    fn small_frames_and_what_does_not_repeat_stay_as_they_are() {
        assert_eq!(compress(&[7; 100]), None);
        let mut state = 1_u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        });
        assert_eq!(compress(&noise.take(10_000).collect::<Vec<u8>>()), None);
        assert_eq!(decompress(b"a frame that is not packed"), Ok(None));
    }

    #[test]
    fn damage_is_an_error_or_other_bytes_and_never_a_panic() {
        let frame: Vec<u8> = (0..3_000_u32).map(|number| (number % 50) as u8).collect();
        let compressed = compress(&frame).expect("it repeats itself");
        for bit in 0..compressed.len() * 8 {
            let mut damaged = compressed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(Some(bytes)) = decompress(&damaged) {
                assert!(bytes.len() <= MOST_BYTES);
            }
        }
        assert!(decompress(&compressed[..compressed.len() - 1]).is_err());
    }
}
