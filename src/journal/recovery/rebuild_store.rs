//! Bringing the store up to date with the log; one that cannot be trusted is moved aside and rebuilt.

use std::fs;
use std::path::Path;

use super::layout::STORE_DIR;
use crate::journal::disk::sync_dir;
use crate::journal::error::JournalError;
use crate::journal::log::{Log, SEGMENT_HEADER_BYTES, SegmentFile, load_segment};
use crate::journal::options::Options;
use crate::journal::store::{Checkpoint, Store, StoreError};

/// The store as it was found.
pub(crate) struct FoundStore {
    pub store: Option<Store>,
    pub last: u64,
    /// Why it must be rebuilt.
    pub fault: Option<String>,
}

/// The repair of the store: what it needs, and what was done so far.
pub(crate) struct StoreRepair<'a> {
    pub dir: &'a Path,
    pub options: &'a Options,
    pub notes: Vec<String>,
    pub fed_records: u64,
    pub rebuilt: bool,
}

enum FeedError {
    Store(StoreError),
    Journal(JournalError),
}

impl From<StoreError> for FeedError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl StoreRepair<'_> {
    /// Writes the frames that the store lacks; a store that cannot be trusted is moved aside and rebuilt.
    pub fn bring_up_to_date(mut self, found: FoundStore, log: &Log, checkpoint: Option<Checkpoint>) -> Result<(Store, Self), JournalError> {
        let segments = log.segments().read().clone();
        let fault = match (found.store, found.fault) {
            (Some(store), None) => {
                let known = checkpoint.map_or(found.last, |checkpoint| checkpoint.position());
                match self.feed(&store, &segments, known) {
                    Ok(()) => return Ok((store, self)),
                    Err(FeedError::Journal(error)) => return Err(error),
                    Err(FeedError::Store(StoreError::Unusable(why))) => {
                        drop(store);
                        Some(why)
                    }
                    Err(FeedError::Store(error)) => return Err(error.into()),
                }
            }
            (store, fault) => {
                drop(store);
                fault
            }
        };
        if let Some(why) = fault {
            self.move_aside(&why)?;
            self.rebuilt = true;
        }
        self.fed_records = 0;
        let store = Store::open(&self.dir.join(STORE_DIR), self.options.cache_bytes)?;
        match self.feed(&store, &segments, 0) {
            Ok(()) => Ok((store, self)),
            Err(FeedError::Journal(error)) => Err(error),
            Err(FeedError::Store(error)) => Err(error.into()),
        }
    }

    /// Writes the log's frames after position `known` into the store, unless it has them.
    fn feed(&mut self, store: &Store, segments: &[SegmentFile], known: u64) -> Result<(), FeedError> {
        let begin = segments.partition_point(|segment| segment.first <= known + 1).saturating_sub(1);
        for (index, segment) in segments.iter().enumerate().skip(begin) {
            let next = segments.get(index + 1).map(|next| next.first);
            let image = load_segment(segment).map_err(FeedError::Journal)?;
            let header = image.header();
            let mut frontier = header.map(|header| header.frontier).unwrap_or_default();
            let mut offset = SEGMENT_HEADER_BYTES;
            while next != Some(frontier.size() + 1) {
                let frame = match image.frame(offset, &mut frontier) {
                    Ok(frame) => frame,
                    // The end of the log, which was repaired before.
                    Err(_) if next.is_none() => break,
                    Err(fault) => {
                        let what = format!("{}, {}", segment.name(), image.describe(offset, fault));
                        let last = next.map_or(0, |next| next - 1);
                        return Err(FeedError::Journal(JournalError::damaged(what, frontier.size() + 1, last)));
                    }
                };
                offset += frame.bytes.len();
                let header = frame.header;
                if header.last() > known && store.header_at(header.first)? != Some(header) {
                    store.remove(header.first)?;
                    store.put(header.first, frame.bytes)?;
                    self.fed_records += u64::from(header.count);
                }
            }
        }
        Ok(())
    }

    /// Renames the store's directory, so that it can be rebuilt and the old one examined.
    fn move_aside(&mut self, why: &str) -> Result<(), JournalError> {
        let path = self.dir.join(STORE_DIR);
        if !path.exists() {
            self.notes.push(format!("the store is built anew from the log: {why}"));
            return Ok(());
        }
        let names = (1_u32..).map(|number| format!("{STORE_DIR}.damaged-{number}"));
        // There are more numbers than names in a directory, so one is free.
        let name = names.into_iter().find(|name| !self.dir.join(name).exists()).unwrap_or_default();
        fs::rename(&path, self.dir.join(&name))
            .and_then(|()| sync_dir(self.dir))
            .map_err(JournalError::storage(format!("moving {} aside", path.display())))?;
        self.notes.push(format!(
            "the store was damaged ({why}): it was moved to {name} and built anew from the log. It can be \
             deleted once it is no longer wanted for looking at"
        ));
        Ok(())
    }
}
