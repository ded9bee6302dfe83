//! Reads: from the frames that wait for the store, else from the store, and from the log where the store is damaged.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::codec::Frame;
use super::collect::Collector;
use super::durable::Inner;
use super::repair::damaged;
use super::segment::{Image, SEGMENT_HEADER_BYTES};
use super::{JournalError, StoredRecord};

impl Inner {
    /// Carries out the port's `read`.
    pub fn read(
        &self,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Vec<StoredRecord>, JournalError> {
        self.check_open()?;
        let last = self.head.read().size;
        let mut collector = Collector::new(from, last, max_records, max_bytes);
        while let Some(position) = collector.next() {
            if let Some(pending) = self.queue.find(position) {
                let frame = Frame::parse(&pending.bytes).map_err(|fault| {
                    damaged(
                        format!("in memory: {fault}"),
                        pending.header.first,
                        pending.header.last(),
                    )
                })?;
                collector.push_frame(&frame);
                continue;
            }
            let fault = self.read_store(&mut collector);
            if collector.next() == Some(position) {
                // Not in the queue, so the store should have had it.
                let why = fault.unwrap_or_else(|| "it does not have them".into());
                self.read_log(&mut collector, position, &why)?;
            }
        }
        Ok(collector.finish())
    }

    /// Gathers from the store; answers what is wrong with it, if anything.
    fn read_store(&self, collector: &mut Collector) -> Option<String> {
        let store = self.store.read();
        let position = collector.next()?;
        let Some(store) = store.as_ref() else {
            return Some("it is closed".into());
        };
        let visited = store.visit(position, |frame| {
            collector.push_frame(frame) && collector.next().is_some()
        });
        visited.err().map(|error| error.to_string())
    }

    /// Gathers from the log what the store should have had from `position` on.
    fn read_log(
        &self,
        collector: &mut Collector,
        position: u64,
        why: &str,
    ) -> Result<(), JournalError> {
        let (segment, next) = {
            let segments = self.segments.read();
            let after = segments.partition_point(|segment| segment.first <= position);
            (
                after.checked_sub(1).map(|index| segments[index].clone()),
                segments.get(after).cloned(),
            )
        };
        let segment_last = next.map_or_else(|| self.head.read().size, |next| next.first - 1);
        let lost = |what: &str, last| {
            damaged(format!("the store: {why}; the log: {what}"), position, last)
        };
        let segment = segment.ok_or_else(|| lost("no segment has them", segment_last))?;
        let image = match Image::load(&segment.path) {
            Ok(image) => image,
            Err(error) => return Err(lost(&format!("{}: {error}", segment.name()), segment_last)),
        };
        let last = collect_from(&image, collector, position);
        if collector.next() == Some(position) {
            return Err(lost(
                &format!("{} is damaged", segment.name()),
                last.unwrap_or(segment_last),
            ));
        }
        self.suspect_store();
        tracing::error!(
            position,
            why,
            "the store is damaged: the log served the read, and the store is rebuilt at the next start"
        );
        Ok(())
    }
}

/// Gathers from a segment's frames. Answers up to where the position sought is damaged, if a whole frame follows.
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

/// What the files below a directory take on disk.
pub(super) fn allocated_bytes(path: &Path) -> io::Result<u64> {
    let metadata = match fs::symlink_metadata(path) {
        // A file may be renamed or removed while this looks.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        metadata => metadata?,
    };
    if !metadata.is_dir() {
        return Ok(metadata.blocks() * 512);
    }
    fs::read_dir(path)?
        .map(|entry| allocated_bytes(&entry?.path()))
        .sum()
}
