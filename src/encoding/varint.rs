//! Varints: numbers as seven bits a byte, least significant first, the high bit set on all bytes but the last (LEB128).
//! ZigZag maps signed numbers to unsigned ones, so that those near zero stay short.

/// The longest varint of 64 bits, in bytes.
pub const MOST_BYTES: usize = 10;

/// Writes a varint byte by byte.
#[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
pub fn write(mut number: u64, mut push: impl FnMut(u8)) {
    while number >= 0x80 {
        push(number as u8 | 0x80);
        number >>= 7;
    }
    push(number as u8);
}

/// Reads a varint byte by byte. Returns `None` if it is longer than ten bytes.
///
/// # Errors
/// Those of `next`.
pub fn read<E>(mut next: impl FnMut() -> Result<u8, E>) -> Result<Option<u64>, E> {
    let first = next()?;
    // Most numbers take one byte.
    if first < 0x80 {
        return Ok(Some(u64::from(first)));
    }
    let mut decoder = Decoder { number: u64::from(first & 0x7f), shift: 7 };
    for _ in 1..MOST_BYTES {
        if let Some(number) = decoder.push(next()?) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Takes the bytes of varints one at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoder {
    number: u64,
    shift: u32,
}

impl Decoder {
    /// Takes a byte. Returns the number that it ends; the next byte begins another.
    pub fn push(&mut self, byte: u8) -> Option<u64> {
        self.number |= u64::from(byte & 0x7f) << self.shift;
        self.shift += 7;
        (byte < 0x80).then(|| std::mem::take(self).number)
    }
}

/// ZigZag: 0, −1, 1, −2, … become 0, 1, 2, 3, …
pub fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// The number that [`zigzag`] maps to this one.
pub fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// [`zigzag`] for 128 bits.
pub fn zigzag_wide(number: i128) -> u128 {
    (number << 1 ^ number >> 127).cast_unsigned()
}

/// The number that [`zigzag_wide`] maps to this one.
pub fn unzigzag_wide(number: u128) -> i128 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec((any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift), 0..20)) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| write(*number, |byte| bytes.push(byte)));
            let mut rest = bytes.iter();
            for number in &numbers {
                prop_assert_eq!(read(|| rest.next().copied().ok_or(())), Ok(Some(*number)));
            }
            prop_assert_eq!(read(|| rest.next().copied().ok_or(())), Err(()));
            let mut decoder = Decoder::default();
            prop_assert_eq!(bytes.iter().filter_map(|byte| decoder.push(*byte)).collect::<Vec<_>>(), numbers);
        }

        #[test]
        fn zigzag_keeps_small_numbers_small_and_comes_back(number in any::<i64>(), wide in any::<i128>()) {
            prop_assert_eq!(unzigzag(zigzag(number)), number);
            prop_assert_eq!(unzigzag_wide(zigzag_wide(wide)), wide);
            prop_assert_eq!(zigzag_wide(i128::from(number)), u128::from(zigzag(number)));
        }
    }

    #[test]
    fn they_are_written_as_leb128_and_zigzag() {
        let mut bytes = Vec::new();
        [0, 127, 128, 300, u64::MAX].iter().for_each(|number| write(*number, |byte| bytes.push(byte)));
        assert_eq!(bytes, [0, 0x7f, 0x80, 1, 0xac, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        assert_eq!([0, -1, 1, -2, i64::MIN].map(zigzag), [0, 1, 2, 3, u64::MAX]);
        assert_eq!(read(|| Ok::<_, ()>(0x80)), Ok(None));
    }
}
