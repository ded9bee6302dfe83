//! A list that is mostly short: only a long one takes pages.

use crate::domain::pages::Pages;
use crate::encoding::{Codec, Damaged, Input, Output};
use smallvec::SmallVec;

/// So many rows are copied when something changes, and take no page.
const FEW: usize = 8;

/// Rows in the order in which they were added, in pages of `N` once there are more than a few.
#[derive(Clone)]
pub enum Few<T, const N: usize> {
    /// At most `FEW`.
    List(SmallVec<[T; 1]>),
    /// More.
    Pages(Pages<T, N>),
}

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self::List(SmallVec::new())
    }
}

impl<T: Clone, const N: usize> Few<T, N> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::List(rows) => rows.len(),
            Self::Pages(pages) => pages.len(),
        }
    }

    /// A row; nothing if it is not there.
    pub fn get(&self, index: usize) -> Option<&T> {
        match self {
            Self::List(rows) => rows.get(index),
            Self::Pages(pages) => pages.get(index),
        }
    }

    /// The last row.
    pub fn last(&self) -> Option<&T> {
        match self {
            Self::List(rows) => rows.last(),
            Self::Pages(pages) => pages.last(),
        }
    }

    /// The rows from an index on, in order.
    pub fn iter_from(&self, index: usize) -> impl Iterator<Item = &T> {
        (index..self.len()).filter_map(|index| self.get(index))
    }

    /// A row to be changed; nothing if it is not there.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        match self {
            Self::List(rows) => rows.get_mut(index),
            Self::Pages(pages) => pages.get_mut(index),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, row: T) {
        match self {
            Self::List(rows) if rows.len() < FEW => rows.push(row),
            Self::List(rows) => {
                let mut pages = Pages::default();
                rows.drain(..).chain([row]).for_each(|row| pages.push(row));
                *self = Self::Pages(pages);
            }
            Self::Pages(pages) => pages.push(row),
        }
    }

    /// Removes the last row.
    pub fn pop(&mut self) -> Option<T> {
        match self {
            Self::List(rows) => rows.pop(),
            Self::Pages(pages) => pages.pop(),
        }
    }

    /// Removes the rows after the first few.
    pub fn truncate(&mut self, len: usize) {
        match self {
            Self::List(rows) => rows.truncate(len),
            Self::Pages(pages) => pages.truncate(len),
        }
    }

    /// The first row that does not match, of rows of which the first ones do and the others do not.
    pub fn partition_point(&self, matches: impl Fn(&T) -> bool) -> usize {
        match self {
            Self::List(rows) => rows.partition_point(matches),
            Self::Pages(pages) => pages.partition_point(matches),
        }
    }
}

impl<T: Codec + Clone, const N: usize> Codec for Few<T, N> {
    fn encode(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter_from(0).for_each(|row| row.encode(out));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let mut rows = Self::default();
        for _ in 0..input.count()? {
            rows.push(T::decode(input)?);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_a_list_holds_and_comes_back_from_bytes() {
        let (mut few, mut rows): (Few<u32, 4>, Vec<u32>) = (Few::default(), Vec::new());
        for row in (0..).step_by(10).take(3 * FEW) {
            assert_eq!(matches!(few, Few::List(_)), rows.len() <= FEW);
            let mut out = Output::default();
            few.encode(&mut out);
            let back = Few::<u32, 4>::decode(&mut Input::new(out.bytes())).expect("it was written");
            for known in [&few, &back] {
                assert_eq!((0..known.len()).map(|index| known.get(index).copied()).collect::<Option<Vec<_>>>(), Some(rows.clone()));
                assert_eq!(known.partition_point(|known| *known < 110), rows.partition_point(|known| *known < 110));
            }
            few.push(row);
            rows.push(row);
            *few.get_mut(rows.len() / 2).expect("it is there") += 1;
            let middle = rows.len() / 2;
            rows[middle] += 1;
            assert!(few.get_mut(rows.len()).is_none() && few.get(rows.len()).is_none());
            assert_eq!((few.last(), few.iter_from(middle).collect::<Vec<_>>()), (rows.last(), rows[middle..].iter().collect()));
        }
        for len in [2 * FEW, FEW + 1, FEW, 3] {
            few.truncate(len);
            rows.truncate(len);
            assert_eq!(few.iter_from(0).collect::<Vec<_>>(), rows.iter().collect::<Vec<_>>());
        }
        while !rows.is_empty() {
            assert_eq!((few.pop(), few.len()), (rows.pop(), rows.len()));
        }
        assert_eq!(few.pop(), None);
    }
}
