//! Reading some records of a frame without the rest of it.

use super::compression::Directory;
use crate::journal::frame::{FrameHeader, HEADER_BYTES, parse_header, u32_at};
use std::ops::Range;

/// Reads bytes of a stored frame.
pub(super) trait Pieces {
    type Error;

    /// The bytes of a range; fewer if the frame ends before.
    fn read(&self, range: Range<usize>) -> Result<Vec<u8>, Self::Error>;
}

/// A compressed frame of which some chunks are unpacked.
pub(super) struct Part<'a, P> {
    pieces: &'a P,
    directory: Directory,
    /// The chunk that was unpacked last.
    unpacked: Option<(usize, Vec<u8>)>,
}

impl<'a, P: Pieces> Part<'a, P>
where
    P::Error: From<String>,
{
    pub(super) fn new(pieces: &'a P, directory: Directory) -> Self {
        Self { pieces, directory, unpacked: None }
    }

    /// Returns bytes of the frame. A damaged length leads beyond its end: no room is made for that.
    fn bytes(&mut self, range: Range<usize>) -> Result<Vec<u8>, P::Error> {
        if range.end > self.directory.frame_len() {
            return Err("a record lies beyond its end".to_owned().into());
        }
        let mut bytes = Vec::with_capacity(range.len());
        for chunk in self.directory.chunks_of(&range) {
            let has = self.directory.frame_range(chunk);
            let unpacked = self.chunk(chunk)?;
            let (start, end) = (range.start.max(has.start) - has.start, range.end.min(has.end) - has.start);
            bytes.extend_from_slice(&unpacked[start..end]);
        }
        if bytes.len() == range.len() { Ok(bytes) } else { Err("a record lies beyond its end".to_owned().into()) }
    }

    fn chunk(&mut self, chunk: usize) -> Result<&[u8], P::Error> {
        if self.unpacked.as_ref().is_none_or(|(known, _)| *known != chunk) {
            let packed = self.pieces.read(self.directory.stored(chunk))?;
            self.unpacked = Some((chunk, self.directory.unpack(chunk, &packed)?));
        }
        Ok(self.unpacked.as_ref().map_or(&[], |(_, bytes)| bytes))
    }

    /// Returns the header, and the records from a position on, so many at most; none if the frame does not have it.
    pub(super) fn records(&mut self, position: u64, most: usize) -> Result<(FrameHeader, Vec<Vec<u8>>), P::Error> {
        let header = parse_header(&self.bytes(0..HEADER_BYTES)?).map_err(|fault| fault.to_string())?;
        let mut records = Vec::new();
        if !(header.first..=header.last()).contains(&position) {
            return Ok((header, records));
        }
        let table = self.bytes(HEADER_BYTES..HEADER_BYTES + header.count as usize * 4)?;
        let lengths = table.chunks_exact(4).map(|length| u32_at(length, 0) as usize);
        let skipped = (position - header.first) as usize;
        let mut start = HEADER_BYTES + table.len() + lengths.clone().take(skipped).sum::<usize>();
        for length in lengths.skip(skipped).take(most) {
            records.push(self.bytes(start..start + length)?);
            start += length;
        }
        Ok((header, records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Batch;
    use crate::journal::frame::encode_frame;
    use crate::journal::merkle::TreeHead;
    use crate::journal::store::compression::compress;

    impl Pieces for Vec<u8> {
        type Error = String;

        fn read(&self, range: Range<usize>) -> Result<Vec<u8>, String> {
            Ok(self[range].to_vec())
        }
    }

    fn records(frame: &[u8], position: u64) -> Result<Vec<Vec<u8>>, String> {
        let stored = compress(frame).expect("it repeats itself");
        let directory = Directory::parse(&stored)?.expect("it has one");
        Part::new(&stored, directory).records(position, 9).map(|(_, records)| records)
    }

    #[test]
    fn a_length_that_leads_beyond_the_frame_is_an_error() {
        let mut batch = Batch::new();
        (0..4).for_each(|_| batch.push(&[7; 3_000]));
        let mut frame = Vec::new();
        encode_frame(&mut frame, 1, &batch, TreeHead { size: 4, root: [0; 32] });
        assert_eq!(records(&frame, 2), Ok(vec![vec![7; 3_000]; 3]));
        for length in [frame.len(), frame.len() - 50, u32::MAX as usize] {
            frame[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&u32::try_from(length).expect("32 bits").to_le_bytes());
            for position in [1, 2] {
                assert_eq!(records(&frame, position), Err("a record lies beyond its end".to_owned()), "{length}");
            }
        }
    }
}
