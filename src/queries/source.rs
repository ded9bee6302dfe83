//! What queries read: the state under a view, what is derived beside it, and the journal's records.

use super::own::Own;
use crate::domain::calendar::Time;
use crate::domain::ids::{EventId, Id, IdKind};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::journal::StoredRecord;
use crate::ledger::{Cancellation, Error, Ledger, View, decode};
use crate::projections::index::Index;
use crate::projections::metrics::Metrics;
use crate::proto;
use std::collections::{BTreeMap, VecDeque};
use std::ops::{Deref, Range};

/// The most positions that are read at a time.
pub(super) const SPAN_POSITIONS: u64 = 512;
/// The most unwanted positions between two wanted ones that are read along, because a second read would cost more.
const MAX_GAP: u64 = 8;
/// Bytes that are read at a time for an answer that needs all of the records.
const READ_BYTES: usize = 4 << 20;

/// A state that is being read, whose business is shown of it, and what ends the reading early.
pub struct Reading<'a> {
    state: &'a State,
    cancellation: &'a Cancellation,
    /// The partner whose business is shown; `None` for everybody's.
    partner: Option<Row>,
}

impl<'a> Reading<'a> {
    /// Reads a state until it is cancelled.
    pub fn new(state: &'a State, cancellation: &'a Cancellation) -> Self {
        Self { state, cancellation, partner: None }
    }

    /// The same, of which the business of one partner is shown, if there is one named.
    #[must_use]
    pub fn of(self, whose: Option<&Id>) -> Self {
        // Of a partner that is not known nothing is shown: no row is the last that there can be.
        let partner = whose.map(|id| self.state.partners.find(id).unwrap_or(Row::MAX));
        Self { partner, ..self }
    }

    /// Whether a list shows a row of a kind.
    pub fn shows(&self, kind: IdKind, row: Row, seen: Seen) -> bool {
        self.partner.is_none_or(|partner| Own { state: self.state, partner, seen }.has_row(kind, row))
    }

    /// Whether the match keys of a lead are shown: who its customer is stays with those who have had it.
    pub fn shows_keys_of(&self, lead: Row, seen: Seen) -> bool {
        self.partner.is_none_or(|partner| Own { state: self.state, partner, seen }.has_credit_of(lead))
    }

    /// Ends the reading if nobody waits for it: asked between any two rows.
    ///
    /// # Errors
    /// As for `Cancellation::check`.
    pub fn check(&self) -> Result<(), Error> {
        self.cancellation.check()
    }
}

impl Deref for Reading<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
    }
}

static NEVER: Cancellation = Cancellation::NEVER;

/// What queries are answered from: the ledger itself, whose writer waits while a view is held, or a frozen view of it.
/// While a view is held nothing else may be asked of its source.
pub trait Source {
    /// The state.
    type View<'a>: Deref<Target = State>
    where
        Self: 'a;

    /// The last durable position.
    fn last(&self) -> u64;

    /// The present time.
    fn now(&self) -> Time;

    /// What read options mean (rules 1.4); `otherwise` is the time if they name none.
    ///
    /// # Errors
    /// `Malformed` for a bad time, `POSITION_NOT_REACHED` for a position beyond the last.
    fn seen(&self, options: Option<&proto::ReadOptions>, otherwise: Time) -> Result<Seen, Error>;

    /// The state, to be read as `seen` says.
    fn view(&self, seen: Seen) -> Self::View<'_>;

    /// Reads the state as it is frozen with the records up to a position: for what takes long.
    fn read_frozen<R>(&self, position: u64, read: impl FnOnce(&State) -> R) -> R;

    /// The partner whose business alone is shown; `None` for everybody's.
    fn whose(&self) -> Option<&Id> {
        None
    }

    /// What ends the reading early.
    fn cancellation(&self) -> &Cancellation {
        &NEVER
    }

    /// Reads the index of records by partner, agreement and lead.
    fn index<R>(&self, read: impl FnOnce(&Index) -> R) -> R;

    /// Reads the facts that figures count.
    fn metrics<R>(&self, read: impl FnOnce(&Metrics) -> R) -> R;

    /// The record at a position.
    ///
    /// # Errors
    /// `POSITION_NOT_REACHED` beyond the last one, `Damaged` if it cannot be read.
    fn record(&self, position: u64) -> Result<proto::Record, Error>;

    /// The record with an event id.
    ///
    /// # Errors
    /// `UnknownEvent` if there is none, `Damaged` if it cannot be read.
    fn record_of(&self, event_id: EventId) -> Result<proto::Record, Error>;

    /// Records as stored from a position on, up to the last durable one: at least one if there is any, else no more than
    /// `max_bytes`.
    ///
    /// # Errors
    /// `Damaged` if they cannot be read.
    fn stored_records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, Error>;
}

impl Source for Ledger {
    type View<'a> = View<'a>;

    fn last(&self) -> u64 {
        Self::last(self)
    }

    fn now(&self) -> Time {
        Self::now(self)
    }

    fn seen(&self, options: Option<&proto::ReadOptions>, otherwise: Time) -> Result<Seen, Error> {
        Self::seen(self, options, otherwise)
    }

    fn view(&self, seen: Seen) -> View<'_> {
        self.view_at(seen)
    }

    fn read_frozen<R>(&self, position: u64, read: impl FnOnce(&State) -> R) -> R {
        read(self.frozen(position).state())
    }

    fn index<R>(&self, read: impl FnOnce(&Index) -> R) -> R {
        Self::index(self, read)
    }

    fn metrics<R>(&self, read: impl FnOnce(&Metrics) -> R) -> R {
        Self::metrics(self, read)
    }

    fn record(&self, position: u64) -> Result<proto::Record, Error> {
        Self::record(self, position)
    }

    fn record_of(&self, event_id: EventId) -> Result<proto::Record, Error> {
        Self::record_of(self, event_id)
    }

    fn stored_records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
        Self::stored_records(self, from, max_records, max_bytes)
    }
}

/// Returns the records at positions, which rise.
pub(super) fn records_at(source: &impl Source, positions: &[u64]) -> Result<BTreeMap<u64, proto::Record>, Error> {
    let mut positions: VecDeque<u64> = positions.iter().copied().collect();
    let mut records = BTreeMap::new();
    while !positions.is_empty() {
        for stored in read_wanted(source, &mut positions, READ_BYTES)? {
            records.insert(stored.position, decode(&stored)?);
        }
    }
    Ok(records)
}

/// Takes the next positions that lie close together, whether they rise or fall.
fn next_wanted(positions: &mut VecDeque<u64>) -> Vec<u64> {
    let mut wanted = Vec::new();
    let Some(first) = positions.front().copied() else {
        return wanted;
    };
    let mut previous = first;
    while let Some(&next) = positions.front() {
        if next.abs_diff(previous) > MAX_GAP || next.abs_diff(first) >= SPAN_POSITIONS {
            break;
        }
        wanted.push(next);
        positions.pop_front();
        previous = next;
    }
    wanted
}

/// Reads the records of the next positions that lie close together, and takes those off the list: about `max_bytes` of
/// records, at least one. They come rising.
pub(super) fn read_wanted(source: &impl Source, positions: &mut VecDeque<u64>, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
    let mut wanted = next_wanted(positions);
    let all = wanted.clone();
    let mut records = loop {
        let span = span_of(&wanted);
        if span.is_empty() {
            return Ok(Vec::new());
        }
        let records = read_within(source, &span, max_bytes)?;
        let read = span.start + records.len() as u64;
        if read < span.end && wanted.first() != Some(&span.start) {
            // They fall: the first ones are wanted, and do not fit together with those that are read before them.
            wanted.truncate(wanted.len() / 2);
            continue;
        }
        wanted.retain(|position| *position < read);
        break records;
    };
    all[wanted.len()..].iter().rev().for_each(|position| positions.push_front(*position));
    wanted.sort_unstable();
    records.retain(|record| wanted.binary_search(&record.position).is_ok());
    Ok(records)
}

/// Reads records from the start of a span on: at least one, else no more than `max_bytes`.
pub(super) fn read_within(source: &impl Source, span: &Range<u64>, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
    let count = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
    let records = source.stored_records(span.start, count, max_bytes)?;
    if records.is_empty() { Err(Error::Damaged(format!("the journal does not give record {}", span.start))) } else { Ok(records) }
}

fn span_of(positions: &[u64]) -> Range<u64> {
    match (positions.iter().min(), positions.iter().max()) {
        (Some(least), Some(most)) => *least..*most + 1,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_together_if_they_lie_together() {
        let mut rising: VecDeque<u64> = [1, 2, 9, 40, 41].into();
        assert_eq!([next_wanted(&mut rising), next_wanted(&mut rising), next_wanted(&mut rising)], [vec![1, 2, 9], vec![40, 41], vec![]]);
        let mut falling: VecDeque<u64> = [41, 40, 9, 1].into();
        assert_eq!(span_of(&next_wanted(&mut falling)), 40..42);
        assert_eq!(span_of(&next_wanted(&mut falling)), 1..10);
        assert!(span_of(&next_wanted(&mut falling)).is_empty());
    }

    #[test]
    fn no_more_is_read_at_a_time_than_a_span() {
        let mut long: VecDeque<u64> = (1..=2 * SPAN_POSITIONS).collect();
        assert_eq!(span_of(&next_wanted(&mut long)), 1..SPAN_POSITIONS + 1);
        assert_eq!(span_of(&next_wanted(&mut long)), SPAN_POSITIONS + 1..2 * SPAN_POSITIONS + 1);
    }
}
