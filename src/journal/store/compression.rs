//! Compression of large frames in the store: their records repeat much, and sled writes each byte more than once. A
//! decompressed frame is checked by its own checksums.
//!
//! A frame is compressed in chunks, so that one record of it can be read without the others. All integers are little-endian:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `PLPACK`, the version 2, 0 |
//! | 8 | 4 | the frame's length |
//! | 12 | 4 | how many bytes follow these 16 |
//! | 16 | 4 | how many chunks: of 32 KiB of the frame, the last one of what is left |
//! | 20 | 8 each | each chunk's compressed length, and the CRC32C of what it unpacks to |
//! | … | 4 | CRC32C of all before |
//! | … | … | the chunks, each a Zstandard frame |
//!
//! Version 1, which is read as well, has one Zstandard frame of all right behind the first 16 bytes.

use crate::journal::frame::{MAX_COMMIT_BYTES, u32_at};
use std::cell::RefCell;
use std::ops::Range;
use zstd::bulk::{Compressor, Decompressor};

const MAGIC: [u8; 8] = *b"PLPACK\x02\0";
const MAGIC_1: [u8; 8] = *b"PLPACK\x01\0";
const HEADER_BYTES: usize = 16;
/// Smaller frames are not compressed: a single record repeats little.
const LEAST_BYTES: usize = 2 << 10;
/// Bytes of a frame that are compressed together.
const CHUNK_BYTES: usize = 32 << 10;
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
    let chunks = COMPRESSOR.with_borrow_mut(|compressor| {
        if compressor.is_none() {
            *compressor = Compressor::new(LEVEL).ok();
        }
        let compressor = compressor.as_mut()?;
        frame.chunks(CHUNK_BYTES).map(|chunk| compressor.compress(chunk).ok()).collect::<Option<Vec<_>>>()
    })?;
    let directory_bytes = directory_bytes(chunks.len());
    let stored = directory_bytes + chunks.iter().map(Vec::len).sum::<usize>();
    if stored >= frame.len() {
        return None;
    }
    let mut bytes = Vec::with_capacity(stored);
    let number = |bytes: &mut Vec<u8>, number: usize| bytes.extend_from_slice(&(number as u32).to_le_bytes());
    bytes.extend_from_slice(&MAGIC);
    number(&mut bytes, frame.len());
    number(&mut bytes, stored - HEADER_BYTES);
    number(&mut bytes, chunks.len());
    for (chunk, unpacked) in chunks.iter().zip(frame.chunks(CHUNK_BYTES)) {
        number(&mut bytes, chunk.len());
        bytes.extend_from_slice(&crc32c::crc32c(unpacked).to_le_bytes());
    }
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    chunks.iter().for_each(|chunk| bytes.extend_from_slice(chunk));
    Some(bytes)
}

/// Returns the length of the compressed frame that starts with these bytes; `None` if it is not compressed.
pub(crate) fn compressed_bytes(bytes: &[u8]) -> Option<usize> {
    let is_compressed = bytes.len() >= HEADER_BYTES && (bytes.starts_with(&MAGIC) || bytes.starts_with(&MAGIC_1));
    is_compressed.then(|| HEADER_BYTES + u32_at(bytes, 12) as usize)
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
    let Some(directory) = Directory::parse(bytes)? else {
        return unpack(&bytes[HEADER_BYTES..], length).map(Some);
    };
    let mut frame = vec![0; length];
    for chunk in 0..directory.chunks.len() {
        let packed = bytes.get(directory.stored(chunk)).ok_or("it ends too early")?;
        directory.unpack_into(chunk, packed, &mut frame[directory.frame_range(chunk)])?;
    }
    Ok(Some(frame))
}

fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let mut unpacked = vec![0; length];
    unpack_into(packed, &mut unpacked)?;
    Ok(unpacked)
}

/// Unpacks what has exactly that length.
fn unpack_into(packed: &[u8], unpacked: &mut [u8]) -> Result<(), String> {
    let length = DECOMPRESSOR.with_borrow_mut(|decompressor| {
        if decompressor.is_none() {
            *decompressor = Some(Decompressor::new()?);
        }
        decompressor.as_mut().map_or(Ok(0), |decompressor| decompressor.decompress_to_buffer(packed, unpacked))
    });
    let length = length.map_err(|error: std::io::Error| format!("it cannot be unpacked: {error}"))?;
    if length == unpacked.len() { Ok(()) } else { Err(format!("it unpacks to {length} bytes instead of {}", unpacked.len())) }
}

fn directory_bytes(chunks: usize) -> usize {
    HEADER_BYTES + 4 + 8 * chunks + 4
}

/// Where the chunks of a compressed frame are.
pub(crate) struct Directory {
    frame_bytes: usize,
    /// Where each chunk ends, and the checksum of what it unpacks to.
    chunks: Vec<(usize, u32)>,
}

impl Directory {
    /// Returns the directory of the frame that starts with these bytes; `None` if it has none. The error says what is wrong with
    /// it; that it is not whole yet is one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        if bytes.len() < HEADER_BYTES || !bytes.starts_with(&MAGIC) {
            return Ok(None);
        }
        let frame_bytes = u32_at(bytes, 8) as usize;
        let count = frame_bytes.div_ceil(CHUNK_BYTES);
        let directory = bytes.get(..directory_bytes(count)).ok_or("its directory ends too early")?;
        let (content, crc) = directory.split_at(directory.len() - 4);
        if u32_at(crc, 0) != crc32c::crc32c(content) || u32_at(content, HEADER_BYTES) as usize != count {
            return Err("its directory is damaged".to_owned());
        }
        let mut end = directory.len();
        let chunks = content[HEADER_BYTES + 4..].chunks_exact(8).map(|chunk| {
            end += u32_at(chunk, 0) as usize;
            (end, u32_at(chunk, 4))
        });
        Ok(Some(Self { frame_bytes, chunks: chunks.collect() }))
    }

    /// The chunks that have some bytes of the frame.
    pub(crate) fn chunks_of(&self, bytes: &Range<usize>) -> Range<usize> {
        bytes.start / CHUNK_BYTES..bytes.end.div_ceil(CHUNK_BYTES).min(self.chunks.len())
    }

    /// Where a chunk is stored.
    pub(crate) fn stored(&self, chunk: usize) -> Range<usize> {
        let start = chunk.checked_sub(1).map_or(directory_bytes(self.chunks.len()), |before| self.chunks[before].0);
        start..self.chunks[chunk].0
    }

    /// How long the frame is.
    pub(crate) fn frame_len(&self) -> usize {
        self.frame_bytes
    }

    /// The bytes of the frame that a chunk has.
    pub(crate) fn frame_range(&self, chunk: usize) -> Range<usize> {
        chunk * CHUNK_BYTES..self.frame_bytes.min((chunk + 1) * CHUNK_BYTES)
    }

    /// Unpacks a chunk, and checks it.
    pub(crate) fn unpack(&self, chunk: usize, packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut unpacked = vec![0; self.frame_range(chunk).len()];
        self.unpack_into(chunk, packed, &mut unpacked)?;
        Ok(unpacked)
    }

    fn unpack_into(&self, chunk: usize, packed: &[u8], unpacked: &mut [u8]) -> Result<(), String> {
        unpack_into(packed, unpacked)?;
        if crc32c::crc32c(unpacked) == self.chunks[chunk].1 { Ok(()) } else { Err(format!("its chunk {chunk} is damaged")) }
    }
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

    #[test]
    fn frames_that_earlier_releases_compressed_come_back() {
        let frame: Vec<u8> = (0..100_000_u32).map(|number| (number / 9) as u8).collect();
        let packed = zstd::bulk::compress(&frame, LEVEL).expect("compressed");
        let lengths = [frame.len(), packed.len()].map(|length| (length as u32).to_le_bytes());
        let bytes = [&MAGIC_1[..], &lengths.concat(), &packed].concat();
        assert_eq!(compressed_bytes(&bytes), Some(bytes.len()));
        assert_eq!(decompress(&bytes), Ok(Some(frame)));
    }

    #[test]
    fn a_chunk_is_unpacked_by_itself() {
        let frame: Vec<u8> = (0..100_000_u32).map(|number| (number / 9) as u8).collect();
        let compressed = compress(&frame).expect("it repeats itself");
        let directory = Directory::parse(&compressed).expect("whole").expect("it has one");
        assert_eq!(
            (directory.chunks_of(&(0..1)), directory.chunks_of(&(40_000..70_000)), directory.chunks_of(&(99_999..100_000))),
            (0..1, 1..3, 3..4)
        );
        for chunk in 0..4 {
            let unpacked = directory.unpack(chunk, &compressed[directory.stored(chunk)]).expect("whole");
            assert_eq!(unpacked, frame[directory.frame_range(chunk)]);
        }
        assert!(Directory::parse(&compressed[..30]).is_err());
    }
}
