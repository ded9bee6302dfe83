//! Lists of rows, such as the campaigns of each agreement.

use super::few::Few;
use super::pages::Pages;
use super::slice::{Slice, derived};
use super::table::Row;

/// A list of rows for each row of another table, in the order in which they were added. It is made of what the tables say:
/// snapshots leave it out.
#[derive(Default)]
pub struct RowLists {
    lists: Pages<Few<Row, 32>, 16>,
    /// To which lists a row was added since the open savepoint was opened; `None` if none is open.
    since_savepoint: Option<Vec<Row>>,
}

impl RowLists {
    /// Adds a row to the list of another one.
    pub fn push(&mut self, of: Row, row: Row) {
        while self.lists.len() <= of as usize {
            self.lists.push(Few::default());
        }
        self.lists.get_mut(of as usize).expect("the list is there").push(row);
        if let Some(added) = &mut self.since_savepoint {
            added.push(of);
        }
    }

    /// The rows of a list.
    pub fn of(&self, of: Row) -> impl Iterator<Item = Row> {
        self.lists.get(of as usize).into_iter().flat_map(|list| list.iter_from(0).copied())
    }

    /// The rows of a list from one on, if they were added in their order.
    pub fn rising(&self, of: Row, from: Row) -> impl Iterator<Item = Row> {
        let since = move |list: &Few<Row, 32>| list.partition_point(|row| *row < from);
        self.lists.get(of as usize).into_iter().flat_map(move |list| list.iter_from(since(list)).copied())
    }

    /// The last row of a list.
    pub fn last(&self, of: Row) -> Option<Row> {
        self.lists.get(of as usize)?.last().copied()
    }
}

impl Slice for RowLists {
    derived!();

    fn savepoint(&mut self) {
        self.since_savepoint = Some(Vec::new());
    }

    fn release(&mut self) {
        self.since_savepoint = None;
    }

    fn rollback(&mut self) {
        for list in self.since_savepoint.take().into_iter().flatten() {
            self.lists.get_mut(list as usize).expect("the list is there").pop();
        }
    }

    fn share(&self) -> Self {
        assert!(self.since_savepoint.is_none(), "only what cannot be taken back is shared");
        Self { lists: self.lists.clone(), since_savepoint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lists_have_their_rows_and_what_is_taken_back_is_gone(
            mut kept in prop::collection::vec((0_u32..40, 0_u32..900), 0..200), undone in prop::collection::vec((0_u32..60, 0_u32..900), 0..60), from in 0_u32..900,
        ) {
            kept.sort_by_key(|(_, row)| *row);
            let mut lists = RowLists::default();
            kept.iter().for_each(|(of, row)| lists.push(*of, *row));
            let shared = lists.share();
            lists.savepoint();
            undone.iter().for_each(|(of, row)| lists.push(*of, *row));
            lists.rollback();
            for of in 0..60 {
                let expected: Vec<Row> = kept.iter().filter(|(list, _)| *list == of).map(|(_, row)| *row).collect();
                let later: Vec<Row> = expected.iter().copied().filter(|row| from <= *row).collect();
                for lists in [&lists, &shared] {
                    prop_assert_eq!(lists.of(of).collect::<Vec<_>>(), expected.clone());
                    prop_assert_eq!(lists.rising(of, from).collect::<Vec<_>>(), later.clone());
                    prop_assert_eq!(lists.last(of), expected.last().copied());
                }
            }
        }
    }
}
