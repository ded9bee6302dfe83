//! Sealing: a full segment is compressed in the background, in small steps. The compressed file is durable, read
//! back and renamed before the plain one is removed: there is a whole copy at any moment.

use std::collections::HashSet;
use std::fs;

use super::shared::Shared;
use crate::journal::error::JournalError;
use crate::journal::log::{Extent, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader, load_segment, read_segment_header, write_sealed};
use crate::journal::options::Step;
use crate::journal::panics::catch_panic;
use crate::journal::recovery::{WAL_DIR, frames_of_store};

/// Seals all segments that are due. Returns false if it was stopped.
pub(super) fn seal_due(shared: &Shared, checkpointed: u64, failed: &mut HashSet<u64>) -> bool {
    while let Some((segment, next)) = full_segment(shared, checkpointed, failed) {
        let sealed = catch_panic(|| seal(shared, &segment, &next)).unwrap_or_else(|panic| Err(JournalError::Stopped { why: panic }));
        match sealed {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::warn!(%error, segment = segment.name(), "the segment could not be compressed and stays as it is");
                failed.insert(segment.first);
            }
        }
    }
    true
}

/// Returns the first segment that is full, checkpointed and not sealed, and the next one.
fn full_segment(shared: &Shared, checkpointed: u64, except: &HashSet<u64>) -> Option<(SegmentFile, SegmentFile)> {
    let segments = shared.segments.read();
    let is_due = |pair: &&[SegmentFile]| !pair[0].is_sealed && pair[1].first <= checkpointed + 1 && !except.contains(&pair[0].first);
    segments.windows(2).find(is_due).map(|pair| (pair[0].clone(), pair[1].clone()))
}

/// Seals a segment, after restoring from the store what is damaged in it. Returns false if it was stopped.
fn seal(shared: &Shared, segment: &SegmentFile, next: &SegmentFile) -> Result<bool, JournalError> {
    let mut image = load_segment(segment)?;
    let unreadable = |segment: &SegmentFile| {
        JournalError::damaged(format!("{}: its header cannot be read", segment.name()), segment.first, segment.first)
    };
    let header = image.header().ok_or_else(|| unreadable(segment))?;
    let following = read_segment_header(next)?.ok_or_else(|| unreadable(next))?;
    let missing = |first, last, before: &_| frames_of_store(shared.store.read().as_ref()?, first, last, before);
    let repaired = image.repair(&segment.name(), &header, next.first, &missing, |_| Ok(()))?;
    if repaired.frontier != following.frontier {
        let what = format!("{}: its records do not give the tree that {} begins with", segment.name(), next.name());
        return Err(JournalError::damaged(what, segment.first, next.first - 1));
    }
    repaired.notes.iter().for_each(|note| tracing::warn!("{note}"));
    let header = SegmentHeader { extent: Extent::Last(next.first - 1), ..header };
    let wal = shared.dir.join(WAL_DIR);
    let sealed = segment.sealed();
    // Pauses as long as it works, so it takes at most half of a core.
    let mut pace = |spent| shared.maintenance.pause(spent);
    if !write_sealed(&wal, &sealed, &header, &image.bytes[SEGMENT_HEADER_BYTES..], &shared.options, &mut pace)? {
        return Ok(false);
    }
    if let Some(listed) = shared.segments.write().iter_mut().find(|listed| *listed == segment) {
        *listed = sealed;
    }
    let remove = || shared.options.step(Step::RemoveSegment).and_then(|()| fs::remove_file(&segment.path));
    remove().map_err(JournalError::storage(format!("removing {}", segment.path.display())))?;
    Ok(true)
}
