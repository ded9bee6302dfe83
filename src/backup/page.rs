//! PageCursor of consecutive records of bounded size, up to the journal's head when the copy began.

use crate::journal::{Batch, JournalError, StoredRecord, TreeHead};

/// Bytes after which a page is full.
const PAGE_BYTES: usize = 512 << 10;
/// Records after which a page is full.
const PAGE_RECORDS: usize = 8_192;

/// Consecutive records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPage {
    /// The first one's position.
    pub first: u64,
    /// The records; at least one.
    pub records: Batch,
}

impl RecordPage {
    /// The last record's position.
    pub fn last(&self) -> u64 {
        self.first + self.records.len() as u64 - 1
    }

    /// The page of consecutive records; `None` if there are none.
    pub fn of(stored: &[StoredRecord]) -> Option<Self> {
        let mut records = Batch::new();
        stored.iter().for_each(|record| records.push(&record.bytes));
        stored.first().map(|record| Self { first: record.position, records })
    }
}

/// The position of a copy under way. It holds no lock and no records, so a slow reader blocks nobody.
#[derive(Debug, Clone, Copy)]
pub struct PageCursor {
    next: u64,
    head: TreeHead,
}

impl PageCursor {
    /// Starts after a position and ends at `head`, the journal's head at this time.
    pub fn new(after: u64, head: TreeHead) -> Self {
        Self { next: after + 1, head }
    }

    /// Returns the next page, which it gets from `read` (a journal's method); `None` after the last.
    ///
    /// # Errors
    /// Errors of `read`; `Damaged` if it leaves out a record.
    pub fn next_page<E: From<JournalError>>(
        &mut self,
        read: impl FnOnce(u64, usize, usize) -> Result<Vec<StoredRecord>, E>,
    ) -> Result<Option<Vec<StoredRecord>>, E> {
        let left = (self.head.size + 1).saturating_sub(self.next);
        if left == 0 {
            return Ok(None);
        }
        let records = read(self.next, PAGE_RECORDS.min(left as usize), PAGE_BYTES)?;
        let is_in_order = records.iter().zip(self.next..).all(|(record, position)| record.position == position);
        if records.is_empty() || records.len() as u64 > left || !is_in_order {
            let what = "the journal does not give them in order".to_owned();
            return Err(JournalError::Damaged { what, first: self.next, last: self.head.size }.into());
        }
        self.next += records.len() as u64;
        Ok(Some(records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal as _, MemoryJournal};

    fn journal(records: usize, bytes: usize) -> MemoryJournal {
        let journal = MemoryJournal::new();
        let mut batch = Batch::new();
        (0..records).for_each(|number| batch.push(&vec![number as u8; bytes]));
        journal.append(0, &batch).expect("appended");
        journal
    }

    #[test]
    fn pages_are_bounded_and_end_where_the_copy_began() {
        let journal = journal(5, PAGE_BYTES / 2);
        let mut pages = PageCursor::new(1, journal.tree_head());
        let mut batch = Batch::new();
        batch.push(b"later");
        journal.append(5, &batch).expect("appended");
        let mut next = || pages.next_page(|from, records, bytes| journal.read(from, records, bytes)).expect("read");
        let mut positions = || next().map(|page| page.iter().map(|record| record.position).collect::<Vec<_>>());
        assert_eq!([positions(), positions(), positions()], [Some(vec![2, 3]), Some(vec![4, 5]), None]);
    }

    #[test]
    fn a_record_that_is_left_out_is_damage() {
        let journal = journal(3, 1);
        let mut pages = PageCursor::new(0, journal.tree_head());
        let skipping = pages.next_page(|from, records, bytes| journal.read(from + 1, records, bytes));
        assert!(matches!(skipping, Err(JournalError::Damaged { first: 1, .. })), "{skipping:?}");
        let silent = pages.next_page(|_, _, _| Ok::<_, JournalError>(Vec::new()));
        assert!(matches!(silent, Err(JournalError::Damaged { first: 1, .. })), "{silent:?}");
    }
}
