//! What is kept of each few rows of a table together, so that a list can pass over those among which nothing is wanted.

use super::pages::Pages;
use super::slice::{Slice, derived};
use super::table::{Row, row_of};
use std::collections::BTreeMap;
use std::ops::Range;

/// Rows of a block.
pub const BLOCK_ROWS: usize = 64;
/// Blocks in a page.
const PAGE: usize = 16;

/// What is kept of each block of a table's rows, as made of the rows themselves: snapshots leave it out.
pub struct Blocks<B> {
    blocks: Pages<B, PAGE>,
    savepoint: Option<Savepoint<B>>,
}

/// How many blocks there were, and how those that changed since were.
struct Savepoint<B> {
    blocks: usize,
    marks: BTreeMap<usize, B>,
}

impl<B> Default for Blocks<B> {
    fn default() -> Self {
        Self { blocks: Pages::default(), savepoint: None }
    }
}

impl<B> Blocks<B> {
    /// The block of a row.
    pub fn of(&self, row: Row) -> Option<&B> {
        self.blocks.get(row as usize / BLOCK_ROWS)
    }

    /// All blocks with their rows, of which there are so many.
    pub fn iter(&self, rows: usize) -> impl Iterator<Item = (Range<Row>, &B)> {
        (0..rows).step_by(BLOCK_ROWS).zip(self.blocks.iter()).map(move |(first, block)| {
            let last = rows.min(first + BLOCK_ROWS);
            (row_of(first)..row_of(last), block)
        })
    }

    /// Some rows, but those of blocks among which there can be nothing.
    pub fn rows_within<'a>(&'a self, rows: Range<Row>, may_have: impl Fn(&B) -> bool + 'a) -> impl Iterator<Item = Row> + 'a {
        let blocks = rows.start as usize / BLOCK_ROWS..(rows.end as usize).div_ceil(BLOCK_ROWS);
        let blocks = blocks.filter(move |block| self.blocks.get(*block).is_none_or(&may_have));
        blocks.flat_map(move |block| {
            let first = row_of(block * BLOCK_ROWS);
            let end = rows.end.min(first.saturating_add(row_of(BLOCK_ROWS)));
            rows.start.max(first)..end
        })
    }
}

impl<B: Clone + Default> Blocks<B> {
    /// Changes the block of a row.
    pub fn change(&mut self, row: Row, change: impl FnOnce(&mut B)) {
        let index = row as usize / BLOCK_ROWS;
        while self.blocks.len() <= index {
            self.blocks.push(B::default());
        }
        let block = self.blocks.get_mut(index).expect("the block is there");
        if let Some(savepoint) = &mut self.savepoint
            && index < savepoint.blocks
        {
            savepoint.marks.entry(index).or_insert_with(|| block.clone());
        }
        change(block);
    }
}

impl<B: Clone + Default> Slice for Blocks<B> {
    derived!();

    fn savepoint(&mut self) {
        self.savepoint = Some(Savepoint { blocks: self.blocks.len(), marks: BTreeMap::new() });
    }

    fn release(&mut self) {
        self.savepoint = None;
    }

    fn rollback(&mut self) {
        let Some(savepoint) = self.savepoint.take() else { return };
        self.blocks.truncate(savepoint.blocks);
        for (index, mark) in savepoint.marks {
            *self.blocks.get_mut(index).expect("a block that was there stays") = mark;
        }
    }

    fn share(&self) -> Self {
        assert!(self.savepoint.is_none(), "only what cannot be taken back is shared");
        Self { blocks: self.blocks.clone(), savepoint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(blocks: &Blocks<u32>) -> Vec<u32> {
        blocks.blocks.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn what_is_taken_back_is_gone_and_only_blocks_without_anything_are_passed_over(
            kept in prop::collection::vec(0_u32..900, 0..60), undone in prop::collection::vec(0_u32..1_400, 0..60), first in 0_u32..1_000, length in 0_u32..1_000,
        ) {
            let mut blocks: Blocks<u32> = Blocks::default();
            kept.iter().for_each(|row| blocks.change(*row, |count| *count += 1));
            let (shared, before) = (blocks.share(), all(&blocks));
            blocks.savepoint();
            undone.iter().for_each(|row| blocks.change(*row, |count| *count += 1));
            blocks.rollback();
            prop_assert_eq!((all(&blocks), all(&shared)), (before.clone(), before));
            let (rows, in_block) = (first..first + length, row_of(BLOCK_ROWS));
            let has = |row: &u32| kept.iter().any(|known| known / in_block == row / in_block);
            let end = row_of(blocks.blocks.len() * BLOCK_ROWS);
            let expected: Vec<u32> = rows.clone().filter(|row| end <= *row || has(row)).collect();
            prop_assert_eq!(blocks.rows_within(rows, |count| *count > 0).collect::<Vec<_>>(), expected);
            let whole: Vec<u32> = blocks.iter(length as usize).flat_map(|(rows, _)| rows).collect();
            prop_assert_eq!(whole, (0..length.min(end)).collect::<Vec<_>>());
        }
    }
}
