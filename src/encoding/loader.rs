//! Loaders of sections, which take in chunks from several threads in any order.

use super::{Codec, Damaged, Input, MOST_AT_ONCE};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Loads a section, from several threads. The result is taken from it in the end.
pub trait Loader: Sync {
    /// Takes in a chunk: `count` items from the `first` one on.
    ///
    /// # Errors
    /// If it is not what was written.
    fn add_chunk(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged>;

    /// Puts the chunks together once all are there.
    ///
    /// # Errors
    /// If they are not all there, or do not belong together.
    fn finish(&self) -> Result<(), Damaged>;
}

/// Loads a section that is one value.
pub struct LoadOne<T>(Mutex<Option<T>>);

impl<T> Default for LoadOne<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> LoadOne<T> {
    /// The value that was loaded.
    pub fn take(&self) -> Result<T, Damaged> {
        self.0.lock().take().ok_or(Damaged("a part is missing"))
    }

    /// Puts in the value.
    ///
    /// # Errors
    /// If there is one already.
    pub fn put_once(&self, value: T) -> Result<(), Damaged> {
        match self.0.lock().replace(value) {
            None => Ok(()),
            Some(_) => Err(Damaged("a part is there twice")),
        }
    }

    /// Puts in a value that was made of chunks.
    pub fn put(&self, value: T) {
        *self.0.lock() = Some(value);
    }
}

impl<T: Codec + Send> Loader for LoadOne<T> {
    fn add_chunk(&self, _first: usize, _count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        self.put_once(T::decode(input)?)
    }

    fn finish(&self) -> Result<(), Damaged> {
        if self.0.lock().is_some() { Ok(()) } else { Err(Damaged("a part is missing")) }
    }
}

/// Loads a section that is a list.
pub struct LoadMany<T>(Mutex<BTreeMap<usize, Vec<T>>>, LoadOne<Vec<T>>);

impl<T> Default for LoadMany<T> {
    fn default() -> Self {
        Self(Mutex::default(), LoadOne::default())
    }
}

impl<T> LoadMany<T> {
    /// The list that was loaded.
    pub fn take(&self) -> Result<Vec<T>, Damaged> {
        self.1.take()
    }
}

impl<T: Codec + Send> Loader for LoadMany<T> {
    fn add_chunk(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut items = Vec::with_capacity(count.min(MOST_AT_ONCE));
        for _ in 0..count {
            items.push(T::decode(input)?);
        }
        keep_chunk(&self.0, first, items)
    }

    fn finish(&self) -> Result<(), Damaged> {
        let mut all = Vec::new();
        for (first, items) in std::mem::take(&mut *self.0.lock()) {
            if first != all.len() {
                return Err(Damaged("a part of it is missing"));
            }
            all.extend(items);
        }
        self.1.put(all);
        Ok(())
    }
}

/// Keeps a chunk until all are there.
pub fn keep_chunk<T>(chunks: &Mutex<BTreeMap<usize, T>>, first: usize, chunk: T) -> Result<(), Damaged> {
    match chunks.lock().insert(first, chunk) {
        None => Ok(()),
        Some(_) => Err(Damaged("a part is there twice")),
    }
}
