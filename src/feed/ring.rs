//! The newest pages, encoded once for all subscribers: a run of positions without a gap.

use crate::wire::EncodedPage;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most bytes of memory that the pages take, unless the newest alone is larger.
const MAX_BYTES: usize = 16 << 20;

/// Records that follow each other.
#[derive(Debug)]
pub struct Page {
    /// The position of the first.
    pub first: u64,
    /// The position of the last.
    pub last: u64,
    /// All of them.
    pub encoded: EncodedPage,
}

/// What comes after a position.
#[derive(Debug)]
pub enum After {
    /// The page that has the next record.
    Page(Arc<Page>),
    /// The ring begins later, behind this position.
    Behind(u64),
    /// Nothing yet.
    Nothing,
}

/// The newest pages.
#[derive(Debug)]
pub struct Ring {
    pages: VecDeque<Arc<Page>>,
    bytes: usize,
    /// The position before the first page.
    start: u64,
    /// The last position of the last page.
    end: u64,
}

impl Ring {
    /// An empty ring, which goes on after a position.
    pub fn after(position: u64) -> Self {
        Self { pages: VecDeque::new(), bytes: 0, start: position, end: position }
    }

    /// The last position that it has.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Adds the page that follows the last one; the oldest go.
    pub fn push(&mut self, page: Page) {
        assert_eq!(page.first, self.end + 1, "pages follow each other");
        self.end = page.last;
        self.bytes += page.encoded.memory();
        self.pages.push_back(Arc::new(page));
        while self.bytes > MAX_BYTES && self.pages.len() > 1 {
            let Some(oldest) = self.pages.pop_front() else { break };
            self.bytes -= oldest.encoded.memory();
            self.start = oldest.last;
        }
    }

    /// What comes after a position.
    pub fn find(&self, after: u64) -> After {
        if after < self.start {
            return After::Behind(self.start);
        }
        let number = self.pages.partition_point(|page| page.last <= after);
        self.pages.get(number).map_or(After::Nothing, |page| After::Page(Arc::clone(page)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: u64, last: u64, bytes: usize) -> Page {
        let records: Vec<_> = (first..=last).map(|_| vec![7; bytes]).collect();
        Page { first, last, encoded: EncodedPage::of(&records) }
    }

    #[test]
    fn the_page_with_the_next_record_is_found_and_the_oldest_pages_go() {
        let mut ring = Ring::after(10);
        assert!(matches!(ring.find(10), After::Nothing) && matches!(ring.find(9), After::Behind(10)));
        ring.push(page(11, 13, 5));
        ring.push(page(14, 14, 5));
        for (after, first) in [(10, 11), (12, 11), (13, 14)] {
            assert!(matches!(ring.find(after), After::Page(page) if page.first == first), "{after}");
        }
        assert!(matches!(ring.find(14), After::Nothing));
        ring.push(page(15, 15, MAX_BYTES));
        assert!(matches!(ring.find(14), After::Page(page) if page.first == 15), "the newest stays, however large it is");
        assert!(matches!(ring.find(13), After::Behind(14)));
        assert_eq!(ring.end(), 15);
    }

    #[test]
    #[should_panic(expected = "pages follow each other")]
    fn a_gap_is_a_defect() {
        Ring::after(10).push(page(12, 12, 1));
    }
}
