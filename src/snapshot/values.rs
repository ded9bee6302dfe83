//! How numbers, texts, times and values of the contract are written down and read back.

use super::{Damaged, Input, Output, Saved};
use crate::domain::calendar::{Time, Tz};
use crate::domain::ids::Id;
use chrono::TimeDelta;
use ecow::EcoString;
use std::sync::Arc;

/// Saves enums of the contract by their numbers, which never change their meaning.
macro_rules! saved_by_number {
    ($($type:ident),* $(,)?) => {$(
        impl Saved for crate::proto::$type {
            fn save(&self, out: &mut Output) {
                out.signed(i64::from(*self as i32));
            }

            fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
                let number = i32::try_from(input.signed()?).ok();
                number.and_then(|number| Self::try_from(number).ok()).ok_or(Damaged(concat!("it is no ", stringify!($type))))
            }
        }
    )*};
}

saved_by_number!(
    AcquiredBy,
    AgreementType,
    BrandChannel,
    BreachClause,
    CampaignGoal,
    CampaignType,
    CommissionOutcome,
    DisputeOutcome,
    EndCause,
    EntryKind,
    LaunchStep,
    OwnershipRule,
    PartnerKind,
    ReviewDecision,
    ReviewKind,
    Side,
);

/// Saves messages of the contract as it encodes them.
macro_rules! saved_message {
    ($($type:ident),* $(,)?) => {$(
        impl Saved for crate::proto::$type {
            fn save(&self, out: &mut Output) {
                out.sized(&prost::Message::encode_to_vec(self));
            }

            fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
                prost::Message::decode(input.sized()?).map_err(|_| Damaged(concat!("it is no ", stringify!($type))))
            }
        }
    )*};
}

saved_message!(ReachMeasured, Terms);

macro_rules! saved_numbers {
    ($($type:ty),*) => {$(
        impl Saved for $type {
            fn save(&self, out: &mut Output) {
                out.number(u64::from(*self));
            }

            fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
                input.number()?.try_into().map_err(|_| Damaged("a number is too large"))
            }
        }
    )*};
}

saved_numbers!(u16, u32);

impl Saved for u64 {
    fn save(&self, out: &mut Output) {
        out.number(*self);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.number()
    }
}

impl Saved for usize {
    fn save(&self, out: &mut Output) {
        out.number(*self as u64);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.number()?.try_into().map_err(|_| Damaged("a number is too large"))
    }
}

impl Saved for u8 {
    fn save(&self, out: &mut Output) {
        out.byte(*self);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.byte()
    }
}

impl Saved for bool {
    fn save(&self, out: &mut Output) {
        out.byte(u8::from(*self));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged("it is neither true nor false")),
        }
    }
}

impl Saved for i8 {
    fn save(&self, out: &mut Output) {
        out.byte(self.cast_unsigned());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(input.byte()?.cast_signed())
    }
}

impl Saved for i64 {
    fn save(&self, out: &mut Output) {
        out.signed(*self);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.signed()
    }
}

/// Sums are wider than 64 bits, and hardly ever use it: the lower half, and the upper one less what its sign says.
#[expect(clippy::cast_possible_truncation, reason = "the halves of 128 bits have 64")]
impl Saved for i128 {
    fn save(&self, out: &mut Output) {
        let (low, high) = (*self as i64, (*self >> 64) as i64);
        out.signed(low);
        out.signed(high.wrapping_sub(low >> 63));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let low = input.signed()?;
        let high = input.signed()?.wrapping_add(low >> 63);
        Ok(Self::from(high) << 64 | Self::from(low.cast_unsigned()))
    }
}

impl Saved for Time {
    fn save(&self, out: &mut Output) {
        out.time(*self);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        input.time()
    }
}

impl Saved for Tz {
    fn save(&self, out: &mut Output) {
        out.sized(self.name().as_bytes());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        text(input)?.parse().map_err(|_| Damaged("it is no time zone"))
    }
}

fn text<'a>(input: &mut Input<'a>) -> Result<&'a str, Damaged> {
    std::str::from_utf8(input.sized()?).map_err(|_| Damaged("it is no text"))
}

impl Saved for Id {
    fn save(&self, out: &mut Output) {
        out.sized(self.as_str().as_bytes());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Self::new(text(input)?).ok_or(Damaged("it is no id"))
    }
}

impl Saved for String {
    fn save(&self, out: &mut Output) {
        out.sized(self.as_bytes());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(text(input)?.to_owned())
    }
}

impl Saved for Box<str> {
    fn save(&self, out: &mut Output) {
        out.sized(self.as_bytes());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(text(input)?.into())
    }
}

impl Saved for EcoString {
    fn save(&self, out: &mut Output) {
        out.sized(self.as_bytes());
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(text(input)?.into())
    }
}

impl Saved for TimeDelta {
    fn save(&self, out: &mut Output) {
        out.signed(self.num_seconds());
        out.signed(i64::from(self.subsec_nanos()));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let (seconds, nanoseconds) = (input.signed()?, input.signed()?);
        let whole = Self::try_seconds(seconds).and_then(|whole| whole.checked_add(&Self::nanoseconds(nanoseconds)));
        whole.ok_or(Damaged("it is no span of time"))
    }
}

impl Saved for Arc<[u8]> {
    fn save(&self, out: &mut Output) {
        out.sized(self);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(input.sized()?.into())
    }
}

impl Saved for Box<[u8]> {
    fn save(&self, out: &mut Output) {
        out.sized(self);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(input.sized()?.into())
    }
}
