//! How values of the common types are written down and read back, and how types of one's own are.

use super::{Damaged, Input, Output, Saved};
use crate::domain::calendar::{Time, Tz};
use crate::domain::ids::Id;
use crate::domain::pages::Pages;
use chrono::TimeDelta;
use ecow::{EcoString, EcoVec};
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::hash::Hash;
use std::sync::Arc;

/// Saves a struct field by field. It names all of them: one that is added does not compile until it is saved as well.
macro_rules! saved {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::snapshot::Saved for $type {
            fn save(&self, out: &mut $crate::snapshot::Output) {
                let Self { $($field),* } = self;
                $($crate::snapshot::Saved::save($field, out);)*
            }

            fn load(input: &mut $crate::snapshot::Input<'_>) -> Result<Self, $crate::snapshot::Damaged> {
                $(let $field = $crate::snapshot::Saved::load(input)?;)*
                Ok(Self { $($field),* })
            }
        }
    };
    ($type:ident($field:ident)) => {
        impl $crate::snapshot::Saved for $type {
            fn save(&self, out: &mut $crate::snapshot::Output) {
                let Self($field) = self;
                $crate::snapshot::Saved::save($field, out);
            }

            fn load(input: &mut $crate::snapshot::Input<'_>) -> Result<Self, $crate::snapshot::Damaged> {
                Ok(Self($crate::snapshot::Saved::load(input)?))
            }
        }
    };
}
pub(crate) use saved;

/// Saves an enum: a byte that says which variant it is, then what that holds.
macro_rules! saved_enum {
    ($type:ident { $($tag:literal => $variant:ident $(($($field:ident),+))?),* $(,)? }) => {
        impl $crate::snapshot::Saved for $type {
            fn save(&self, out: &mut $crate::snapshot::Output) {
                match self {
                    $(Self::$variant $(($($field),+))? => {
                        out.byte($tag);
                        $($($crate::snapshot::Saved::save($field, out);)+)?
                    })*
                }
            }

            fn load(input: &mut $crate::snapshot::Input<'_>) -> Result<Self, $crate::snapshot::Damaged> {
                match input.byte()? {
                    $($tag => {
                        $($(let $field = $crate::snapshot::Saved::load(input)?;)+)?
                        Ok(Self::$variant $(($($field),+))?)
                    })*
                    _ => Err($crate::snapshot::Damaged(concat!("it is no ", stringify!($type)))),
                }
            }
        }
    };
}
pub(crate) use saved_enum;

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
                out.number(*self as u64);
            }

            fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
                input.number()?.try_into().map_err(|_| Damaged("a number is too large"))
            }
        }
    )*};
}

saved_numbers!(u16, u32, u64, usize);

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

impl<T: Saved + Clone> Saved for EcoVec<T> {
    fn save(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter().for_each(|value| value.save(out));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        let mut list = Self::new();
        for _ in 0..count {
            list.push(T::load(input)?);
        }
        Ok(list)
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

impl<T: Saved> Saved for Option<T> {
    fn save(&self, out: &mut Output) {
        self.is_some().save(out);
        if let Some(value) = self {
            value.save(out);
        }
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        bool::load(input)?.then(|| T::load(input)).transpose()
    }
}

impl<T: Saved> Saved for Box<T> {
    fn save(&self, out: &mut Output) {
        T::save(self, out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self::new(T::load(input)?))
    }
}

impl<T: Saved> Saved for Arc<T> {
    fn save(&self, out: &mut Output) {
        T::save(self, out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self::new(T::load(input)?))
    }
}

impl<A: Saved, B: Saved> Saved for (A, B) {
    fn save(&self, out: &mut Output) {
        self.0.save(out);
        self.1.save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok((A::load(input)?, B::load(input)?))
    }
}

impl<A: Saved, B: Saved, C: Saved> Saved for (A, B, C) {
    fn save(&self, out: &mut Output) {
        self.0.save(out);
        self.1.save(out);
        self.2.save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok((A::load(input)?, B::load(input)?, C::load(input)?))
    }
}

impl<T: Saved + Default + Copy, const N: usize> Saved for [T; N] {
    fn save(&self, out: &mut Output) {
        self.iter().for_each(|value| value.save(out));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let mut values = [T::default(); N];
        for value in &mut values {
            *value = T::load(input)?;
        }
        Ok(values)
    }
}

/// Room made before anything is read; what is longer grows as it is read, so that a length alone takes no memory.
const ROOM: usize = 1_024;

macro_rules! saved_lists {
    ($($type:ty, $parameter:ident $(, const $size:ident)?);* $(;)?) => {$(
        impl<$parameter: Saved $(, const $size: usize)?> Saved for $type {
            fn save(&self, out: &mut Output) {
                out.number(self.len() as u64);
                self.iter().for_each(|value| value.save(out));
            }

            fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
                let count = input.count()?;
                let mut list = Self::with_capacity(count.min(ROOM));
                for _ in 0..count {
                    list.push(Saved::load(input)?);
                }
                Ok(list)
            }
        }
    )*};
}

saved_lists! {
    Vec<T>, T;
    SmallVec<[T; N]>, T, const N;
}

impl<K: Saved + Hash + Eq, V: Saved> Saved for IndexMap<K, V> {
    fn save(&self, out: &mut Output) {
        out.number(self.len() as u64);
        for (key, value) in self {
            key.save(out);
            value.save(out);
        }
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        let mut map = Self::with_capacity(count.min(ROOM));
        for _ in 0..count {
            map.insert(K::load(input)?, V::load(input)?);
        }
        Ok(map)
    }
}

impl<T: Saved + Clone, const N: usize> Saved for Pages<T, N> {
    fn save(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter().for_each(|row| row.save(out));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        Self::filled(count, || T::load(input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{EARLIEST, LATEST};
    use proptest::prelude::*;

    fn a_time() -> impl Strategy<Value = Time> {
        let seconds = prop_oneof![EARLIEST.timestamp()..=LATEST.timestamp(), 1_700_000_000_i64..1_700_100_000];
        let nanoseconds = prop_oneof![3 => Just(0_u32), 1 => 0..1_000_000_000_u32];
        (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| Time::from_timestamp(seconds, nanoseconds).expect("a time"))
    }

    type Row = ((u64, i64, i128), (Option<Time>, String), (Vec<u32>, bool));

    proptest! {
        #[test]
        fn what_was_saved_is_loaded(
            numbers in prop::collection::vec((any::<u64>(), any::<i64>(), any::<i128>()), 0..20), shift in 0_u32..127,
            times in prop::collection::vec(prop::option::of(a_time()), 20), words in prop::collection::vec(".{0,9}", 20),
        ) {
            let rows: Vec<Row> = numbers.into_iter().enumerate().map(|(index, (number, signed, sum))| {
                let some = vec![u32::try_from(index).expect("few"); index];
                ((number >> (shift / 2), signed, sum >> shift), (times[index], words[index].clone()), (some, number % 2 == 0))
            }).collect();
            let mut out = Output::default();
            rows.save(&mut out);
            let mut input = Input::new(out.bytes());
            prop_assert_eq!(Vec::<Row>::load(&mut input).expect("what was saved"), rows);
            prop_assert!(input.is_done());
            let bytes = out.bytes();
            for end in 0..bytes.len() {
                prop_assert!(Vec::<Row>::load(&mut Input::new(&bytes[..end])).is_err());
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Vec::<Row>::load(&mut Input::new(&bytes));
            let _ = IndexMap::<u32, (Time, Id)>::load(&mut Input::new(&bytes));
            let _ = Pages::<Box<str>, 8>::load(&mut Input::new(&bytes));
        }
    }

    #[test]
    fn what_is_shared_is_shared_again() {
        let mut out = Output::default();
        ["one", "two", "one"].iter().for_each(|word| out.shared(&(*word).to_owned()));
        let mut input = Input::new(out.bytes());
        let words: Vec<Arc<String>> = (0..3).map(|_| input.shared().expect("a word")).collect();
        assert_eq!((words[0].as_str(), words[1].as_str()), ("one", "two"));
        assert!(Arc::ptr_eq(&words[0], &words[2]) && input.is_done());
        assert!(Input::new(&[7]).shared::<String>().is_err());
    }
}
