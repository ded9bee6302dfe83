//! What the state is made of: slices of tables, lists and interners. One declaration of a slice gives its fields, savepoint,
//! release, rollback, share, save and load, so that no table can be forgotten in one of them.

use super::pages::Pages;
use crate::encoding::{Codec, Damaged, Input, LoadOne, Loader, Output, Section, Sink};
use std::ops::Deref;

/// A slice of the state, or a field of one.
pub(super) trait Slice: Sized {
    /// Which sections of a snapshot hold it, as declared with the field; `()` for what knows its sections itself or is
    /// written with the state's values.
    type Sections: Copy;
    /// What takes in the chunks of a snapshot.
    type Loading: Default + Sync;

    /// Opens a savepoint, to which `rollback` goes back.
    fn savepoint(&mut self);

    /// Closes the savepoint: what was written since stays.
    fn release(&mut self);

    /// Takes back all that was written since the savepoint.
    fn rollback(&mut self);

    /// Returns it as it is now, to be read while this one changes: the copy shares pages (copy-on-write) and is not written to.
    /// There must be no open savepoint.
    fn share(&self) -> Self;

    /// Adds the sections that hold it.
    fn add_sections(own: Self::Sections, all: &mut Vec<Section>);

    /// Writes what a section holds of it, and gives its pages away: what is written need not be kept apart any longer.
    ///
    /// # Errors
    /// If writing is to end.
    fn save<S: Sink>(&mut self, own: Self::Sections, section: Section, sink: &mut S) -> Result<(), S::Error>;

    /// Writes what of it is in no table.
    fn encode_values(&self, out: &mut Output);

    /// The loader of what a section holds of it.
    fn loader(loading: &Self::Loading, own: Self::Sections, section: Section) -> Option<&dyn Loader>;

    /// Reads what of it is in no table.
    ///
    /// # Errors
    /// If the bytes are not what `encode_values` writes.
    fn decode_values(loading: &Self::Loading, input: &mut Input<'_>) -> Result<(), Damaged>;

    /// Returns it, once all loaders have finished.
    ///
    /// # Errors
    /// If a part is missing.
    fn take(loading: &Self::Loading) -> Result<Self, Damaged>;
}

/// Declares a slice of the state: its fields, each with the sections of a snapshot that hold it (`=> Section::…`) unless it is
/// a list, an interner or a slice itself, then its plain values.
macro_rules! slice {
    (
        $(#[$meta:meta])*
        $vis:vis struct $slice:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty $(=> $section:expr)?),* $(,)?
        }
        $(values {
            $($(#[$value_meta:meta])* $value_vis:vis $value:ident: $value_type:ty),* $(,)?
        })?
    ) => {
        $(#[$meta])*
        #[derive(Default)]
        $vis struct $slice {
            $($($(#[$value_meta])* $value_vis $value: $value_type,)*)?
            $($(#[$field_meta])* $field_vis $field: $type,)*
            /// The values as they were when the open savepoint was opened.
            at_savepoint: Option<($($($value_type,)*)?)>,
        }

        impl $crate::domain::slice::Slice for $slice {
            type Sections = ();
            type Loading = (
                $crate::encoding::LoadOne<($($($value_type,)*)?)>,
                $(<$type as $crate::domain::slice::Slice>::Loading,)*
            );

            fn savepoint(&mut self) {
                self.at_savepoint = Some(($($(self.$value.clone(),)*)?));
                $($crate::domain::slice::Slice::savepoint(&mut self.$field);)*
            }

            fn release(&mut self) {
                self.at_savepoint = None;
                $($crate::domain::slice::Slice::release(&mut self.$field);)*
            }

            fn rollback(&mut self) {
                let Some(($($($value,)*)?)) = self.at_savepoint.take() else { return };
                $($(self.$value = $value;)*)?
                $($crate::domain::slice::Slice::rollback(&mut self.$field);)*
            }

            fn share(&self) -> Self {
                assert!(self.at_savepoint.is_none(), "only what cannot be taken back is shared");
                Self {
                    $($($value: self.$value.clone(),)*)?
                    $($field: $crate::domain::slice::Slice::share(&self.$field),)*
                    at_savepoint: None,
                }
            }

            fn add_sections((): (), all: &mut Vec<$crate::encoding::Section>) {
                $(<$type as $crate::domain::slice::Slice>::add_sections(($($section)?), all);)*
            }

            fn save<S: $crate::encoding::Sink>(
                &mut self,
                (): (),
                section: $crate::encoding::Section,
                sink: &mut S,
            ) -> Result<(), S::Error> {
                $($crate::domain::slice::Slice::save(&mut self.$field, ($($section)?), section, sink)?;)*
                Ok(())
            }

            fn encode_values(&self, out: &mut $crate::encoding::Output) {
                $($($crate::encoding::Codec::encode(&self.$value, out);)*)?
                $($crate::domain::slice::Slice::encode_values(&self.$field, out);)*
            }

            fn loader(
                loading: &Self::Loading,
                (): (),
                section: $crate::encoding::Section,
            ) -> Option<&dyn $crate::encoding::Loader> {
                let (_, $($field,)*) = loading;
                let mut loader = None;
                $(loader = loader.or_else(|| <$type as $crate::domain::slice::Slice>::loader($field, ($($section)?), section));)*
                loader
            }

            fn decode_values(
                loading: &Self::Loading,
                input: &mut $crate::encoding::Input<'_>,
            ) -> Result<(), $crate::encoding::Damaged> {
                let (values, $($field,)*) = loading;
                values.put_once(($($(<$value_type as $crate::encoding::Codec>::decode(input)?,)*)?))?;
                $(<$type as $crate::domain::slice::Slice>::decode_values($field, input)?;)*
                Ok(())
            }

            fn take(loading: &Self::Loading) -> Result<Self, $crate::encoding::Damaged> {
                let (values, $($field,)*) = loading;
                let ($($($value,)*)?) = values.take()?;
                Ok(Self {
                    $($($value,)*)?
                    $($field: <$type as $crate::domain::slice::Slice>::take($field)?,)*
                    at_savepoint: None,
                })
            }
        }
    };
}
pub(crate) use slice;

/// What of `Slice` is about snapshots, for what is in none, because the rest of the state says it: it is built anew.
macro_rules! derived {
    () => {
        type Sections = ();
        type Loading = ();

        fn add_sections((): (), _: &mut Vec<$crate::encoding::Section>) {}

        fn save<S: $crate::encoding::Sink>(&mut self, (): (), _: $crate::encoding::Section, _: &mut S) -> Result<(), S::Error> {
            Ok(())
        }

        fn encode_values(&self, _: &mut $crate::encoding::Output) {}

        fn loader((): &(), (): (), _: $crate::encoding::Section) -> Option<&dyn $crate::encoding::Loader> {
            None
        }

        fn decode_values((): &(), _: &mut $crate::encoding::Input<'_>) -> Result<(), $crate::encoding::Damaged> {
            Ok(())
        }

        fn take((): &()) -> Result<Self, $crate::encoding::Damaged> {
            Ok(Self::default())
        }
    };
}
pub(crate) use derived;

/// Items in a page of a list.
const LIST_PAGE: usize = 32;

/// A list that only grows: its pages are shared (copy-on-write), and it is written with the state's values.
pub struct AppendOnlyList<T> {
    items: Pages<T, LIST_PAGE>,
    /// How many items there were when the open savepoint was opened.
    at_savepoint: Option<usize>,
}

impl<T> Default for AppendOnlyList<T> {
    fn default() -> Self {
        Self { items: Pages::default(), at_savepoint: None }
    }
}

impl<T> Deref for AppendOnlyList<T> {
    type Target = Pages<T, LIST_PAGE>;

    fn deref(&self) -> &Self::Target {
        &self.items
    }
}

impl<T: Clone> AppendOnlyList<T> {
    /// Adds an item.
    pub fn push(&mut self, item: T) {
        self.items.push(item);
    }
}

impl<T: Codec + Clone + Send + Sync> Slice for AppendOnlyList<T> {
    type Sections = ();
    type Loading = LoadOne<Pages<T, LIST_PAGE>>;

    fn savepoint(&mut self) {
        self.at_savepoint = Some(self.items.len());
    }

    fn release(&mut self) {
        self.at_savepoint = None;
    }

    fn rollback(&mut self) {
        if let Some(len) = self.at_savepoint.take() {
            self.items.truncate(len);
        }
    }

    fn share(&self) -> Self {
        assert!(self.at_savepoint.is_none(), "only what cannot be taken back is shared");
        Self { items: self.items.clone(), at_savepoint: None }
    }

    fn add_sections((): (), _: &mut Vec<Section>) {}

    fn save<S: Sink>(&mut self, (): (), _: Section, _: &mut S) -> Result<(), S::Error> {
        Ok(())
    }

    fn encode_values(&self, out: &mut Output) {
        self.items.encode(out);
    }

    fn loader(_: &Self::Loading, (): (), _: Section) -> Option<&dyn Loader> {
        None
    }

    fn decode_values(loading: &Self::Loading, input: &mut Input<'_>) -> Result<(), Damaged> {
        loading.put_once(Codec::decode(input)?)
    }

    fn take(loading: &Self::Loading) -> Result<Self, Damaged> {
        Ok(Self { items: loading.take()?, at_savepoint: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::interner::Interner;
    use crate::domain::table::{Table, undo_by_copy};

    #[derive(Clone)]
    struct Amount(u64);

    crate::encoding::codec!(Amount(minor_units));
    undo_by_copy!(Amount);

    slice! {
        /// A slice of one field of each kind.
        struct Inner {
            table: Table<u64, Amount> => Section::Sales,
            list: AppendOnlyList<u64>,
            interner: Interner<u64>,
        }
    }

    slice! {
        /// A slice with values, a table and a slice.
        struct Outer {
            table: Table<u64, Amount> => Section::Leads,
            inner: Inner,
        }
        values {
            position: u64,
        }
    }

    /// What was written: each section, and the values.
    #[derive(Default)]
    struct Written {
        out: Output,
        sections: Vec<WrittenSection>,
    }

    impl Sink for Written {
        type Error = std::convert::Infallible;

        fn begin(&mut self) -> &mut Output {
            self.out.restart();
            &mut self.out
        }

        fn out(&mut self) -> &mut Output {
            &mut self.out
        }

        fn pause(&mut self) -> Result<(), Self::Error> {
            Ok(())
        }

        fn end(&mut self, section: Section, first: usize, count: usize) -> Result<(), Self::Error> {
            self.sections.push((section, first, count, self.out.bytes().to_vec()));
            Ok(())
        }
    }

    fn declared() -> Vec<Section> {
        let mut sections = Vec::new();
        Outer::add_sections((), &mut sections);
        sections
    }

    /// A section as it was written: which one, the first item, how many, and the bytes.
    type WrittenSection = (Section, usize, usize, Vec<u8>);

    fn written(outer: &Outer) -> (Vec<WrittenSection>, Vec<u8>) {
        let (mut shared, mut written, mut values) = (outer.share(), Written::default(), Output::default());
        shared.encode_values(&mut values);
        for section in declared() {
            let Ok(()) = shared.save((), section, &mut written);
        }
        (written.sections, values.bytes().to_vec())
    }

    fn write(outer: &mut Outer, number: u64) {
        outer.position = number;
        outer.table.insert(number, Amount(number));
        outer.inner.table.insert(number, Amount(number));
        outer.inner.list.push(number);
        outer.inner.interner.intern(number);
        if number > 0 {
            outer.table.get_mut(0).0 += 1;
            outer.inner.table.get_mut(0).0 += 1;
        }
    }

    #[test]
    fn what_is_declared_is_rolled_back_shared_saved_and_loaded() {
        let mut outer = Outer::default();
        (0..3).for_each(|number| write(&mut outer, number));
        let before = written(&outer);
        assert_eq!(before.0.iter().map(|(section, ..)| *section).collect::<Vec<_>>(), declared());
        assert_eq!(declared(), [Section::Leads, Section::Sales]);
        let shared = outer.share();
        outer.savepoint();
        write(&mut outer, 3);
        outer.rollback();
        assert_eq!(written(&outer), before);

        outer.savepoint();
        write(&mut outer, 3);
        outer.release();
        outer.rollback();
        let after = written(&outer);
        assert_eq!(written(&shared), before);
        assert!(after.1 != before.1 && after.0.iter().zip(&before.0).all(|(after, before)| after.3 != before.3));

        let loading = <Outer as Slice>::Loading::default();
        for (section, first, count, bytes) in &after.0 {
            let loader = Outer::loader(&loading, (), *section).expect("it is declared");
            loader.add_chunk(*first, *count, &mut Input::new(bytes)).expect("what was saved");
            loader.finish().expect("all is there");
        }
        assert!(Outer::loader(&loading, (), Section::Partners).is_none());
        Outer::decode_values(&loading, &mut Input::new(&after.1)).expect("what was saved");
        assert_eq!(written(&Outer::take(&loading).expect("all is there")), after);
    }
}
