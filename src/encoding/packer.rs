//! Numbers and times packed in memory, for lists that are long and read in order. Unlike the codec, it trusts the bytes.

use super::time_delta::PreviousTime;
use super::varint::{self, unzigzag, unzigzag_wide, zigzag, zigzag_wide};
use chrono::{DateTime, Utc};
use std::convert::Infallible;

/// Writes numbers and times, times as the difference to the one before.
#[derive(Default)]
pub struct Packer {
    bytes: Vec<u8>,
    time: PreviousTime,
}

/// Reads what a packer wrote, in the same order.
#[derive(Clone, Debug)]
pub struct Unpacker<'a> {
    bytes: &'a [u8],
    time: PreviousTime,
}

impl Packer {
    /// Writes a byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes a varint.
    pub fn number(&mut self, number: u64) {
        varint::write(number, |byte| self.bytes.push(byte));
    }

    /// Writes a signed number: ZigZag, as a varint.
    pub fn signed(&mut self, number: i64) {
        self.number(zigzag(number));
    }

    /// Writes a sum, which may be out of the range of 64 bits.
    pub fn sum(&mut self, sum: i128) {
        let sum = zigzag_wide(sum);
        let (low, high) = (sum & u128::from(u64::MAX >> 1), sum >> 63);
        // The lowest bit says whether the upper bits follow.
        self.number(u64::try_from(low).expect("63 bits") << 1 | u64::from(high != 0));
        if high != 0 {
            let parts = [high & u128::from(u64::MAX), high >> 64];
            parts.into_iter().for_each(|part| self.number(u64::try_from(part).expect("64 bits")));
        }
    }

    /// Writes a time.
    pub fn time(&mut self, time: DateTime<Utc>) {
        let Self { bytes, time: previous } = self;
        previous.write(time, |number| varint::write(number, |byte| bytes.push(byte)));
    }

    /// Returns the bytes.
    pub fn finish(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }
}

impl<'a> Unpacker<'a> {
    /// Reads what a packer wrote, from the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, time: PreviousTime::default() }
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Reads a byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().expect("what is read was written");
        self.bytes = rest;
        *first
    }

    /// Reads a varint.
    pub fn number(&mut self) -> u64 {
        let Ok(number) = varint::read(|| Ok::<_, Infallible>(self.byte()));
        number.expect("a number was written")
    }

    /// Reads a signed number.
    pub fn signed(&mut self) -> i64 {
        unzigzag(self.number())
    }

    /// Reads a sum.
    pub fn sum(&mut self) -> i128 {
        let low = self.number();
        let mut sum = u128::from(low >> 1);
        if low & 1 == 1 {
            let parts = [self.number(), self.number()];
            sum |= (u128::from(parts[0]) | u128::from(parts[1]) << 64) << 63;
        }
        unzigzag_wide(sum)
    }

    /// Reads a time.
    pub fn time(&mut self) -> DateTime<Utc> {
        let mut previous = self.time;
        let Ok(time) = previous.read(|| Ok::<_, Infallible>(self.number()));
        self.time = previous;
        time.expect("a time was written")
    }

    /// Reads a time as seconds of Unix time and nanoseconds, which costs less: they are in the order of times.
    pub fn instant(&mut self) -> (i64, u32) {
        let mut previous = self.time;
        let Ok(instant) = previous.read_instant(|| Ok::<_, Infallible>(self.number()));
        self.time = previous;
        instant.expect("a time was written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn a_time() -> impl Strategy<Value = DateTime<Utc>> {
        let seconds = prop_oneof![-62_135_596_800_i64..=253_402_300_799, 1_700_000_000_i64..1_700_100_000];
        let nanoseconds = prop_oneof![4 => Just(0_u32), 1 => 0..1_000_000_000_u32];
        (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds).expect("a time"))
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(rows in prop::collection::vec((any::<u8>(), any::<u64>(), any::<i64>(), any::<i128>(), a_time()), 0..20)) {
            let mut packer = Packer::default();
            for (byte, number, signed, sum, time) in &rows {
                packer.byte(*byte);
                packer.number(*number);
                packer.signed(*signed);
                packer.sum(*sum);
                packer.sum(*sum >> 70);
                packer.time(*time);
            }
            let bytes = packer.finish();
            let mut unpacker = Unpacker::new(&bytes);
            for row in rows {
                let read = (unpacker.byte(), unpacker.number(), unpacker.signed(), unpacker.sum());
                prop_assert_eq!(unpacker.sum(), row.3 >> 70);
                prop_assert_eq!((read.0, read.1, read.2, read.3, unpacker.time()), row);
            }
            prop_assert!(unpacker.is_done());
        }
    }
}
