//! Parts that are being loaded by several threads, chunk by chunk.

use super::{Damaged, Input, MOST_AT_ONCE, Saved};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// A part that is being loaded, from several threads. What it comes to is taken from it in the end.
pub trait Part: Sync {
    /// Takes in a chunk: `count` things from the `first` one on.
    ///
    /// # Errors
    /// If it is not what was saved.
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged>;

    /// Puts the chunks together once all are there.
    ///
    /// # Errors
    /// If they are not all there, or do not belong together.
    fn finish(&self) -> Result<(), Damaged>;
}

/// A part that is one value.
pub struct One<T>(Mutex<Option<T>>);

impl<T> Default for One<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> One<T> {
    /// The value that was loaded.
    pub fn take(&self) -> Result<T, Damaged> {
        self.0.lock().take().ok_or(Damaged("a part is missing"))
    }

    /// Puts the value there that other chunks came to.
    pub fn put(&self, value: T) {
        *self.0.lock() = Some(value);
    }
}

impl<T: Saved + Send> Part for One<T> {
    fn decode(&self, _first: usize, _count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let value = T::load(input)?;
        match self.0.lock().replace(value) {
            None => Ok(()),
            Some(_) => Err(Damaged("a part is there twice")),
        }
    }

    fn finish(&self) -> Result<(), Damaged> {
        if self.0.lock().is_some() { Ok(()) } else { Err(Damaged("a part is missing")) }
    }
}

/// A part that is a list, in chunks of a list each.
pub struct Many<T>(Mutex<BTreeMap<usize, Vec<T>>>, One<Vec<T>>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Mutex::default(), One::default())
    }
}

impl<T> Many<T> {
    /// The list that was loaded.
    pub fn take(&self) -> Result<Vec<T>, Damaged> {
        self.1.take()
    }
}

impl<T: Saved + Send> Part for Many<T> {
    fn decode(&self, first: usize, count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        let mut items = Vec::with_capacity(count.min(MOST_AT_ONCE));
        for _ in 0..count {
            items.push(T::load(input)?);
        }
        keep(&self.0, first, items)
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
pub fn keep<T>(chunks: &Mutex<BTreeMap<usize, T>>, first: usize, chunk: T) -> Result<(), Damaged> {
    match chunks.lock().insert(first, chunk) {
        None => Ok(()),
        Some(_) => Err(Damaged("a part is there twice")),
    }
}
