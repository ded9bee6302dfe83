//! Writers of single fields, with their keys. As proto3 wants it, fields with the default value are left out.

use crate::domain::calendar::Time;
use prost::encoding::{WireType, encode_key, encode_varint};

/// Writes a nested message. Its length is put before it once it is known.
pub fn nested(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(field, WireType::LengthDelimited, out);
    let start = out.len();
    // Most are shorter than 128 bytes, or than 16 KiB: their length takes one byte, or two.
    out.push(0);
    write(out);
    let length = out.len() - start - 1;
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out[start] = short,
        _ => {
            let mut prefix = [0; 10];
            let mut left = &mut prefix[..];
            encode_varint(length as u64, &mut left);
            let unused = left.len();
            let prefix = &prefix[..prefix.len() - unused];
            out.splice(start..=start, prefix.iter().copied());
        }
    }
}

/// Writes a nested message, or text, whose bytes are given in parts; also if it is empty.
pub fn delimited(out: &mut Vec<u8>, field: u32, parts: &[&[u8]]) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(parts.iter().map(|part| part.len() as u64).sum(), out);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Writes a text, unless it is empty.
pub fn text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        delimited(out, field, &[text.as_bytes()]);
    }
}

/// Writes a number, unless it is 0.
pub fn number(out: &mut Vec<u8>, field: u32, number: u64) {
    if number != 0 {
        explicit_number(out, field, number);
    }
}

/// Writes a number also if it is 0: for fields that are `optional` or part of a oneof.
pub fn explicit_number(out: &mut Vec<u8>, field: u32, number: u64) {
    encode_key(field, WireType::Varint, out);
    encode_varint(number, out);
}

/// Writes an `int32` or `int64`, unless it is 0. Below zero it takes ten bytes, as its 64 bits.
pub fn signed(out: &mut Vec<u8>, field: u32, value: i64) {
    number(out, field, value.cast_unsigned());
}

/// Writes a `google.protobuf.Timestamp`, if there is one.
pub fn optional_time(out: &mut Vec<u8>, field: u32, time: Option<Time>) {
    if let Some(time) = time {
        nested(out, field, |out| {
            signed(out, 1, time.timestamp());
            number(out, 2, u64::from(time.timestamp_subsec_nanos()));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_one_two_and_three_bytes_stand_before_what_they_measure() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            nested(&mut ours, 4, |out| out.resize(out.len() + length, 7));
            prost::encoding::bytes::encode(4, &vec![7_u8; length], &mut theirs);
            assert_eq!(ours, theirs, "{length}");
        }
    }
}
