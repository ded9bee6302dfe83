//! Keyed rows that can be taken back: what a batch wrote is undone when a later event of it is refused.

use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::hash::Hash;

/// The place of a row in its table. Rows are never removed, so it stays good for the table's life.
pub type Row = u32;

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

/// Rows by key, in the order of their introduction, with one open savepoint at most.
pub struct Table<K, V: Undo> {
    rows: IndexMap<K, V, foldhash::quality::RandomState>,
    savepoint: Option<Savepoint<V>>,
}

/// How many rows there were, and how those that changed since were.
struct Savepoint<V: Undo> {
    rows: usize,
    marks: BTreeMap<Row, V::Mark>,
}

impl<K, V: Undo> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: IndexMap::default(), savepoint: None }
    }
}

impl<K: Hash + Eq, V: Undo> Table<K, V> {
    /// The row of a key.
    pub fn find<Q: ?Sized + Hash + indexmap::Equivalent<K>>(&self, key: &Q) -> Option<Row> {
        self.rows.get_index_of(key).map(row_of)
    }

    /// The value of a key.
    pub fn by_key<Q: ?Sized + Hash + indexmap::Equivalent<K>>(&self, key: &Q) -> Option<&V> {
        self.rows.get(key)
    }

    /// The value of a row that is there.
    pub fn get(&self, row: Row) -> &V {
        &self.rows[row as usize]
    }

    /// The value of a row; nothing if it is not there, as one of a batch that was taken back.
    pub fn at(&self, row: Row) -> Option<&V> {
        self.rows.get_index(row as usize).map(|(_, value)| value)
    }

    /// The key of a row that is there.
    pub fn key(&self, row: Row) -> &K {
        self.rows.get_index(row as usize).expect("rows are never removed while somebody knows their place").0
    }

    /// The value of a row, to be changed.
    pub fn get_mut(&mut self, row: Row) -> &mut V {
        let value = &mut self.rows[row as usize];
        if let Some(savepoint) = &mut self.savepoint
            && (row as usize) < savepoint.rows
        {
            // The first mark alone restores the row, however often it changes.
            savepoint.marks.entry(row).or_insert_with(|| value.mark());
        }
        value
    }

    /// Adds a row. The key must be new: `decide` has checked it.
    pub fn insert(&mut self, key: K, value: V) -> Row {
        let (row, replaced) = self.rows.insert_full(key, value);
        assert!(replaced.is_none(), "a row is introduced once");
        row_of(row)
    }

    /// The row of a key, added if it is not there.
    pub fn find_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> Row {
        match self.rows.get_index_of(&key) {
            Some(row) => row_of(row),
            None => self.insert(key, value()),
        }
    }

    /// The first row that does not match, of rows of which the first ones do and the others do not.
    pub fn partition_point(&self, matches: impl Fn(&V) -> bool) -> Row {
        row_of(self.rows.as_slice().partition_point(|_, value| matches(value)))
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
        self.savepoint = Some(Savepoint { rows: self.rows.len(), marks: BTreeMap::new() });
    }

    /// Forgets the savepoint: what was written since stays.
    pub fn release(&mut self) {
        self.savepoint = None;
    }

    /// Takes back all that was written since the savepoint.
    pub fn rollback(&mut self) {
        if let Some(savepoint) = self.savepoint.take() {
            self.rows.truncate(savepoint.rows);
            for (row, mark) in savepoint.marks {
                self.rows[row as usize].undo(mark);
            }
        }
    }
}

fn row_of(index: usize) -> Row {
    Row::try_from(index).expect("a table holds fewer than 2^32 rows")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
