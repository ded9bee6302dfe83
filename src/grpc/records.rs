//! `ReadRecords`: a range of records, filtered, forwards or backwards, as a stream of pages.

use super::Answers;
use super::filter::Filter;
use super::status::to_status;
use crate::domain::Seen;
use crate::domain::calendar::LATEST;
use crate::journal::StoredRecord;
use crate::ledger::{Error, Ledger, decode};
use crate::proto;
use crate::wire::ReadRecordsResponse;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Records of a page if the request does not say.
const DEFAULT_PAGE_SIZE: usize = 100;
/// The most records of a page.
const MAX_PAGE_SIZE: usize = 1_000;
/// Bytes after which a page is full, so that it stays below what clients take in.
const PAGE_BYTES: usize = 1 << 20;
/// Positions that are read at a time.
const RUN: u64 = 512;
/// Positions that are read for nothing rather than starting anew.
const MAX_GAP: u64 = 8;
/// Bytes that are read at a time.
const READ_BYTES: usize = 4 << 20;

/// Where a scan looks next.
enum Ahead {
    /// Everywhere in a range.
    All(Range<u64>),
    /// At these positions, in the order to be answered.
    These(VecDeque<u64>),
}

/// A scan over records.
pub struct Scan {
    ledger: Ledger,
    filter: Filter,
    seen: Seen,
    ahead: Ahead,
    backwards: bool,
    page_size: usize,
    /// The position that every page says.
    last: u64,
    /// What is read and matches, in the order to be answered.
    found: VecDeque<StoredRecord>,
    is_first: bool,
}

impl Scan {
    /// The scan that a request asks for.
    ///
    /// # Errors
    /// `Malformed` for bad fields, `UNKNOWN_ID` for a filter by what nobody introduced, `POSITION_NOT_REACHED`.
    pub fn new(ledger: Ledger, request: proto::ReadRecordsRequest) -> Result<Self, Error> {
        let proto::ReadRecordsRequest { from, to, filter, backwards, page_size, options } = request;
        let filter = Filter::parse(&filter.unwrap_or_default())?;
        let page_size = match page_size as usize {
            0 => DEFAULT_PAGE_SIZE,
            size if size <= MAX_PAGE_SIZE => size,
            size => {
                return Err(Error::malformed(
                    "page_size",
                    format!("is {size}; at most {MAX_PAGE_SIZE} are allowed, 0 means {DEFAULT_PAGE_SIZE}"),
                ));
            }
        };
        let last = ledger.last();
        let seen = ledger.seen(options.as_ref(), LATEST)?;
        let end = to.unwrap_or(u64::MAX).min(seen.position + 1);
        let range = from.max(1)..end;
        let ahead = match filter.positions(&ledger, seen)? {
            None => Ahead::All(range),
            Some(mut positions) => {
                positions.retain(|position| range.contains(position));
                if backwards {
                    positions.reverse();
                }
                Ahead::These(positions.into())
            }
        };
        Ok(Self { ledger, filter, seen, ahead, backwards, page_size, last, found: VecDeque::new(), is_first: true })
    }

    /// The pages. Each is read on a thread for blocking work, when the client has taken the one before.
    pub fn stream(self, deadline: Option<Instant>) -> Answers<ReadRecordsResponse> {
        let (sender, pages) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut scan = self;
            loop {
                let read = tokio::task::spawn_blocking(move || scan.next_page().map(|page| (scan, page))).await;
                let page = match read {
                    _ if deadline.is_some_and(|deadline| deadline <= Instant::now()) => Err(Error::DeadlineExceeded),
                    Ok(Ok((_, None))) => return,
                    Ok(Ok((rest, Some(page)))) => {
                        scan = rest;
                        if sender.send(Ok(page)).await.is_err() {
                            return;
                        }
                        continue;
                    }
                    Ok(Err(error)) => Err(error),
                    Err(panic) => Err(Error::Internal(format!("a defect in reading records: {panic}"))),
                };
                let _ = sender.send(page.map_err(to_status)).await;
                return;
            }
        });
        Box::pin(ReceiverStream::<Result<_, Status>>::new(pages))
    }

    /// The next page; `None` after the last. An empty answer has one empty page.
    fn next_page(&mut self) -> Result<Option<ReadRecordsResponse>, Error> {
        let mut records = Vec::new();
        let mut bytes = 0;
        while records.len() < self.page_size && bytes < PAGE_BYTES {
            match self.found.pop_front() {
                Some(record) => {
                    bytes += record.bytes.len();
                    records.push(record.bytes);
                }
                None if self.read_on()? => {}
                None => break,
            }
        }
        if records.is_empty() && !self.is_first {
            return Ok(None);
        }
        self.is_first = false;
        Ok(Some(ReadRecordsResponse { records, position: self.last }))
    }

    /// Reads the next run; false if there is none.
    fn read_on(&mut self) -> Result<bool, Error> {
        let (run, wanted) = match &mut self.ahead {
            Ahead::All(range) => (next_run(range, self.backwards), None),
            Ahead::These(positions) => {
                let wanted = next_wanted(positions);
                (span_of(&wanted), Some(wanted))
            }
        };
        if run.is_empty() {
            return Ok(false);
        }
        let (filter, seen) = (&self.filter, self.seen);
        let mut records = read_run(&self.ledger, run)?;
        if let Some(wanted) = wanted {
            records.retain(|record| wanted.contains(&record.position));
        }
        if !filter.takes_all(seen) {
            records = matching(records, filter, seen)?;
        }
        if self.backwards {
            records.reverse();
        }
        self.found.extend(records);
        Ok(true)
    }
}

/// Cuts the next run off a range.
fn next_run(range: &mut Range<u64>, backwards: bool) -> Range<u64> {
    if range.is_empty() {
        return 0..0;
    }
    if backwards {
        let start = range.end.saturating_sub(RUN).max(range.start);
        let run = start..range.end;
        range.end = start;
        run
    } else {
        let end = range.start.saturating_add(RUN).min(range.end);
        let run = range.start..end;
        range.start = end;
        run
    }
}

/// Takes positions that lie close together, in whichever direction they go.
fn next_wanted(positions: &mut VecDeque<u64>) -> Vec<u64> {
    let mut wanted = Vec::new();
    let Some(first) = positions.front().copied() else {
        return wanted;
    };
    let mut previous = first;
    while let Some(&next) = positions.front() {
        if next.abs_diff(previous) > MAX_GAP || next.abs_diff(first) >= RUN {
            break;
        }
        wanted.push(next);
        positions.pop_front();
        previous = next;
    }
    wanted
}

fn span_of(positions: &[u64]) -> Range<u64> {
    match (positions.iter().min(), positions.iter().max()) {
        (Some(least), Some(most)) => *least..*most + 1,
        _ => 0..0,
    }
}

/// The records that a filter wants: only for that they are read.
fn matching(records: Vec<StoredRecord>, filter: &Filter, seen: Seen) -> Result<Vec<StoredRecord>, Error> {
    let mut found = Vec::with_capacity(records.len());
    for stored in records {
        if filter.matches(&decode(&stored)?, seen) {
            found.push(stored);
        }
    }
    Ok(found)
}

/// All records of a run, rising.
fn read_run(ledger: &Ledger, run: Range<u64>) -> Result<Vec<StoredRecord>, Error> {
    let mut records = Vec::new();
    let mut next = run.start;
    while next < run.end {
        let some = ledger.stored_records(next, usize::try_from(run.end - next).unwrap_or(usize::MAX), READ_BYTES)?;
        let Some(last) = some.last() else {
            return Err(Error::Damaged(format!("the journal does not give record {next}")));
        };
        next = last.position + 1;
        records.extend(some);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_a_range_once_in_either_direction() {
        for backwards in [false, true] {
            let mut range = 3..3 + 2 * RUN + 5;
            let mut covered: Vec<u64> = Vec::new();
            loop {
                let run = next_run(&mut range, backwards);
                if run.is_empty() {
                    break;
                }
                assert!(run.end - run.start <= RUN);
                covered.extend(run);
            }
            covered.sort_unstable();
            assert_eq!(covered, (3..3 + 2 * RUN + 5).collect::<Vec<_>>());
        }
    }

    #[test]
    fn positions_are_read_together_if_they_lie_together() {
        let mut rising: VecDeque<u64> = [1, 2, 9, 40, 41].into();
        assert_eq!([next_wanted(&mut rising), next_wanted(&mut rising), next_wanted(&mut rising)], [vec![1, 2, 9], vec![40, 41], vec![]]);
        let mut falling: VecDeque<u64> = [41, 40, 9, 1].into();
        assert_eq!(span_of(&next_wanted(&mut falling)), 40..42);
        assert_eq!(span_of(&next_wanted(&mut falling)), 1..10);
        assert!(span_of(&next_wanted(&mut falling)).is_empty());
    }
}
