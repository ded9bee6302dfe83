//! A page of records as subscribers get it, encoded once for all of them.

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};
use std::ops::Range;

/// The field of `RecordPage` that has the records.
const RECORDS: u32 = 1;
/// The most bytes that stand in front of a record: its field, and its length.
const HEAD_BYTES: usize = 11;

/// A `RecordPage` as bytes. Clones share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPage {
    bytes: Bytes,
    /// Where each record is in them.
    places: Vec<Range<usize>>,
}

impl EncodedPage {
    /// The page of records, each as it is stored.
    pub fn of<R: AsRef<[u8]>>(records: &[R]) -> Self {
        let room = records.iter().map(|record| record.as_ref().len() + HEAD_BYTES).sum();
        let (mut bytes, mut places) = (Vec::with_capacity(room), Vec::with_capacity(records.len()));
        for record in records.iter().map(AsRef::as_ref) {
            encode_key(RECORDS, WireType::LengthDelimited, &mut bytes);
            encode_varint(record.len() as u64, &mut bytes);
            places.push(bytes.len()..bytes.len() + record.len());
            bytes.extend_from_slice(record);
        }
        Self { bytes: bytes.into(), places }
    }

    /// The whole page.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many records it has.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// One of its records, by its number from 0.
    pub fn record(&self, number: usize) -> Option<&[u8]> {
        self.places.get(number).map(|place| &self.bytes[place.clone()])
    }

    /// Bytes of memory that it takes, about.
    pub fn memory(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Range<usize>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;
    use prost::Message as _;

    #[test]
    fn a_page_is_encoded_as_its_message_is_and_gives_its_records_back() {
        let record = |position, id: &str| proto::Record { position, recorded_by: id.repeat(90), ..proto::Record::default() };
        let records = [record(1, "a"), record(300, "bc"), proto::Record::default()];
        let stored: Vec<_> = records.iter().map(proto::Record::encode_to_vec).collect();
        let page = EncodedPage::of(&stored);
        assert_eq!(page.bytes().to_vec(), proto::RecordPage { records: records.to_vec() }.encode_to_vec());
        assert_eq!(page.count(), 3);
        for (number, record) in stored.iter().enumerate() {
            assert_eq!(page.record(number), Some(record.as_slice()));
        }
        assert_eq!((page.record(3), EncodedPage::of::<Vec<u8>>(&[]).bytes().len()), (None, 0));
    }
}
