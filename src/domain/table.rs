//! Keyed rows that can be taken back: what a batch wrote is undone when a later event of it is refused.

pub mod encoding;

use super::pages::Pages;
use super::row_index::RowIndex;
use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashSet};
use std::hash::Hash;

/// The place of a row in its table. Rows are never removed, so it stays good for the table's life.
pub type Row = u32;

/// A row, or none, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OptionalRow(Row);

impl OptionalRow {
    /// No row.
    pub const NONE: Self = Self(Row::MAX);

    /// The row, if there is one.
    pub fn get(self) -> Option<Row> {
        (self != Self::NONE).then_some(self.0)
    }
}

impl From<Option<Row>> for OptionalRow {
    fn from(row: Option<Row>) -> Self {
        assert!(row != Some(Row::MAX), "a table holds fewer than 2^32 - 1 rows");
        row.map_or(Self::NONE, Self)
    }
}

/// A value that can go back to how it was.
pub trait Undo {
    /// What is kept of it before a change.
    type Mark;
    /// Keeps what is needed to go back to now.
    fn mark(&self) -> Self::Mark;
    /// Goes back.
    fn undo(&mut self, mark: Self::Mark);
}

/// For small values: the mark is a copy.
macro_rules! undo_by_copy {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::domain::table::Undo for $type {
            type Mark = Self;
            fn mark(&self) -> Self {
                self.clone()
            }
            fn undo(&mut self, mark: Self) {
                *self = mark;
            }
        }
    )*};
}
pub(crate) use undo_by_copy;

/// Rows of a page: with what a page needs besides, most pages fill the size in which memory is given out. The first change of a
/// page that is shared copies it, so rows that need much memory have smaller pages.
pub const PAGE: usize = 31;

/// So many marks are room for the next savepoint; of a larger batch it is given back.
const KEPT_MARKS: usize = 4_096;

/// Rows by key, in the order of their introduction, with one open savepoint at most. Growing it moves no rows.
pub struct Table<K, V: Undo, const N: usize = PAGE> {
    rows: Pages<(K, V), N>,
    places: RowIndex,
    /// How many rows there were when the open savepoint was opened.
    savepoint: Option<usize>,
    /// The rows that changed since, each once; how they were stands in `marks`. Their room is used again and again.
    changed: HashSet<Row, FixedState>,
    marks: Vec<(Row, V::Mark)>,
}

impl<K, V: Undo, const N: usize> Default for Table<K, V, N> {
    fn default() -> Self {
        Self::of(Pages::default(), RowIndex::default())
    }
}

impl<K, V: Undo, const N: usize> Table<K, V, N> {
    fn of(rows: Pages<(K, V), N>, places: RowIndex) -> Self {
        Self { rows, places, savepoint: None, changed: HashSet::default(), marks: Vec::new() }
    }

    /// The value of a row that is there.
    pub fn get(&self, row: Row) -> &V {
        &self.row(row).1
    }

    /// The value of a row; nothing if it is not there, as one of a batch that was taken back.
    pub fn at(&self, row: Row) -> Option<&V> {
        self.rows.get(row as usize).map(|(_, value)| value)
    }

    /// The key of a row that is there.
    pub fn key(&self, row: Row) -> &K {
        &self.row(row).0
    }

    fn row(&self, row: Row) -> &(K, V) {
        self.rows.get(row as usize).expect("rows are never removed while somebody knows their place")
    }

    /// The first row that does not match, of rows of which the first ones do and the others do not.
    pub fn partition_point(&self, matches: impl Fn(&V) -> bool) -> Row {
        row_of(self.rows.partition_point(|(_, value)| matches(value)))
    }

    /// All rows, in the order of their introduction.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Row, &K, &V)> + ExactSizeIterator {
        self.rows.iter().enumerate().map(|(row, (key, value))| (row_of(row), key, value))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Opens a savepoint, to which `rollback` goes back.
    pub fn savepoint(&mut self) {
        self.forget_marks();
        self.savepoint = Some(self.rows.len());
    }

    /// Forgets the savepoint: what was written since stays.
    pub fn release(&mut self) {
        self.savepoint = None;
        self.forget_marks();
    }

    fn forget_marks(&mut self) {
        if self.marks.capacity() > KEPT_MARKS {
            (self.changed, self.marks) = (HashSet::default(), Vec::new());
        } else {
            self.changed.clear();
            self.marks.clear();
        }
    }
}

impl<K: Hash + Eq, V: Undo, const N: usize> Table<K, V, N> {
    /// The row of a key.
    pub fn find<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<Row> {
        // The index may know rows that the writer has added since this table was shared.
        self.places.find(self.places.hash(key), |row| self.rows.get(row as usize).is_some_and(|(known, _)| key.equivalent(known)))
    }

    /// Like `find`, of what was mostly introduced last: that is looked at first.
    pub fn find_latest<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<Row> {
        let is_last = self.rows.last().is_some_and(|(known, _)| key.equivalent(known));
        if is_last { Some(row_of(self.rows.len() - 1)) } else { self.find(key) }
    }

    /// The value of a key.
    pub fn by_key<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<&V> {
        self.find(key).map(|row| self.get(row))
    }
}

impl<K: Clone, V: Undo + Clone, const N: usize> Table<K, V, N> {
    /// The table as it is now, to be read while this one changes: it costs a few dozen pointers. There must be no open
    /// savepoint: what may be taken back is not yet a fact. The copy gets no further rows.
    #[must_use]
    pub fn share(&self) -> Self {
        assert!(self.savepoint.is_none(), "only what cannot be taken back is shared");
        Self::of(self.rows.clone(), self.places.share())
    }

    /// The value of a row, to be changed.
    pub fn get_mut(&mut self, row: Row) -> &mut V {
        let value = &mut self.rows.get_mut(row as usize).expect("rows are never removed while somebody knows their place").1;
        if self.savepoint.is_some_and(|rows| (row as usize) < rows)
            // The first mark alone restores the row, however often it changes.
            && self.changed.insert(row)
        {
            self.marks.push((row, value.mark()));
        }
        value
    }
}

impl<K: Hash + Eq + Clone, V: Undo + Clone, const N: usize> Table<K, V, N> {
    /// Adds a row. The key must be new: `decide` has checked it.
    pub fn insert(&mut self, key: K, value: V) -> Row {
        let known = self.add_place(&key);
        assert!(known.is_none(), "a row is introduced once");
        self.push(key, value)
    }

    /// The row of a key, added if it is not there.
    pub fn find_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> Row {
        match self.add_place(&key) {
            Some(known) => known,
            None => self.push(key, value()),
        }
    }

    /// Has the next row found by a key, unless there is one of the key already, which is returned.
    fn add_place(&mut self, key: &K) -> Option<Row> {
        let hash = self.places.hash(key);
        self.places
            .add_unless_known(hash, row_of(self.rows.len()), |row| self.rows.get(row as usize).is_some_and(|(known, _)| known == key))
    }

    fn push(&mut self, key: K, value: V) -> Row {
        let row = row_of(self.rows.len());
        self.rows.push((key, value));
        row
    }

    /// Takes back all that was written since the savepoint.
    pub fn rollback(&mut self) {
        let Some(rows) = self.savepoint.take() else { return };
        while self.rows.len() > rows {
            let row = row_of(self.rows.len() - 1);
            if let Some((key, _)) = self.rows.pop() {
                self.places.remove(self.places.hash(&key), row);
            }
        }
        for (row, mark) in self.marks.drain(..) {
            self.rows.get_mut(row as usize).expect("a row that was there stays").1.undo(mark);
        }
        self.forget_marks();
    }
}

pub(super) fn row_of(index: usize) -> Row {
    Row::try_from(index).expect("a table holds fewer than 2^32 rows")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    undo_by_copy!(u64);

    #[test]
    fn a_rollback_restores_rows_and_forgets_new_ones() {
        let mut table: Table<&str, u64> = Table::default();
        let kept = table.insert("kept", 1);
        table.savepoint();
        *table.get_mut(kept) = 2;
        *table.get_mut(kept) = 3;
        let new = table.insert("new", 9);
        *table.get_mut(new) = 10;
        table.rollback();
        assert_eq!((table.len(), *table.get(kept), table.find("new")), (1, 1, None));
        table.savepoint();
        *table.get_mut(kept) = 4;
        table.release();
        table.rollback();
        assert_eq!(*table.get(kept), 4);
    }

    #[test]
    fn many_rows_are_found_in_their_order_and_those_taken_back_are_not() {
        let mut table: Table<u64, u64> = Table::default();
        let fill = |table: &mut Table<u64, u64>, keys: std::ops::Range<u64>| {
            keys.for_each(|key| assert_eq!(u64::from(table.insert(key * 7, key)), key));
        };
        fill(&mut table, 0..900);
        table.savepoint();
        fill(&mut table, 900..5_000);
        table.rollback();
        assert_eq!((table.len(), table.find(&(7 * 899)), table.find(&(7 * 900))), (900, Some(899), None));
        fill(&mut table, 900..3_000);
        assert!((0..3_000_u64).all(|key| table.by_key(&(key * 7)) == Some(&key) && table.find(&(key * 7 + 1)).is_none()));
        assert!(table.iter().map(|(_, key, _)| *key).eq((0..3_000).map(|key| key * 7)));
        assert_eq!(table.partition_point(|value| *value < 1_234), 1_234);
    }

    /// What is done to a table: rows are added, values changed, and some of it is taken back.
    #[derive(Clone, Debug)]
    enum Step {
        Insert(u16),
        Set(u16, u64),
        TakeBack(Vec<(u16, u64)>),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let key = || 0_u16..3_000;
        let step = prop_oneof![
            4 => key().prop_map(Step::Insert),
            2 => (key(), any::<u64>()).prop_map(|(key, value)| Step::Set(key, value)),
            1 => prop::collection::vec((key(), any::<u64>()), 0..40).prop_map(Step::TakeBack),
        ];
        prop::collection::vec(step, 0..600)
    }

    fn set(table: &mut Table<u16, u64, 3>, key: u16, value: u64) {
        let row = table.find_or_insert_with(key, || 0);
        *table.get_mut(row) = value;
    }

    fn run(table: &mut Table<u16, u64, 3>, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Insert(key) => set(table, *key, 1),
                Step::Set(key, value) => set(table, *key, *value),
                Step::TakeBack(changes) => {
                    table.savepoint();
                    changes.iter().for_each(|(key, value)| set(table, *key, *value));
                    table.rollback();
                }
            }
        }
    }

    fn all(table: &Table<u16, u64, 3>) -> Vec<(u16, u64, Option<Row>)> {
        (0..3_000).map(|key| (key, table.by_key(&key).copied().unwrap_or_default(), table.find(&key))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_shared_stays_as_it_was_whatever_comes_after(before in steps(), between in steps(), after in steps()) {
            let mut table = Table::default();
            run(&mut table, &before);
            let (first, known_first) = (table.share(), all(&table));
            run(&mut table, &between);
            let (second, known_second) = (table.share(), all(&table));
            run(&mut table, &after);
            prop_assert_eq!(all(&first), known_first);
            drop(first);
            run(&mut table, &before);
            prop_assert_eq!(all(&second), known_second);
            prop_assert!(second.iter().all(|(row, key, _)| second.find(key) == Some(row)));
        }
    }
}
