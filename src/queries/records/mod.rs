//! Records as they were recorded: one of them (`GetRecord`), a filtered range forwards or backwards (`ReadRecords`), or all after
//! a position and those to come (`Subscribe`).

mod filter;
mod follow;

pub use follow::Following;

use super::source::{SPAN_POSITIONS, Source, read_wanted, read_within};
use super::{Query, own};
use crate::domain::Seen;
use crate::domain::calendar::LATEST;
use crate::domain::ids::EventId;
use crate::domain::table::Row;
use crate::journal::StoredRecord;
use crate::ledger::{Cancellation, Error, decode};
use crate::projections::index::Matching;
use crate::proto::{self, get_record_request::Key};
use filter::{Filter, Selected};
use std::collections::VecDeque;
use std::ops::Range;

/// Records of a page if the request does not say.
const DEFAULT_PAGE_SIZE: usize = 100;
/// The most records of a page.
const MAX_PAGE_SIZE: usize = 1_000;
/// Positions that are looked for in the index at a time.
const FOUND_AT_A_TIME: usize = 1_024;
/// Steps in the index at a time: less than a millisecond.
const STEPS_AT_A_TIME: usize = 16_384;
/// How often records are read before others have their turn.
const READS_AT_A_TIME: usize = 16;
/// Bytes of records that a scan keeps from one page to the next; more are read again.
const KEPT_BYTES: usize = 16 << 10;
/// Bytes that are read at a time where few of the records may match.
const LEAST_READ_BYTES: usize = 256 << 10;
/// Bytes of memory that a scan takes beside its pages.
pub const SCAN_BYTES: usize = KEPT_BYTES + FOUND_AT_A_TIME * size_of::<u64>();

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

/// What a scan has come to in one go.
#[derive(Debug)]
pub enum Progress {
    /// A page.
    Page(RecordsPage),
    /// Nothing that fills a page yet: there is more to look at.
    Searching,
    /// All pages were read.
    End,
}

/// What a scan has still to look at.
struct Ahead {
    /// Positions that were not looked for in the index yet.
    range: Range<u64>,
    /// Positions that the index has found, in the order of the answer.
    found: VecDeque<u64>,
}

/// Which records are wanted.
#[derive(Clone)]
struct Wanted {
    filter: Filter,
    selected: Selected,
    /// The partner whose records alone are shown; `None` for all.
    partner: Option<Row>,
}

/// `ReadRecords`: a scan over records, page by page.
pub struct Scan<S> {
    source: S,
    wanted: Wanted,
    seen: Seen,
    ahead: Ahead,
    backwards: bool,
    page_size: usize,
    /// The last durable position when the scan began; every page says it.
    last: u64,
    /// What was read and matches, in the order of the answer.
    found: VecDeque<StoredRecord>,
    /// The page that is being filled, and its bytes.
    page: Vec<StoredRecord>,
    page_bytes: usize,
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
        let selected = filter.select(&source.view(seen), seen)?;
        let wanted = Wanted { filter, selected, partner: None };
        Ok(Self { backwards, page_size, last, ..Self::over(source, wanted, seen, from.max(1)..end) })
    }

    /// The scan of what is wanted of a range of positions, forwards, by pages that only their bytes limit.
    fn over(source: S, wanted: Wanted, seen: Seen, range: Range<u64>) -> Self {
        Self {
            source,
            wanted,
            seen,
            ahead: Ahead { range, found: VecDeque::new() },
            backwards: false,
            page_size: usize::MAX,
            last: seen.position,
            found: VecDeque::new(),
            page: Vec::new(),
            page_bytes: 0,
            is_first: true,
        }
    }

    /// The same, of which the records of one partner are shown.
    #[must_use]
    pub fn of(mut self, partner: Row) -> Self {
        self.wanted.partner = Some(partner);
        self
    }

    /// The same, by pages of at most so many records.
    #[must_use]
    pub fn by(self, page_size: usize) -> Self {
        Self { page_size, ..self }
    }

    /// Up to which position all was returned that is wanted, or passed over; of a scan forwards.
    pub fn passed(&self) -> u64 {
        let read = self.page.first().or(self.found.front()).map(|record| record.position);
        let next = read.or(self.ahead.found.front().copied());
        let range = &self.ahead.range;
        // An empty range may have been left where it was.
        next.unwrap_or(if range.is_empty() { self.seen.position + 1 } else { range.start }) - 1
    }

    /// Reads on until there is a page, of no more than `max_bytes` unless its first record is larger, or a good part was looked
    /// at without one. A scan that finds nothing has one empty page.
    ///
    /// # Errors
    /// `Damaged` if records cannot be read; when it is cancelled.
    pub fn next(&mut self, max_bytes: usize, cancellation: &Cancellation) -> Result<Progress, Error> {
        let mut reads = 0;
        // What is left of a nearly full page is not worth another read.
        while self.page.len() < self.page_size && self.page_bytes <= max_bytes - max_bytes / 16 {
            cancellation.check()?;
            if let Some(record) = self.found.pop_front() {
                if !self.page.is_empty() && self.page_bytes + record.bytes.len() > max_bytes {
                    self.found.push_front(record);
                    break;
                }
                self.page_bytes += record.bytes.len();
                self.page.push(record);
            } else if reads == READS_AT_A_TIME {
                return Ok(Progress::Searching);
            } else if self.read_on(max_bytes.saturating_sub(self.page_bytes))? {
                reads += 1;
            } else {
                break;
            }
        }
        self.keep_little();
        if self.page.is_empty() && !self.is_first {
            return Ok(Progress::End);
        }
        self.is_first = false;
        self.page_bytes = 0;
        Ok(Progress::Page(RecordsPage { records: std::mem::take(&mut self.page), position: self.last }))
    }

    /// Forgets what was found and is not of this page, unless it is little: it is read again for the next one.
    fn keep_little(&mut self) {
        if self.found.iter().map(|record| record.bytes.len()).sum::<usize>() <= KEPT_BYTES {
            return;
        }
        let records = std::mem::take(&mut self.found);
        let is_all = self.wanted.matching(self.seen, self.backwards).is_none();
        let Ahead { range, found } = &mut self.ahead;
        match records.front() {
            Some(first) if is_all && self.backwards => range.end = first.position + 1,
            Some(first) if is_all => range.start = first.position,
            _ => records.iter().rev().for_each(|record| found.push_front(record.position)),
        }
    }

    /// Reads the next records that may match, about `max_bytes` of them; returns whether there were any left to look at.
    fn read_on(&mut self, max_bytes: usize) -> Result<bool, Error> {
        let (wanted, seen, Ahead { range, found }) = (&self.wanted, self.seen, &mut self.ahead);
        if range.is_empty() && found.is_empty() {
            return Ok(false);
        }
        let max_bytes = if wanted.filter.takes_all(seen) { max_bytes } else { max_bytes.max(LEAST_READ_BYTES) };
        let mut records = match wanted.matching(seen, self.backwards) {
            None => read_next(&self.source, range, self.backwards, max_bytes)?,
            Some(matching) => {
                if found.is_empty() {
                    let some = self.source.index(|index| index.find(&matching, range.clone(), FOUND_AT_A_TIME, STEPS_AT_A_TIME));
                    (*range, *found) = (some.left, some.positions.into());
                }
                read_wanted(&self.source, found, max_bytes)?
            }
        };
        records = wanted.among(records, &self.source, seen)?;
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

impl Wanted {
    /// Where the index has what may be wanted; `None` if that is everything.
    fn matching(&self, seen: Seen, backwards: bool) -> Option<Matching<'_>> {
        self.filter.matching(&self.selected, seen, backwards)
    }

    /// Returns those of some records of the index that are wanted.
    fn among(&self, records: Vec<StoredRecord>, source: &impl Source, seen: Seen) -> Result<Vec<StoredRecord>, Error> {
        let records = if self.filter.takes_all(seen) { records } else { matching(records, &self.filter, seen)? };
        match self.partner {
            Some(partner) if !records.is_empty() => source.read_frozen(seen.position, |state| own::records::shown(records, state, partner)),
            _ => Ok(records),
        }
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
