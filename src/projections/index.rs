//! Which records are about a partner, an agreement or a lead, and which have an event of a type: their positions, by row or
//! name, as lists of small differences. When records occurred is summed up by blocks of positions.

pub mod encoding;
mod matching;
mod positions;

pub use matching::{Found, Matching};

use crate::domain::Subjects;
use crate::domain::calendar::Time;
use crate::domain::pages::Pages;
use crate::domain::table::Row;
use positions::Positions;
use std::collections::BTreeMap;

/// Positions in a block of times.
const TIMES: u64 = 256;

/// The positions of the records about each row, and by event type. Append-only, in the order of recording.
#[derive(Clone, Default)]
pub struct Index {
    partners: Lists,
    agreements: Lists,
    leads: Lists,
    types: BTreeMap<&'static str, Positions>,
    times: Pages<Times, 64>,
}

/// Between which times the records of a block occurred.
#[derive(Clone)]
struct Times {
    earliest: Time,
    latest: Time,
}

/// A list of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List<'a> {
    /// The records about a partner.
    Partner(Row),
    /// The records about an agreement.
    Agreement(Row),
    /// The records about a lead.
    Lead(Row),
    /// The records with an event of a type, by its field in the contract.
    Type(&'a str),
}

impl Index {
    /// Adds a record to the lists of what it is about. Records come in the order of their positions, from 1 on.
    pub fn add(&mut self, position: u64, subjects: &Subjects, event_type: &'static str, occurred_at: Time) {
        self.partners.add(position, &subjects.partners);
        self.agreements.add(position, &subjects.agreements);
        self.leads.add(position, &subjects.leads);
        self.types.entry(event_type).or_default().push(position);
        self.add_time(position, occurred_at);
    }

    fn add_time(&mut self, position: u64, occurred_at: Time) {
        let block = usize::try_from(position / TIMES).expect("a ledger holds fewer than 2^32 records");
        while self.times.len() <= block {
            self.times.push(Times { earliest: occurred_at, latest: occurred_at });
        }
        let times = self.times.get_mut(block).expect("the block is there");
        times.earliest = times.earliest.min(occurred_at);
        times.latest = times.latest.max(occurred_at);
    }

    fn list(&self, list: List<'_>) -> Option<&Positions> {
        match list {
            List::Partner(row) => self.partners.0.get(row as usize),
            List::Agreement(row) => self.agreements.0.get(row as usize),
            List::Lead(row) => self.leads.0.get(row as usize),
            List::Type(name) => self.types.get(name),
        }
    }

    /// The positions of the records about a partner, up to `position`, rising.
    pub fn of_partner(&self, row: Row, position: u64) -> Vec<u64> {
        self.until(List::Partner(row), position)
    }

    /// The positions of the records about an agreement, up to `position`, rising.
    pub fn of_agreement(&self, row: Row, position: u64) -> Vec<u64> {
        self.until(List::Agreement(row), position)
    }

    /// The positions of the records about a lead, up to `position`, rising.
    pub fn of_lead(&self, row: Row, position: u64) -> Vec<u64> {
        self.until(List::Lead(row), position)
    }

    fn until(&self, list: List<'_>, position: u64) -> Vec<u64> {
        self.list(list).map(|positions| positions.until(position)).unwrap_or_default()
    }
}

/// A list per row. A page of them is copied when one changes that is shared.
#[derive(Clone, Default)]
struct Lists(Pages<Positions, 16>);

impl Lists {
    fn add(&mut self, position: u64, rows: &[Row]) {
        for &row in rows {
            let row = row as usize;
            while self.0.len() <= row {
                self.0.push(Positions::default());
            }
            self.0.get_mut(row).expect("the list is there").push(position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn rows_have_lists_of_their_own() {
        let mut index = Index::default();
        let at = Time::default();
        index.add(1, &Subjects { partners: smallvec![3], agreements: smallvec![], leads: smallvec![0] }, "lead_referred", at);
        index.add(2, &Subjects { partners: smallvec![3, 0], agreements: smallvec![1], leads: smallvec![] }, "sale_recorded", at);
        assert_eq!((index.of_partner(3, 9), index.of_partner(0, 9), index.of_partner(3, 1)), (vec![1, 2], vec![2], vec![1]));
        assert_eq!((index.of_lead(0, 9), index.of_lead(7, 9), index.of_agreement(1, 9)), (vec![1], vec![], vec![2]));
    }
}
