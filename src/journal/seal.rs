//! Sealing: a full segment is compressed in the background, in small steps and with a low priority. The compressed file
//! has its name, durably and read back, before the other is removed: there is a whole copy at any moment.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::JournalError;
use super::checkpoint::sync_dir;
use super::durable::Inner;
use super::files::{load, read_header};
use super::mend::donated;
use super::options::{Options, Step};
use super::patrol::Patrol;
use super::quiet::catch;
use super::repair::damaged;
use super::sealed::{self, Packer};
use super::segment::{Extent, SEGMENT_HEADER_BYTES, SegmentFile, SegmentHeader};

/// The file that is being written; opening removes it.
pub(super) const UNFINISHED: &str = "sealing.new";
/// How much less than others the thread gets where there is not enough for all: about a tenth.
const NICENESS: i32 = 10;

#[derive(Debug, Default)]
struct State {
    checkpointed: u64,
    is_stopped: bool,
}

/// Tells the sealing thread what there is to do.
#[derive(Debug, Default)]
pub(super) struct Sealing {
    state: Mutex<State>,
    changed: Condvar,
}

impl Sealing {
    /// The store is whole up to this position: segments before it may be sealed.
    pub fn checkpointed(&self, position: u64) {
        self.state.lock().checkpointed = position;
        self.changed.notify_all();
    }

    /// Nothing more is begun, and what is being done is given up.
    pub fn stop(&self) {
        self.state.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits so long, or until it is stopped: then false.
    pub fn rest(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.state.lock();
        while !state.is_stopped && !self.changed.wait_until(&mut state, until).timed_out() {}
        !state.is_stopped
    }

    /// Waits for a checkpoint beyond `seen`; `None` once it is stopped.
    fn wait_beyond(&self, seen: u64) -> Option<u64> {
        let mut state = self.state.lock();
        while state.checkpointed <= seen && !state.is_stopped {
            self.changed.wait(&mut state);
        }
        (!state.is_stopped).then_some(state.checkpointed)
    }
}

/// Seals full segments until the journal is closed. A failure only costs space, and is tried again at the next opening.
pub(super) fn seal_segments(inner: &Inner) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "segments are compressed with the usual priority");
    }
    let mut failed = HashSet::new();
    let mut patrol = Patrol::new(inner);
    let mut seen = 0;
    while let Some(checkpointed) = inner.sealing.wait_beyond(seen) {
        seen = checkpointed;
        if !seal_due(inner, checkpointed, &mut failed) {
            return;
        }
        let looked = catch(|| patrol.step(inner)).unwrap_or_else(|panic| {
            tracing::error!(panic, "a bug in the background check");
            None
        });
        if let Some(pause) = looked {
            // Round again, first for what is to be sealed by then.
            seen = 0;
            if !inner.sealing.rest(pause) {
                return;
            }
        }
    }
}

/// Seals what can be sealed; false if it was told to stop.
fn seal_due(inner: &Inner, checkpointed: u64, failed: &mut HashSet<u64>) -> bool {
    while let Some((segment, next)) = full_segment(inner, checkpointed, failed) {
        let sealed = catch(|| seal(inner, &segment, &next)).unwrap_or_else(|panic| Err(JournalError::Stopped { why: panic }));
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

/// The first segment that is full, checkpointed and not sealed, and the one behind it.
fn full_segment(inner: &Inner, checkpointed: u64, except: &HashSet<u64>) -> Option<(SegmentFile, SegmentFile)> {
    let segments = inner.segments.read();
    let is_due = |pair: &&[SegmentFile]| !pair[0].is_sealed && pair[1].first <= checkpointed + 1 && !except.contains(&pair[0].first);
    segments.windows(2).find(is_due).map(|pair| (pair[0].clone(), pair[1].clone()))
}

/// Seals a segment; what is damaged in it is put back from the store on the way. False if it was told to stop.
fn seal(inner: &Inner, segment: &SegmentFile, next: &SegmentFile) -> Result<bool, JournalError> {
    let mut image = load(segment)?;
    let unreadable =
        |segment: &SegmentFile| damaged(format!("{}: its header cannot be read", segment.name()), segment.first, segment.first);
    let header = image.header().ok_or_else(|| unreadable(segment))?;
    let following = read_header(next)?.ok_or_else(|| unreadable(next))?;
    let donate = |first, last, before: &_| donated(inner.store.read().as_ref()?, first, last, before);
    let mended = image.mend(&segment.name(), &header, next.first, &donate, |_| Ok(()))?;
    if mended.frontier != following.frontier {
        let what = format!("{}: its records do not give the tree that {} begins with", segment.name(), next.name());
        return Err(damaged(what, segment.first, next.first - 1));
    }
    mended.notes.iter().for_each(|note| tracing::warn!("{note}"));
    let header = SegmentHeader { extent: Extent::Last(next.first - 1), ..header };
    let wal = inner.dir.join(super::recovery::WAL_DIR);
    let sealed = segment.sealed();
    // At most half of a core: commits go first.
    let mut pace = |spent| inner.sealing.rest(spent);
    if !write_sealed(&wal, &sealed, &header, &image.bytes[SEGMENT_HEADER_BYTES..], &inner.options, &mut pace)? {
        return Ok(false);
    }
    if let Some(listed) = inner.segments.write().iter_mut().find(|listed| *listed == segment) {
        *listed = sealed;
    }
    let remove = || inner.options.step(Step::RemoveSegment).and_then(|()| fs::remove_file(&segment.path));
    remove().map_err(JournalError::storage(format!("removing {}", segment.path.display())))?;
    Ok(true)
}

/// Writes a sealed segment: as a new file, synced, read back, then under its name. `pace` is called after every step with
/// the time that it took; if it answers false, nothing has changed, and the answer is false.
pub(super) fn write_sealed(
    wal: &Path,
    segment: &SegmentFile,
    header: &SegmentHeader,
    frames: &[u8],
    options: &Options,
    pace: &mut dyn FnMut(Duration) -> bool,
) -> Result<bool, JournalError> {
    let new = wal.join(UNFINISHED);
    let mut write = || {
        options.step(Step::SealSegment)?;
        if !write_blocks(&new, header, frames, pace)? {
            fs::remove_file(&new)?;
            return Ok(false);
        }
        check_written(&new, header, frames)?;
        options.step(Step::NameSealed)?;
        fs::rename(&new, &segment.path)?;
        sync_dir(wal)?;
        Ok(true)
    };
    let written = write();
    if written.is_err() {
        // Only space is lost if this fails, and the next opening frees it.
        let _ = fs::remove_file(&new);
    }
    written.map_err(JournalError::storage(format!("writing {}", segment.path.display())))
}

fn write_blocks(path: &Path, header: &SegmentHeader, frames: &[u8], pace: &mut dyn FnMut(Duration) -> bool) -> io::Result<bool> {
    let mut file = File::create(path)?;
    file.write_all(&header.encode())?;
    let mut packer = Packer::new(frames);
    loop {
        let begun = Instant::now();
        let Some(block) = packer.next_block()? else {
            break;
        };
        file.write_all(&block)?;
        if !pace(begun.elapsed()) {
            return Ok(false);
        }
    }
    file.sync_all()?;
    Ok(true)
}

/// Reads back what was written.
fn check_written(path: &Path, header: &SegmentHeader, frames: &[u8]) -> io::Result<()> {
    let unpacked = sealed::unpack(&fs::read(path)?);
    let (begin, rest) = unpacked.bytes.split_at(SEGMENT_HEADER_BYTES);
    let is_whole = unpacked.faults.is_empty() && SegmentHeader::decode(begin).as_ref() == Some(header) && rest == frames;
    is_whole.then_some(()).ok_or_else(|| io::Error::other("what was read back is not what was written"))
}
