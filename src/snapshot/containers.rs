//! How values that hold others are written down and read back.

use super::{Damaged, Input, Output, Saved};
use crate::domain::pages::Pages;
use ecow::EcoVec;
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::hash::Hash;
use std::sync::Arc;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Time;
    use crate::domain::calendar::{EARLIEST, LATEST};
    use crate::domain::ids::Id;
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
