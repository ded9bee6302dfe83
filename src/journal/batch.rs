//! The records of one commit, in order, in one flat buffer.

/// One commit: records in order, each the exact bytes to store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Where each record ends in `bytes`.
    ends: Vec<usize>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch with capacity for `records` records of `bytes` bytes together.
    #[must_use]
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(records) }
    }

    /// Adds one record.
    pub fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    /// Adds one record that `write` appends to the buffer it is given. `write` must not shorten the buffer.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        assert!(self.bytes.len() >= start, "a record's writer removed bytes of the records before it");
        self.ends.push(self.bytes.len());
    }

    /// Appends the records of another batch.
    pub fn append(&mut self, other: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    /// Returns the record at an index, from 0; `None` if there are fewer.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of all records together, in bytes.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |start, &end| {
            let record = &self.bytes[*start..end];
            *start = end;
            Some(record)
        })
    }

    /// Removes all records and keeps the allocated memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_in_order() {
        let mut batch = Batch::new();
        batch.push(b"one");
        batch.push(b"");
        batch.push_with(|buffer| buffer.extend_from_slice(b"three"));
        assert_eq!(batch.records().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!((batch.len(), batch.byte_len()), (3, 8));
        let mut both = Batch::new();
        both.push(b"zero");
        both.append(&batch);
        assert_eq!(both.records().collect::<Vec<_>>(), [&b"zero"[..], b"one", b"", b"three"]);
        assert_eq!((both.get(0), both.get(3), both.get(4)), (Some(&b"zero"[..]), Some(&b"three"[..]), None));
        batch.clear();
        assert!(batch.is_empty());
    }
}
