//! The codec of numbers, texts and times.

use super::{Codec, Damaged, Input, Output};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use ecow::EcoString;
use std::sync::Arc;

macro_rules! codec_numbers {
    ($($type:ty),*) => {$(
        impl Codec for $type {
            fn encode(&self, out: &mut Output) {
                out.number(u64::from(*self));
            }

            fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
                input.number()?.try_into().map_err(|_| Damaged("a number is too large"))
            }
        }
    )*};
}

codec_numbers!(u16, u32);

impl Codec for u64 {
    fn encode(&self, out: &mut Output) {
        out.number(*self);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.number()
    }
}

impl Codec for usize {
    fn encode(&self, out: &mut Output) {
        out.number(*self as u64);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.number()?.try_into().map_err(|_| Damaged("a number is too large"))
    }
}

impl Codec for u8 {
    fn encode(&self, out: &mut Output) {
        out.byte(*self);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.byte()
    }
}

impl Codec for bool {
    fn encode(&self, out: &mut Output) {
        out.byte(u8::from(*self));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged("it is neither true nor false")),
        }
    }
}

impl Codec for i8 {
    fn encode(&self, out: &mut Output) {
        out.byte(self.cast_unsigned());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(input.byte()?.cast_signed())
    }
}

impl Codec for i64 {
    fn encode(&self, out: &mut Output) {
        out.signed(*self);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.signed()
    }
}

/// Sums are wider than 64 bits, and hardly ever use it: the lower half, and the upper one less what its sign says.
#[expect(clippy::cast_possible_truncation, reason = "the halves of 128 bits have 64")]
impl Codec for i128 {
    fn encode(&self, out: &mut Output) {
        let (low, high) = (*self as i64, (*self >> 64) as i64);
        out.signed(low);
        out.signed(high.wrapping_sub(low >> 63));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let low = input.signed()?;
        let high = input.signed()?.wrapping_add(low >> 63);
        Ok(Self::from(high) << 64 | Self::from(low.cast_unsigned()))
    }
}

impl Codec for DateTime<Utc> {
    fn encode(&self, out: &mut Output) {
        out.time(*self);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.time()
    }
}

impl Codec for Tz {
    fn encode(&self, out: &mut Output) {
        out.sized(self.name().as_bytes());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        text(input)?.parse().map_err(|_| Damaged("it is no time zone"))
    }
}

fn text<'a>(input: &mut Input<'a>) -> Result<&'a str, Damaged> {
    std::str::from_utf8(input.sized()?).map_err(|_| Damaged("it is no text"))
}

impl Codec for String {
    fn encode(&self, out: &mut Output) {
        out.sized(self.as_bytes());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(text(input)?.to_owned())
    }
}

impl Codec for Box<str> {
    fn encode(&self, out: &mut Output) {
        out.sized(self.as_bytes());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(text(input)?.into())
    }
}

impl Codec for EcoString {
    fn encode(&self, out: &mut Output) {
        out.sized(self.as_bytes());
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(text(input)?.into())
    }
}

impl Codec for TimeDelta {
    fn encode(&self, out: &mut Output) {
        out.signed(self.num_seconds());
        out.signed(i64::from(self.subsec_nanos()));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let (seconds, nanoseconds) = (input.signed()?, input.signed()?);
        let whole = Self::try_seconds(seconds).and_then(|whole| whole.checked_add(&Self::nanoseconds(nanoseconds)));
        whole.ok_or(Damaged("it is no span of time"))
    }
}

impl Codec for Arc<[u8]> {
    fn encode(&self, out: &mut Output) {
        out.sized(self);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(input.sized()?.into())
    }
}

impl Codec for Box<[u8]> {
    fn encode(&self, out: &mut Output) {
        out.sized(self);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(input.sized()?.into())
    }
}
