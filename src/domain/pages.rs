//! Rows in pages: growing moves nothing that is there, and a copy of all costs a pointer per page.

use arrayvec::ArrayVec;
use std::sync::Arc;

/// Rows in the order in which they were added, in pages of `N`. A clone shares the pages; whoever changes a row of a
/// shared page gets a page of its own.
#[derive(Clone)]
pub struct Pages<T, const N: usize> {
    pages: Vec<Arc<ArrayVec<T, N>>>,
    len: usize,
}

impl<T, const N: usize> Default for Pages<T, N> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }
}

impl<T, const N: usize> Pages<T, N> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A row; nothing if it is not there.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.pages.get(index / N)?.get(index % N)
    }

    /// The last row.
    pub fn last(&self) -> Option<&T> {
        self.pages.last()?.last()
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (0..self.len).map(|index| &self.pages[index / N][index % N])
    }

    /// The first row that does not match, of rows of which the first ones do and the others do not.
    pub fn partition_point(&self, matches: impl Fn(&T) -> bool) -> usize {
        let (mut start, mut end) = (0, self.len);
        while start < end {
            let middle = start.midpoint(end);
            if matches(&self.pages[middle / N][middle % N]) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        start
    }
}

impl<T, const N: usize> Pages<T, N> {
    /// So many rows, each made by `next`; the first error ends it.
    ///
    /// # Errors
    /// Those of `next`.
    pub fn filled<E>(len: usize, mut next: impl FnMut() -> Result<T, E>) -> Result<Self, E> {
        let mut pages = Vec::new();
        for first in (0..len).step_by(N) {
            let mut page = Arc::new(ArrayVec::new());
            let rows = Arc::get_mut(&mut page).expect("nobody else has the page yet");
            for _ in first..len.min(first + N) {
                rows.push(next()?);
            }
            pages.push(page);
        }
        Ok(Self { pages, len })
    }

    /// Adds the rows of another, behind full pages only.
    pub fn append(&mut self, other: Self) {
        assert!(self.len.is_multiple_of(N), "pages are added behind full ones");
        self.pages.extend(other.pages);
        self.len += other.len;
    }

    /// The pages, one after the other, each given away.
    pub fn into_pages(self) -> impl Iterator<Item = Arc<ArrayVec<T, N>>> {
        self.pages.into_iter()
    }
}

impl<T: Clone, const N: usize> Pages<T, N> {
    /// A row to be changed; nothing if it is not there.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        Arc::make_mut(self.pages.get_mut(index / N)?).get_mut(index % N)
    }

    /// Adds a row.
    pub fn push(&mut self, row: T) {
        if self.len.is_multiple_of(N) {
            self.pages.push(Arc::new(ArrayVec::new()));
        }
        let page = self.pages.last_mut().expect("there is a page with room");
        Arc::make_mut(page).push(row);
        self.len += 1;
    }

    /// Removes the last row.
    pub fn pop(&mut self) -> Option<T> {
        let page = self.pages.last_mut()?;
        let row = Arc::make_mut(page).pop();
        if page.is_empty() {
            self.pages.pop();
        }
        self.len -= 1;
        row
    }

    /// Removes all rows but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.pages.truncate(len.div_ceil(N));
        if !len.is_multiple_of(N)
            && let Some(page) = self.pages.last_mut()
        {
            Arc::make_mut(page).truncate(len % N);
        }
        self.len = len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is done to rows.
    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        Set(usize, u8),
        Pop,
        Truncate(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => any::<u8>().prop_map(Step::Push),
            2 => (0_usize..40, any::<u8>()).prop_map(|(index, row)| Step::Set(index, row)),
            1 => Just(Step::Pop),
            1 => (0_usize..40).prop_map(Step::Truncate),
        ];
        prop::collection::vec(step, 0..60)
    }

    fn run(steps: &[Step], pages: &mut Pages<u8, 4>, rows: &mut Vec<u8>) {
        for step in steps {
            match step {
                Step::Push(row) => {
                    pages.push(*row);
                    rows.push(*row);
                }
                Step::Set(index, row) => {
                    assert_eq!(pages.get_mut(*index).map(|known| *known = *row), rows.get_mut(*index).map(|known| *known = *row));
                }
                Step::Pop => assert_eq!(pages.pop(), rows.pop()),
                Step::Truncate(len) => {
                    pages.truncate(*len);
                    rows.truncate(*len);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn pages_hold_what_a_list_holds_and_a_copy_stays_as_it_was(before in steps(), after in steps()) {
            let (mut pages, mut rows) = (Pages::default(), Vec::new());
            run(&before, &mut pages, &mut rows);
            let (copy, known) = (pages.clone(), rows.clone());
            run(&after, &mut pages, &mut rows);
            prop_assert_eq!(copy.iter().copied().collect::<Vec<_>>(), known);
            prop_assert_eq!(pages.iter().copied().collect::<Vec<_>>(), rows.clone());
            prop_assert_eq!((pages.len(), pages.last(), pages.get(rows.len())), (rows.len(), rows.last(), None));
            rows.sort_unstable();
            let mut sorted: Pages<u8, 4> = Pages::default();
            rows.iter().for_each(|row| sorted.push(*row));
            prop_assert_eq!(sorted.partition_point(|row| *row < 100), rows.partition_point(|row| *row < 100));
        }
    }
}
