//! Collects the records of a read up to its limits, the same way in every implementation.

use super::frame::Frame;
use super::port::StoredRecord;

/// The result of a read, as it grows.
pub(crate) struct Collector {
    records: Vec<StoredRecord>,
    next: u64,
    last: u64,
    max_records: usize,
    max_bytes: usize,
    bytes: usize,
    is_full: bool,
}

impl Collector {
    /// Starts a read from position `from`, which never goes beyond `last`.
    pub fn new(from: u64, last: u64, max_records: usize, max_bytes: usize) -> Self {
        Self { records: Vec::new(), next: from.max(1), last, max_records, max_bytes, bytes: 0, is_full: max_records == 0 }
    }

    /// Returns the position that comes next; `None` if the read is complete.
    pub fn next(&self) -> Option<u64> {
        (!self.is_full && self.next <= self.last).then_some(self.next)
    }

    /// The position after the last record collected.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Adds the record at the next position, if the limits allow.
    pub fn push(&mut self, position: u64, bytes: &[u8]) {
        assert_eq!(Some(position), self.next(), "records are gathered in order");
        if !self.records.is_empty() && self.bytes + bytes.len() > self.max_bytes {
            self.is_full = true;
            return;
        }
        self.bytes += bytes.len();
        self.records.push(StoredRecord { position, bytes: bytes.to_vec() });
        self.next += 1;
        self.is_full = self.records.len() >= self.max_records;
    }

    /// Adds the records of `frame` from the next position on. Returns false if the frame does not have that position.
    pub fn push_frame(&mut self, frame: &Frame) -> bool {
        let Some(next) = self.next() else {
            return false;
        };
        if next < frame.header.first || next > frame.header.last() {
            return false;
        }
        for (position, record) in frame.records().skip((next - frame.header.first) as usize) {
            if self.next().is_none() {
                break;
            }
            self.push(position, record);
        }
        true
    }

    /// Returns the records.
    pub fn finish(self) -> Vec<StoredRecord> {
        self.records
    }
}
