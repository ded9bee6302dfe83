//! Numbers and times in as few bytes as they need, for what is kept in great number and read again in order.

mod saved;

use super::calendar::Time;
use super::{LAST_POSITION, Stamp};

/// Writes numbers and times, times as the difference to the one before.
#[derive(Default)]
pub struct Packer {
    bytes: Vec<u8>,
    times: Times,
}

/// Reads what a packer wrote, in the same order.
#[derive(Clone, Debug)]
pub struct Unpacker<'a> {
    bytes: &'a [u8],
    times: Times,
}

/// The time that the next one differs from.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    seconds: i64,
    nanoseconds: u32,
}

/// Writes a number: seven bits a byte, least first.
#[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
pub fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A number that may be below zero, as one that is not: the lowest bit is the sign.
pub fn folded(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// What was folded.
pub fn unfolded(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

impl Packer {
    /// Writes a byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes a number: seven bits a byte, least first.
    pub fn number(&mut self, number: u64) {
        put_number(&mut self.bytes, number);
    }

    /// Writes a number that may be below zero.
    pub fn signed(&mut self, number: i64) {
        self.number(folded(number));
    }

    /// Writes a sum, which may be out of the range of 64 bits.
    pub fn sum(&mut self, sum: i128) {
        let folded = (sum << 1 ^ sum >> 127).cast_unsigned();
        let (low, high) = (folded & u128::from(u64::MAX >> 1), folded >> 63);
        // The lowest bit says whether the rest follows.
        self.number(u64::try_from(low).expect("63 bits") << 1 | u64::from(high != 0));
        if high != 0 {
            let parts = [high & u128::from(u64::MAX), high >> 64];
            parts.into_iter().for_each(|part| self.number(u64::try_from(part).expect("64 bits")));
        }
    }

    /// Writes a time.
    pub fn time(&mut self, time: Time) {
        let (seconds, nanoseconds) = (time.timestamp(), time.timestamp_subsec_nanos());
        // The lowest bit says whether the nanoseconds follow.
        self.signed((seconds - self.times.seconds) << 1 | i64::from(nanoseconds != self.times.nanoseconds));
        if nanoseconds != self.times.nanoseconds {
            self.number(u64::from(nanoseconds));
        }
        self.times = Times { seconds, nanoseconds };
    }

    /// What was written.
    pub fn finish(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }
}

impl<'a> Unpacker<'a> {
    /// Reads what a packer wrote, from the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, times: Times::default() }
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

    /// Reads a number.
    pub fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    /// Reads a number that may be below zero.
    pub fn signed(&mut self) -> i64 {
        let number = self.number();
        unfolded(number)
    }

    /// Reads a sum.
    pub fn sum(&mut self) -> i128 {
        let low = self.number();
        let mut folded = u128::from(low >> 1);
        if low & 1 == 1 {
            let parts = [self.number(), self.number()];
            folded |= (u128::from(parts[0]) | u128::from(parts[1]) << 64) << 63;
        }
        (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()
    }

    /// Reads a time.
    pub fn time(&mut self) -> Time {
        let difference = self.signed();
        self.times.seconds += difference >> 1;
        if difference & 1 == 1 {
            self.times.nanoseconds = u32::try_from(self.number()).expect("a second has fewer than 2^32 nanoseconds");
        }
        Time::from_timestamp(self.times.seconds, self.times.nanoseconds).expect("a time was written")
    }
}

/// A stamp in 16 bytes: of what is kept in great number. The state takes positions of 32 bits only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackedStamp {
    occurred_at: Time,
    position: u32,
}

impl From<Stamp> for PackedStamp {
    fn from(stamp: Stamp) -> Self {
        // A stamp of what is only weighed lies behind all records.
        let position = if stamp.position == u64::MAX { u32::MAX } else { position_of(stamp.position) };
        Self { occurred_at: stamp.occurred_at, position }
    }
}

impl From<PackedStamp> for Stamp {
    fn from(PackedStamp { occurred_at, position }: PackedStamp) -> Self {
        Self { occurred_at, position: if position == u32::MAX { u64::MAX } else { u64::from(position) } }
    }
}

fn position_of(position: u64) -> u32 {
    assert!(position <= LAST_POSITION, "no record beyond the last position is taken");
    u32::try_from(position).expect("the last position fits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{EARLIEST, LATEST};
    use proptest::prelude::*;

    fn a_time() -> impl Strategy<Value = Time> {
        let seconds = prop_oneof![EARLIEST.timestamp()..=LATEST.timestamp(), 1_700_000_000_i64..1_700_100_000];
        let nanoseconds = prop_oneof![4 => Just(0_u32), 1 => 0..1_000_000_000_u32];
        (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Time::from_timestamp(seconds, nanoseconds).expect("a time"))
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
