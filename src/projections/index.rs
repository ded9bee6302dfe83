//! Which records are about a partner, an agreement or a lead: their positions, by row, as lists of small differences.

pub mod encoding;

use crate::domain::Subjects;
use crate::domain::pages::Pages;
use crate::domain::table::Row;
use crate::encoding::varint;
use smallvec::SmallVec;

/// The positions of the records about each row. Append-only, in the order of recording.
#[derive(Clone, Default)]
pub struct Index {
    partners: Lists,
    agreements: Lists,
    leads: Lists,
}

impl Index {
    /// Adds a record to the lists of what it is about. Records come in the order of their positions.
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

/// A list per row.
#[derive(Clone, Default)]
struct Lists(Pages<Positions, 128>);

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

    fn until(&self, row: Row, position: u64) -> Vec<u64> {
        self.0.get(row as usize).map(|positions| positions.until(position)).unwrap_or_default()
    }
}

/// Bytes that need no memory of their own.
const FEW: usize = 22;
/// Bytes of a full chunk: a long list grows by chunks, which are not moved.
const CHUNK: usize = 4_096;

/// Rising positions, each as the difference to the one before, as a varint.
#[derive(Clone)]
enum Positions {
    /// Most leads have a few records only.
    Few {
        len: u8,
        bytes: [u8; FEW],
    },
    Many(Box<Many>),
}

#[derive(Clone, Default)]
struct Many {
    last: u64,
    full: Vec<Box<[u8]>>,
    open: Vec<u8>,
}

impl Default for Positions {
    fn default() -> Self {
        Self::Few { len: 0, bytes: [0; FEW] }
    }
}

impl Positions {
    fn push(&mut self, position: u64) {
        let last = self.last();
        assert!(position > last, "positions rise");
        let mut difference: SmallVec<[u8; varint::MOST_BYTES]> = SmallVec::new();
        varint::write(position - last, |byte| difference.push(byte));
        if let Self::Few { len, bytes } = self {
            let (start, end) = (usize::from(*len), usize::from(*len) + difference.len());
            if end <= FEW {
                bytes[start..end].copy_from_slice(&difference);
                *len = u8::try_from(end).expect("a few");
                return;
            }
            *self = Self::Many(Box::new(Many { last, full: Vec::new(), open: bytes[..start].to_vec() }));
        }
        if let Self::Many(many) = self {
            many.add(&difference);
            many.last = position;
        }
    }

    fn last(&self) -> u64 {
        match self {
            Self::Few { len, bytes } => read(bytes[..usize::from(*len)].iter()).last().unwrap_or_default(),
            Self::Many(many) => many.last,
        }
    }

    fn until(&self, limit: u64) -> Vec<u64> {
        match self {
            Self::Few { len, bytes } => read(bytes[..usize::from(*len)].iter()).take_while(|position| *position <= limit).collect(),
            Self::Many(many) => read(many.full.iter().flatten().chain(&many.open)).take_while(|position| *position <= limit).collect(),
        }
    }
}

impl Many {
    fn add(&mut self, bytes: &[u8]) {
        if self.open.len() + bytes.len() > self.open.capacity() {
            if self.open.len() + bytes.len() > CHUNK {
                self.full.push(std::mem::take(&mut self.open).into_boxed_slice());
            }
            // There are many lists: room that stays empty is dear.
            self.open.reserve_exact((self.open.len() / 8).max(32));
        }
        self.open.extend_from_slice(bytes);
    }
}

fn read<'a>(bytes: impl Iterator<Item = &'a u8>) -> impl Iterator<Item = u64> {
    let (mut position, mut decoder) = (0_u64, varint::Decoder::default());
    bytes.filter_map(move |byte| {
        position += decoder.push(*byte)?;
        Some(position)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lists_give_back_what_they_were_given(steps in prop_oneof![prop::collection::vec(1_u64..1 << 40, 0..50), prop::collection::vec(1_u64..1 << 30, 0..2_000)], cut in 0_u64..1 << 45) {
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
