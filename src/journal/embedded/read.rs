//! Reads: from the frames that wait for the store, else from the store, and from the log where the store is damaged.

use std::io;

use super::shared::Shared;
use crate::journal::collect::Collector;
use crate::journal::error::JournalError;
use crate::journal::frame::Frame;
use crate::journal::log::{Image, SEGMENT_HEADER_BYTES, SegmentFile};
use crate::journal::merkle::{Frontier, TreeHead};
use crate::journal::port::StoredRecord;

/// So many records are read without the rest of their frame.
const FEW: usize = 16;
/// Positions that are near to each other: what is read among them often is read as a whole.
const NEAR: u64 = 1_024;

impl Shared {
    /// Implements `Journal::read`.
    pub fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        self.check_open()?;
        let last = self.head.read().size;
        let mut collector = Collector::new(from, last, max_records, max_bytes);
        while let Some(position) = collector.next() {
            if let Some(held) = self.queue.find(position).or_else(|| self.cache.find(position)) {
                collector.push_frame(&Frame::verified(held.header, &held.bytes));
                continue;
            }
            if max_records <= FEW && self.read_part(&mut collector, max_records) {
                continue;
            }
            let fault = self.read_store(&mut collector);
            if collector.next() == Some(position) {
                // It is not in the queue, so the store should have it.
                let why = fault.unwrap_or_else(|| "it does not have them".into());
                self.read_log(&mut collector, position, &why)?;
            }
        }
        Ok(collector.finish())
    }

    /// Implements `Journal::tree_head_at`: every frame has the head after its last record.
    pub fn tree_head_at(&self, position: u64) -> Result<Option<TreeHead>, JournalError> {
        self.check_open()?;
        let head = *self.head.read();
        if position == 0 || position >= head.size {
            let known = [Frontier::new().head(), head];
            return Ok(known.into_iter().find(|known| known.size == position));
        }
        let header = match self.queue.find(position) {
            Some(held) => Some(held.header),
            None => self
                .store
                .read()
                .as_ref()
                .and_then(|store| store.header_at(position).transpose())
                .transpose()
                .map_err(JournalError::from)?,
        };
        Ok(header.map(|header| header.tree).filter(|tree| tree.size == position))
    }

    /// Collects the next records from a part of their frame in the store; returns whether there were any. A frame of which parts
    /// are read again and again is better read as a whole. What is wrong is found out by that as well.
    fn read_part(&self, collector: &mut Collector, most: usize) -> bool {
        let store = self.store.read();
        let (Some(position), Some(store)) = (collector.next(), store.as_ref()) else { return false };
        if self.cache.is_asked_often(position / NEAR) {
            return false;
        }
        let records = store.part(position, most).unwrap_or_default();
        for (position, record) in (position..).zip(&records) {
            if collector.next() != Some(position) {
                break;
            }
            collector.push(position, record);
        }
        !records.is_empty()
    }

    /// Collects records from the store. Returns what is wrong with it, if anything.
    fn read_store(&self, collector: &mut Collector) -> Option<String> {
        let store = self.store.read();
        let position = collector.next()?;
        let Some(store) = store.as_ref() else {
            return Some("it is closed".into());
        };
        let visited = store.visit(position, |frame| {
            let is_taken = collector.push_frame(frame);
            if is_taken && collector.position() <= frame.header.last() {
                self.cache.insert(frame);
            }
            is_taken && collector.next().is_some()
        });
        visited.err().map(|error| error.to_string())
    }

    /// Returns the segment that has `position`, and the next one.
    fn segment_of(&self, position: u64) -> (Option<SegmentFile>, Option<SegmentFile>) {
        let segments = self.segments.read();
        let after = segments.partition_point(|segment| segment.first <= position);
        (after.checked_sub(1).map(|index| segments[index].clone()), segments.get(after).cloned())
    }

    /// Collects records from the log, from `position` on, because the store is damaged (`why`).
    fn read_log(&self, collector: &mut Collector, position: u64, why: &str) -> Result<(), JournalError> {
        let (segment, next) = self.segment_of(position);
        let segment_last = next.map_or_else(|| self.head.read().size, |next| next.first - 1);
        let lost = |what: &str, last| JournalError::damaged(format!("the store: {why}; the log: {what}"), position, last);
        let segment = segment.ok_or_else(|| lost("no segment has them", segment_last))?;
        let loaded = match Image::load_around(&segment, position) {
            // It may have been sealed and renamed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let segment = self.segment_of(position).0.unwrap_or_else(|| segment.clone());
                Image::load_around(&segment, position)
            }
            loaded => loaded,
        };
        let image = match loaded {
            Ok(image) => image,
            Err(error) => return Err(lost(&format!("{}: {error}", segment.name()), segment_last)),
        };
        let last = collect_from(&image, collector, position);
        if collector.next() == Some(position) {
            return Err(lost(&format!("{} is damaged", segment.name()), last.unwrap_or(segment_last)));
        }
        self.suspect_store();
        tracing::error!(position, why, "the store is damaged: the log served the read, and the store is rebuilt at the next start");
        Ok(())
    }
}

/// Collects records from a segment's frames. Returns the last damaged position, if `position` is damaged and a whole frame
/// follows.
fn collect_from(image: &Image, collector: &mut Collector, position: u64) -> Option<u64> {
    let mut offset = SEGMENT_HEADER_BYTES;
    while collector.next().is_some() {
        let bytes = image.bytes.get(offset..)?;
        let frame = match Frame::parse(bytes) {
            Ok(frame) => frame,
            Err(_) => {
                let (at, frame) = image.next_frame(offset, 0)?;
                offset = at;
                frame
            }
        };
        offset += frame.bytes.len();
        if frame.header.last() >= position && !collector.push_frame(&frame) {
            return Some(frame.header.first - 1);
        }
    }
    None
}
