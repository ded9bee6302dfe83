//! Rows in pages: growing moves nothing that is there, and a copy of all costs a pointer per table and some for the last pages.

use arrayvec::ArrayVec;
use std::sync::Arc;

/// Pages of a node: a tree of two levels, so that a copy shares nodes rather than each page.
const FANOUT: usize = 64;

type Page<T, const N: usize> = Arc<ArrayVec<T, N>>;
type Node<T, const N: usize> = Arc<[Page<T, N>; FANOUT]>;

/// Rows in the order in which they were added, in pages of `N`. A clone shares the pages (copy-on-write): whoever changes a
/// row of a shared page gets a page of its own.
#[derive(Clone)]
pub struct Pages<T, const N: usize> {
    /// Full pages; `None` as long as there are few.
    nodes: Option<Arc<Vec<Node<T, N>>>>,
    /// The pages after the last node: at most `FANOUT`, and at least one unless there are no rows.
    tail: Vec<Page<T, N>>,
    len: usize,
}

impl<T, const N: usize> Default for Pages<T, N> {
    fn default() -> Self {
        Self { nodes: None, tail: Vec::new(), len: 0 }
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
        self.page(index / N)?.get(index % N)
    }

    fn page(&self, page: usize) -> Option<&Page<T, N>> {
        let Some(nodes) = &self.nodes else { return self.tail.get(page) };
        match nodes.get(page / FANOUT) {
            Some(node) => Some(&node[page % FANOUT]),
            None => self.tail.get(page - nodes.len() * FANOUT),
        }
    }

    fn pages_in_nodes(&self) -> usize {
        self.nodes.as_ref().map_or(0, |nodes| nodes.len() * FANOUT)
    }

    /// The last row.
    pub fn last(&self) -> Option<&T> {
        self.tail.last()?.last()
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (0..self.len).map(|index| self.get(index).expect("it lies below the length"))
    }

    /// The first row that does not match, of rows of which the first ones do and the others do not.
    pub fn partition_point(&self, matches: impl Fn(&T) -> bool) -> usize {
        let (mut start, mut end) = (0, self.len);
        while start < end {
            let middle = start.midpoint(end);
            if self.get(middle).is_some_and(&matches) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        start
    }

    /// Adds a page behind full pages; full pages before it are put into a node when there are enough.
    fn push_page(&mut self, page: Page<T, N>) {
        if self.tail.len() == FANOUT {
            let full = std::mem::replace(&mut self.tail, Vec::with_capacity(FANOUT));
            let node = <[Page<T, N>; FANOUT]>::try_from(full).unwrap_or_else(|_| unreachable!("there are as many as a node has"));
            Arc::make_mut(self.nodes.get_or_insert_default()).push(Arc::new(node));
        }
        self.tail.push(page);
    }

    /// Takes the pages of the last node out of it, if no page is left behind it.
    fn refill_tail(&mut self) {
        if self.tail.is_empty()
            && let Some(nodes) = &mut self.nodes
            && let Some(node) = Arc::make_mut(nodes).pop()
        {
            self.tail.extend(Arc::unwrap_or_clone(node));
        }
    }
}

impl<T, const N: usize> Pages<T, N> {
    /// So many rows, each made by `next`; the first error ends it.
    ///
    /// # Errors
    /// Those of `next`.
    pub fn filled<E>(len: usize, mut next: impl FnMut() -> Result<T, E>) -> Result<Self, E> {
        let mut pages = Self::default();
        for first in (0..len).step_by(N) {
            let mut page = Arc::new(ArrayVec::new());
            let rows = Arc::get_mut(&mut page).expect("nobody else has the page yet");
            for _ in first..len.min(first + N) {
                rows.push(next()?);
            }
            pages.push_page(page);
        }
        pages.len = len;
        Ok(pages)
    }

    /// Adds the rows of another, behind full pages only.
    pub fn append(&mut self, other: Self) {
        assert!(self.len.is_multiple_of(N), "pages are added behind full ones");
        self.len += other.len;
        other.into_pages().for_each(|page| self.push_page(page));
    }

    /// The pages, one after the other, each given away.
    pub fn into_pages(self) -> impl Iterator<Item = Arc<ArrayVec<T, N>>> {
        let nodes = self.nodes.map(Arc::unwrap_or_clone).unwrap_or_default();
        nodes.into_iter().flat_map(Arc::unwrap_or_clone).chain(self.tail)
    }
}

impl<T: Clone, const N: usize> Pages<T, N> {
    fn page_mut(&mut self, page: usize) -> Option<&mut ArrayVec<T, N>> {
        let in_nodes = self.pages_in_nodes();
        let page = match (&mut self.nodes, page.checked_sub(in_nodes)) {
            (_, Some(page)) => self.tail.get_mut(page)?,
            (Some(nodes), None) => &mut Arc::make_mut(&mut Arc::make_mut(nodes)[page / FANOUT])[page % FANOUT],
            (None, None) => return None,
        };
        Some(Arc::make_mut(page))
    }

    /// A row to be changed; nothing if it is not there.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.page_mut(index / N)?.get_mut(index % N)
    }

    /// Adds a row.
    pub fn push(&mut self, row: T) {
        if self.len.is_multiple_of(N) {
            self.push_page(Arc::new(ArrayVec::new()));
        }
        let page = self.tail.last_mut().expect("there is a page with room");
        Arc::make_mut(page).push(row);
        self.len += 1;
    }

    /// Removes the last row.
    pub fn pop(&mut self) -> Option<T> {
        let page = self.tail.last_mut()?;
        let row = Arc::make_mut(page).pop();
        if page.is_empty() {
            self.tail.pop();
            self.refill_tail();
        }
        self.len -= 1;
        row
    }

    /// Removes all rows but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        let kept = len.div_ceil(N);
        while self.pages_in_nodes() >= kept.max(1) {
            self.tail.clear();
            self.refill_tail();
        }
        self.tail.truncate(kept - self.pages_in_nodes());
        self.refill_tail();
        if !len.is_multiple_of(N)
            && let Some(page) = self.tail.last_mut()
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
        /// Enough for some nodes.
        Fill(u8),
        Set(usize, u8),
        Pop,
        Truncate(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => any::<u8>().prop_map(Step::Push),
            1 => any::<u8>().prop_map(Step::Fill),
            4 => (0_usize..600, any::<u8>()).prop_map(|(index, row)| Step::Set(index, row)),
            1 => Just(Step::Pop),
            1 => (0_usize..600).prop_map(Step::Truncate),
        ];
        prop::collection::vec(step, 0..60)
    }

    fn run(steps: &[Step], pages: &mut Pages<u8, 2>, rows: &mut Vec<u8>) {
        for step in steps {
            match step {
                Step::Push(row) => {
                    pages.push(*row);
                    rows.push(*row);
                }
                Step::Fill(row) => {
                    (0..=2 * FANOUT).for_each(|_| pages.push(*row));
                    rows.extend(std::iter::repeat_n(*row, 2 * FANOUT + 1));
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
            prop_assert_eq!(copy.iter().copied().collect::<Vec<_>>(), known.clone());
            prop_assert_eq!(copy.into_pages().flat_map(|page| page.to_vec()).collect::<Vec<_>>(), known);
            prop_assert_eq!(pages.iter().copied().collect::<Vec<_>>(), rows.clone());
            prop_assert_eq!((pages.len(), pages.last(), pages.get(rows.len())), (rows.len(), rows.last(), None));
            rows.sort_unstable();
            let mut sorted: Pages<u8, 2> = Pages::default();
            rows.iter().for_each(|row| sorted.push(*row));
            prop_assert_eq!(sorted.partition_point(|row| *row < 100), rows.partition_point(|row| *row < 100));
        }
    }
}
