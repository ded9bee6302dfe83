//! Which records are about a partner, an agreement or a lead: their positions, by row, as lists of small differences.

pub mod saved;

use crate::domain::Subjects;
use crate::domain::pages::Pages;
use crate::domain::table::Row;
use smallvec::SmallVec;

/// The positions of the records about each row. Append-only, in the order of recording.
#[derive(Clone, Default)]
pub struct Index {
    partners: Lists,
    agreements: Lists,
    leads: Lists,
}

impl Index {
    /// Notes what a record is about. Records come in the order of their positions.
    pub fn add(&mut self, position: u64, subjects: &Subjects) {
        self.partners.add(position, &subjects.partners);
        self.agreements.add(position, &subjects.agreements);
        self.leads.add(position, &subjects.leads);
    }

    /// The positions of the records about a partner, up to `position`, rising.
    pub fn of_partner(&self, row: Row, position: u64) -> Vec<u64> {
        self.partners.until(row, position)
    }

    /// The positions of the records about an agreement, up to `position`, rising.
    pub fn of_agreement(&self, row: Row, position: u64) -> Vec<u64> {
        self.agreements.until(row, position)
    }

    /// The positions of the records about a lead, up to `position`, rising.
    pub fn of_lead(&self, row: Row, position: u64) -> Vec<u64> {
        self.leads.until(row, position)
    }
}

/// Lists of a page.
const PAGE: usize = 64;

/// A list per row. A clone shares the pages.
#[derive(Clone, Default)]
struct Lists(Pages<Positions, PAGE>);

impl Lists {
    fn add(&mut self, position: u64, rows: &[Row]) {
        for &row in rows {
            let row = row as usize;
            while self.0.len() <= row {
                self.0.push(Positions::default());
            }
            self.0.get_mut(row).expect("the row was added").push(position);
        }
    }

    fn until(&self, row: Row, position: u64) -> Vec<u64> {
        self.0.get(row as usize).map(|positions| positions.until(position)).unwrap_or_default()
    }
}

/// Rising positions, each as the difference to the one before, seven bits a byte, least first.
#[derive(Clone, Default)]
struct Positions {
    last: u64,
    /// Most leads have a few records only: they need no memory of their own.
    bytes: SmallVec<[u8; 16]>,
}

impl Positions {
    #[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
    fn push(&mut self, position: u64) {
        assert!(position > self.last, "positions rise");
        let mut difference = position - self.last;
        self.last = position;
        while difference >= 0x80 {
            self.bytes.push(difference as u8 | 0x80);
            difference >>= 7;
        }
        self.bytes.push(difference as u8);
    }

    fn until(&self, limit: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let (mut position, mut difference, mut shift) = (0_u64, 0_u64, 0_u32);
        for &byte in &self.bytes {
            difference |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                position += difference;
                if position > limit {
                    break;
                }
                found.push(position);
                (difference, shift) = (0, 0);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lists_give_back_what_they_were_given(steps in prop::collection::vec(1_u64..1 << 40, 0..50), cut in 0_u64..1 << 45) {
            let mut positions = Positions::default();
            let rising: Vec<u64> = steps.iter().scan(0, |sum, step| { *sum += step; Some(*sum) }).collect();
            for position in &rising {
                positions.push(*position);
            }
            prop_assert_eq!(positions.until(u64::MAX), rising.clone());
            prop_assert_eq!(positions.until(cut), rising.into_iter().filter(|position| *position <= cut).collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_have_lists_of_their_own() {
        let mut index = Index::default();
        index.add(1, &Subjects { partners: vec![3], agreements: vec![], leads: vec![0] });
        index.add(2, &Subjects { partners: vec![3, 0], agreements: vec![1], leads: vec![] });
        assert_eq!((index.of_partner(3, 9), index.of_partner(0, 9), index.of_partner(3, 1)), (vec![1, 2], vec![2], vec![1]));
        assert_eq!((index.of_lead(0, 9), index.of_lead(7, 9), index.of_agreement(1, 9)), (vec![1], vec![], vec![2]));
    }
}
