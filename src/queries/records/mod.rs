//! Records as they were recorded: one of them (`GetRecord`), or a filtered range forwards or backwards (`ReadRecords`).

mod filter;

use super::Query;
use super::source::{SPAN_POSITIONS, Source, next_wanted};
use crate::domain::Seen;
use crate::domain::calendar::LATEST;
use crate::domain::ids::EventId;
use crate::journal::StoredRecord;
use crate::ledger::{Error, decode};
use crate::proto::{self, get_record_request::Key};
use filter::Filter;
use std::collections::VecDeque;
use std::ops::Range;

/// Records of a page if the request does not say.
const DEFAULT_PAGE_SIZE: usize = 100;
/// The most records of a page.
const MAX_PAGE_SIZE: usize = 1_000;
/// Bytes of records that a scan keeps from one page to the next; more are read again.
const KEPT_BYTES: usize = 16 << 10;
/// Bytes that are read at a time where few of the records may match.
const LEAST_READ_BYTES: usize = 256 << 10;

/// `GetRecord`.
pub struct GetRecord;

impl Query for GetRecord {
    type Request = proto::GetRecordRequest;
    type Answer = proto::GetRecordResponse;

    fn ask(source: &impl Source, request: &Self::Request) -> Result<Self::Answer, Error> {
        let record = match &request.key {
            None => return Err(Error::malformed("key", "is required: give position or event_id")),
            Some(Key::Position(0)) => return Err(Error::malformed("position", "must be 1 or more")),
            Some(Key::Position(position)) => source.record(*position)?,
            Some(Key::EventId(text)) => {
                let malformed = || Error::malformed("event_id", "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057");
                source.record_of(EventId::parse(text).ok_or_else(malformed)?)?
            }
        };
        Ok(proto::GetRecordResponse { record: Some(record), position: source.last() })
    }
}

/// A page of `ReadRecords`.
#[derive(Debug)]
pub struct RecordsPage {
    /// The records as stored.
    pub records: Vec<StoredRecord>,
    /// The last durable position when the scan began.
    pub position: u64,
}

/// What a scan has still to look at.
enum Ahead {
    /// All positions of a range.
    All(Range<u64>),
    /// These positions, in the order of the answer.
    These(VecDeque<u64>),
}

/// `ReadRecords`: a scan over records, page by page.
pub struct Scan<S> {
    source: S,
    filter: Filter,
    seen: Seen,
    ahead: Ahead,
    backwards: bool,
    page_size: usize,
    /// The last durable position when the scan began; every page says it.
    last: u64,
    /// What was read and matches, in the order of the answer.
    found: VecDeque<StoredRecord>,
    is_first: bool,
}

impl<S: Source> Scan<S> {
    /// Returns the scan that a request asks for.
    ///
    /// # Errors
    /// `Malformed` for bad fields, `UNKNOWN_ID` for a filter by what nobody introduced, `POSITION_NOT_REACHED`.
    pub fn new(source: S, request: proto::ReadRecordsRequest) -> Result<Self, Error> {
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
        let last = source.last();
        let seen = source.seen(options.as_ref(), LATEST)?;
        let end = to.unwrap_or(u64::MAX).min(seen.position + 1);
        let range = from.max(1)..end;
        let ahead = match filter.positions(&source, seen)? {
            None => Ahead::All(range),
            Some(mut positions) => {
                positions.retain(|position| range.contains(position));
                if backwards {
                    positions.reverse();
                }
                Ahead::These(positions.into())
            }
        };
        Ok(Self { source, filter, seen, ahead, backwards, page_size, last, found: VecDeque::new(), is_first: true })
    }

    /// Bytes of memory that the scan takes beside its pages.
    pub fn bytes(&self) -> usize {
        match &self.ahead {
            Ahead::All(_) => KEPT_BYTES,
            Ahead::These(positions) => KEPT_BYTES + positions.len() * size_of::<u64>(),
        }
    }

    /// Reads the next page, of no more than `max_bytes` unless its first record is larger; returns `None` after the last. A
    /// scan that finds nothing has one empty page.
    ///
    /// # Errors
    /// `Damaged` if records cannot be read.
    pub fn next_page(&mut self, max_bytes: usize) -> Result<Option<RecordsPage>, Error> {
        let mut records = Vec::new();
        let mut bytes = 0;
        // What is left of a nearly full page is not worth another read.
        while records.len() < self.page_size && bytes <= max_bytes - max_bytes / 16 {
            match self.found.pop_front() {
                Some(record) if bytes + record.bytes.len() > max_bytes && bytes > 0 => {
                    self.found.push_front(record);
                    break;
                }
                Some(record) => {
                    bytes += record.bytes.len();
                    records.push(record);
                }
                None if self.read_on(max_bytes.saturating_sub(bytes))? => {}
                None => break,
            }
        }
        self.keep_little();
        if records.is_empty() && !self.is_first {
            return Ok(None);
        }
        self.is_first = false;
        Ok(Some(RecordsPage { records, position: self.last }))
    }

    /// Forgets what was found and is not of this page, unless it is little: it is read again for the next one.
    fn keep_little(&mut self) {
        if self.found.iter().map(|record| record.bytes.len()).sum::<usize>() <= KEPT_BYTES {
            return;
        }
        let found = std::mem::take(&mut self.found);
        match &mut self.ahead {
            Ahead::All(range) if self.backwards => range.end = found[0].position + 1,
            Ahead::All(range) => range.start = found[0].position,
            Ahead::These(positions) => found.iter().rev().for_each(|record| positions.push_front(record.position)),
        }
    }

    /// Reads the next records that may match, about `max_bytes` of them; returns whether there were any left to read.
    fn read_on(&mut self, max_bytes: usize) -> Result<bool, Error> {
        let (filter, seen) = (&self.filter, self.seen);
        let max_bytes = if filter.takes_all(seen) { max_bytes } else { max_bytes.max(LEAST_READ_BYTES) };
        let mut records = match &mut self.ahead {
            Ahead::All(range) if range.is_empty() => return Ok(false),
            Ahead::All(range) => read_next(&self.source, range, self.backwards, max_bytes)?,
            Ahead::These(positions) if positions.is_empty() => return Ok(false),
            Ahead::These(positions) => read_wanted(&self.source, positions, max_bytes)?,
        };
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

/// Reads the next records of a range, and cuts them off it: about `max_bytes` of them, at least one. They come rising.
fn read_next(source: &impl Source, range: &mut Range<u64>, backwards: bool, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
    let mut ahead = range.clone();
    let mut span = next_span(&mut ahead, backwards);
    loop {
        let records = read_within(source, &span, max_bytes)?;
        let read = span.start + records.len() as u64;
        if read == span.end || !backwards {
            *range = if backwards { range.start..span.start } else { read..range.end };
            return Ok(records);
        }
        // The last ones are wanted, and do not fit together with those before them.
        span.start = read.max(span.start + (span.end - span.start) / 2).min(span.end - 1);
    }
}

/// Reads the records of the next positions that lie close together, and takes those off the list: about `max_bytes` of
/// records, at least one. They come rising.
fn read_wanted(source: &impl Source, positions: &mut VecDeque<u64>, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
    let mut wanted = next_wanted(positions);
    let all = wanted.clone();
    let records = loop {
        let (Some(least), Some(most)) = (wanted.iter().min(), wanted.iter().max()) else { return Ok(Vec::new()) };
        let span = *least..*most + 1;
        let records = read_within(source, &span, max_bytes)?;
        if span.start + records.len() as u64 == span.end {
            break records;
        }
        wanted.truncate((wanted.len() / 2).max(1));
    };
    all[wanted.len()..].iter().rev().for_each(|position| positions.push_front(*position));
    wanted.sort_unstable();
    Ok(records.into_iter().filter(|record| wanted.binary_search(&record.position).is_ok()).collect())
}

/// Reads records from the start of a span on: at least one, else no more than `max_bytes`.
fn read_within(source: &impl Source, span: &Range<u64>, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
    let count = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
    let records = source.stored_records(span.start, count, max_bytes)?;
    if records.is_empty() { Err(Error::Damaged(format!("the journal does not give record {}", span.start))) } else { Ok(records) }
}

/// Cuts the next positions to read off a range.
fn next_span(range: &mut Range<u64>, backwards: bool) -> Range<u64> {
    if range.is_empty() {
        return 0..0;
    }
    if backwards {
        let start = range.end.saturating_sub(SPAN_POSITIONS).max(range.start);
        let span = start..range.end;
        range.end = start;
        span
    } else {
        let end = range.start.saturating_add(SPAN_POSITIONS).min(range.end);
        let span = range.start..end;
        range.start = end;
        span
    }
}

/// Returns the records that a filter wants; to know that, they are decoded.
fn matching(records: Vec<StoredRecord>, filter: &Filter, seen: Seen) -> Result<Vec<StoredRecord>, Error> {
    let mut found = Vec::with_capacity(records.len());
    for stored in records {
        if filter.matches(&decode(&stored)?, seen) {
            found.push(stored);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_a_range_once_in_either_direction() {
        for backwards in [false, true] {
            let mut range = 3..3 + 2 * SPAN_POSITIONS + 5;
            let mut covered: Vec<u64> = Vec::new();
            loop {
                let span = next_span(&mut range, backwards);
                if span.is_empty() {
                    break;
                }
                assert!(span.end - span.start <= SPAN_POSITIONS);
                covered.extend(span);
            }
            covered.sort_unstable();
            assert_eq!(covered, (3..3 + 2 * SPAN_POSITIONS + 5).collect::<Vec<_>>());
        }
    }
}
