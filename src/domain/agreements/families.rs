//! Agreements in families: those that took the place of others, and those that recruited them (rules 15.1, 18.1).

use super::{Agreement, Agreements};
use crate::domain::calendar::Time;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use std::collections::BTreeSet;

/// How many levels above an agreement earn with it (rules 15.1).
pub const MAX_LEVELS: usize = 5;

impl Agreement {
    /// The programme whose terms it takes.
    pub fn programme(&self) -> Option<Row> {
        self.programme.get()
    }

    /// The agreement that recruited it; of one that names none, the one that recruited its predecessor.
    pub fn recruited_by(&self) -> Option<Row> {
        self.family.recruited_by.get()
    }

    /// The agreement that it supersedes.
    pub fn supersedes(&self) -> Option<Row> {
        self.family.supersedes.get()
    }

    /// The agreement that supersedes it, if that one's signature is recorded.
    pub fn superseded_by(&self) -> Option<Row> {
        self.family.superseded_by.get()
    }
}

impl Agreements {
    /// The agreements that took an agreement's place one after the other, with since when each has it: those whose signature is
    /// seen, and that have taken effect by a time. The last one has the place then.
    pub fn successors(&self, agreement: Row, at: Time, seen: Seen) -> impl Iterator<Item = (Row, Time)> {
        let next = move |row: Row| {
            let successor = self.by_id.get(row).superseded_by()?;
            let takes_effect = self.by_id.get(successor).signature_seen(seen)?.effective_at;
            (takes_effect <= at).then_some((successor, takes_effect))
        };
        std::iter::successors(next(agreement), move |(row, _)| next(*row))
    }

    /// The agreement that has the place of another one at a time: the last of its successors, or itself.
    pub fn in_place_of(&self, agreement: Row, at: Time, seen: Seen) -> Row {
        self.successors(agreement, at, seen).last().map_or(agreement, |(row, _)| row)
    }

    /// An agreement and those that it took the place of, the latest first.
    pub fn with_predecessors(&self, agreement: Row) -> impl Iterator<Item = Row> {
        std::iter::successors(Some(agreement), |row| self.by_id.get(*row).supersedes())
    }

    /// Some agreements and all that they took the place of, each once.
    pub fn with_all_predecessors(&self, agreements: impl Iterator<Item = Row>) -> BTreeSet<Row> {
        let mut all = BTreeSet::new();
        for agreement in agreements {
            // Those before one that is known are known too.
            self.with_predecessors(agreement).take_while(|row| all.insert(*row)).for_each(drop);
        }
        all
    }
}

impl State {
    /// The agreements above one at a time, the nearest first: at most `MAX_LEVELS`, whether they are active or not. A recruiter
    /// that was superseded by then has its successor in its place (rules 15.1).
    pub fn uplines(&self, agreement: Row, at: Time, seen: Seen) -> impl Iterator<Item = Row> {
        let above = move |row: Row| {
            let known = self.agreements.by_id.get(row);
            let recruiter = known.signature_seen(seen).and_then(|_| known.recruited_by())?;
            Some(self.agreements.in_place_of(recruiter, at, seen))
        };
        std::iter::successors(above(agreement), move |row| above(*row)).take(MAX_LEVELS)
    }
}
