//! `Subscribe`: which records follow a position, of those that are there and of those that come.

use super::filter::Filter;
use super::{FOUND_AT_A_TIME, STEPS_AT_A_TIME, Scan, Wanted};
use crate::domain::Seen;
use crate::domain::calendar::LATEST;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::journal::StoredRecord;
use crate::ledger::{Error, Ledger};
use crate::proto;
use crate::queries::Source;
use std::ops::Range;

/// What somebody follows: which records are wanted.
#[derive(Clone)]
pub struct Following(Wanted);

impl Following {
    /// What a request asks for.
    ///
    /// # Errors
    /// `Malformed` for bad fields, `UNKNOWN_ID` for a filter by what nobody introduced, `POSITION_NOT_REACHED`.
    pub fn new(source: &impl Source, request: proto::SubscribeRequest) -> Result<Self, Error> {
        let proto::SubscribeRequest { after_position, filter } = request;
        let filter = Filter::parse(&filter.unwrap_or_default())?;
        let last = source.last();
        if after_position > last {
            return Err(Rejection::PositionNotReached { asked: after_position, last }.into());
        }
        let seen = seen_at(last);
        let selected = filter.select(&source.view(seen), seen)?;
        Ok(Self(Wanted { filter, selected, partner: None }))
    }

    /// The same, of which the records of one partner are shown.
    #[must_use]
    pub fn of(mut self, partner: Row) -> Self {
        self.0.partner = Some(partner);
        self
    }

    /// Whether every record is wanted.
    pub fn takes_all(&self) -> bool {
        self.0.partner.is_none() && self.0.matching(Seen::ALL, false).is_none()
    }

    /// Looks for what is wanted after a position, up to another one that is durable, page by page.
    pub fn scan<S: Source>(&self, source: S, after: u64, until: u64) -> Scan<S> {
        Scan::over(source, self.0.clone(), seen_at(until), after + 1..until + 1)
    }

    /// Returns what is wanted of a few positions that are durable; `record` gives the record of one, as it is stored. It finds the
    /// same as a scan does.
    ///
    /// # Errors
    /// `Damaged` if one cannot be decoded.
    pub fn among(
        &self,
        ledger: &Ledger,
        mut range: Range<u64>,
        record: impl Fn(u64) -> Option<Vec<u8>>,
    ) -> Result<Vec<StoredRecord>, Error> {
        let seen = seen_at(range.end.saturating_sub(1));
        let mut positions = Vec::new();
        match self.0.matching(seen, false) {
            None => positions.extend(range),
            Some(matching) => {
                while !range.is_empty() {
                    let found = ledger.index_now(|index| index.find(&matching, range.clone(), FOUND_AT_A_TIME, STEPS_AT_A_TIME));
                    positions.extend(found.positions);
                    range = found.left;
                }
            }
        }
        let records = positions.into_iter().filter_map(|position| Some(StoredRecord { position, bytes: record(position)? })).collect();
        self.0.among(records, ledger, seen)
    }
}

/// Everything up to a position, whenever it occurred.
fn seen_at(position: u64) -> Seen {
    Seen { time: LATEST, position }
}
