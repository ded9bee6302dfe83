//! The codec of values that hold others.

use super::{Codec, Damaged, Input, Output};
use ecow::EcoVec;
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::hash::Hash;
use std::sync::Arc;

impl<T: Codec> Codec for Option<T> {
    fn encode(&self, out: &mut Output) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        bool::decode(input)?.then(|| T::decode(input)).transpose()
    }
}

impl<T: Codec> Codec for Box<T> {
    fn encode(&self, out: &mut Output) {
        T::encode(self, out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self::new(T::decode(input)?))
    }
}

impl<T: Codec> Codec for Arc<T> {
    fn encode(&self, out: &mut Output) {
        T::encode(self, out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self::new(T::decode(input)?))
    }
}

impl<A: Codec, B: Codec> Codec for (A, B) {
    fn encode(&self, out: &mut Output) {
        self.0.encode(out);
        self.1.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok((A::decode(input)?, B::decode(input)?))
    }
}

impl<A: Codec, B: Codec, C: Codec> Codec for (A, B, C) {
    fn encode(&self, out: &mut Output) {
        self.0.encode(out);
        self.1.encode(out);
        self.2.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok((A::decode(input)?, B::decode(input)?, C::decode(input)?))
    }
}

impl<T: Codec + Default + Copy, const N: usize> Codec for [T; N] {
    fn encode(&self, out: &mut Output) {
        self.iter().for_each(|value| value.encode(out));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let mut values = [T::default(); N];
        for value in &mut values {
            *value = T::decode(input)?;
        }
        Ok(values)
    }
}

/// Room made before anything is read; what is longer grows as it is read, so that a length alone takes no memory.
const ROOM: usize = 1_024;

macro_rules! codec_lists {
    ($($type:ty, $parameter:ident $(, const $size:ident)?);* $(;)?) => {$(
        impl<$parameter: Codec $(, const $size: usize)?> Codec for $type {
            fn encode(&self, out: &mut Output) {
                out.number(self.len() as u64);
                self.iter().for_each(|value| value.encode(out));
            }

            fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
                let count = input.count()?;
                let mut list = Self::with_capacity(count.min(ROOM));
                for _ in 0..count {
                    list.push(Codec::decode(input)?);
                }
                Ok(list)
            }
        }
    )*};
}

codec_lists! {
    Vec<T>, T;
    SmallVec<[T; N]>, T, const N;
}

impl<K: Codec + Hash + Eq, V: Codec> Codec for IndexMap<K, V> {
    fn encode(&self, out: &mut Output) {
        out.number(self.len() as u64);
        for (key, value) in self {
            key.encode(out);
            value.encode(out);
        }
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        let mut map = Self::with_capacity(count.min(ROOM));
        for _ in 0..count {
            map.insert(K::decode(input)?, V::decode(input)?);
        }
        Ok(map)
    }
}

impl<T: Codec + Clone> Codec for EcoVec<T> {
    fn encode(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter().for_each(|value| value.encode(out));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        let mut list = Self::new();
        for _ in 0..count {
            list.push(T::decode(input)?);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    fn a_time() -> impl Strategy<Value = DateTime<Utc>> {
        let seconds = prop_oneof![-62_135_596_800_i64..=253_402_300_799, 1_700_000_000_i64..1_700_100_000];
        let nanoseconds = prop_oneof![3 => Just(0_u32), 1 => 0..1_000_000_000_u32];
        (seconds, nanoseconds).prop_map(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds).expect("a time"))
    }

    type Row = ((u64, i64, i128), (Option<DateTime<Utc>>, String), (Vec<u32>, bool));

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
            rows.encode(&mut out);
            let mut input = Input::new(out.bytes());
            prop_assert_eq!(Vec::<Row>::decode(&mut input).expect("what was saved"), rows);
            prop_assert!(input.is_done());
            let bytes = out.bytes();
            for end in 0..bytes.len() {
                prop_assert!(Vec::<Row>::decode(&mut Input::new(&bytes[..end])).is_err());
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Vec::<Row>::decode(&mut Input::new(&bytes));
            let _ = IndexMap::<u32, (DateTime<Utc>, i128)>::decode(&mut Input::new(&bytes));
            let _ = EcoVec::<Box<str>>::decode(&mut Input::new(&bytes));
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
