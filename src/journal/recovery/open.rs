//! Opening: the checkpoint, the store and the end of the log are reconciled, and every repair is reported.

use std::fs;
use std::path::{Path, PathBuf};

use super::layout::{STORE_DIR, SUSPECT_FILE, WAL_DIR};
use super::rebuild_store::{FoundStore, StoreRepair};
use super::repair_state::LogRepair;
use crate::journal::disk::{remove_if_there, sync_dir};
use crate::journal::error::JournalError;
use crate::journal::log::{Log, NEW_SEALED_NAME, NEW_SEGMENT_NAME, PREALLOCATED_NAME, SegmentFile, advance};
use crate::journal::merkle::{Frontier, TreeHead};
use crate::journal::options::Options;
use crate::journal::store::{Checkpoint, FoundCheckpoint, Store, StoreError, read_checkpoint};

/// What was found and repaired when the journal was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// The last position.
    pub last: u64,
    /// The Merkle tree's head there.
    pub tree_head: TreeHead,
    /// The length of a torn last frame that was cut off, in bytes; 0 if there was none.
    pub torn_tail_bytes: u64,
    /// Whether the store was damaged or missing and was rebuilt from the log.
    pub rebuilt_store: bool,
    /// The number of records that the store lacked and got from the log.
    pub fed_records: u64,
    /// Every repair, a sentence each.
    pub notes: Vec<String>,
}

/// The parts of an opened journal.
pub(crate) struct Recovered {
    pub log: Log,
    pub store: Store,
    pub checkpoint: Checkpoint,
    pub report: OpenReport,
}

/// Opens log and store of a directory that the caller has locked, and repairs them.
pub(crate) fn recover(dir: &Path, options: &Options) -> Result<Recovered, JournalError> {
    let wal = dir.join(WAL_DIR);
    fs::create_dir_all(&wal).map_err(JournalError::storage(format!("creating {}", wal.display())))?;
    sync_dir(dir).map_err(JournalError::storage(format!("syncing {}", dir.display())))?;
    remove_unfinished(&wal)?;
    // A process that was killed may have renamed a segment without syncing the directory.
    sync_dir(&wal).map_err(JournalError::storage(format!("syncing {}", wal.display())))?;
    let found = read_checkpoint(dir)?;
    let known = found.checkpoint();
    let reads_all = log_bytes(&wal)? <= options.check_up_to_bytes;
    let mut found_store = find_store(dir, options, known, reads_all)?;
    let (log, torn_tail_bytes, mut notes) = recover_log(wal, options, known, &found_store, reads_all)?;
    let last = log.frontier().size();
    note_checkpoint(&found, last, &mut notes);
    if last == 0 && !dir.join(STORE_DIR).exists() {
        // A new journal: no store is missing. One that was just being created is moved aside like any other.
        found_store.fault = None;
    }
    let state = StoreRepair { dir, options, notes, fed_records: 0, rebuilt: false };
    let (store, state) = state.bring_up_to_date(found_store, &log, known)?;
    let checkpoint = Checkpoint { head: log.frontier().head(), is_closed: false };
    if known.map(|known| known.head) != Some(checkpoint.head) || state.rebuilt {
        store.sync()?;
    }
    checkpoint.write(dir, options)?;
    remove_if_there(&dir.join(SUSPECT_FILE))?;
    let report = OpenReport {
        last,
        tree_head: checkpoint.head,
        torn_tail_bytes,
        rebuilt_store: state.rebuilt,
        fed_records: state.fed_records,
        notes: state.notes,
    };
    report.notes.iter().for_each(|note| tracing::warn!("{note}"));
    Ok(Recovered { log, store, checkpoint, report })
}

/// Returns the length of all segments together, in bytes.
fn log_bytes(wal: &Path) -> Result<u64, JournalError> {
    let length = |segment: &SegmentFile| fs::metadata(&segment.path).map(|metadata| metadata.len());
    let lengths = SegmentFile::list(wal).and_then(|segments| segments.iter().map(length).sum());
    lengths.map_err(JournalError::storage(format!("looking at {}", wal.display())))
}

/// Repairs the log and opens it for appending. Returns it with the bytes cut off at its end and a note on each repair.
fn recover_log(
    wal: PathBuf,
    options: &Options,
    checkpoint: Option<Checkpoint>,
    found_store: &FoundStore,
    reads_all: bool,
) -> Result<(Log, u64, Vec<String>), JournalError> {
    let mut repair = LogRepair {
        wal: wal.clone(),
        options,
        checkpoint,
        donor: found_store.store.as_ref(),
        donor_last: found_store.last,
        reads_all: found_store.fault.is_some() || reads_all,
        torn_tail_bytes: 0,
        notes: Vec::new(),
    };
    let end = repair.run()?;
    let opening = JournalError::storage(format!("opening the log in {}", wal.display()));
    let mut log = Log::open(wal, options.clone(), end.segments, end.offset, end.frontier).map_err(opening)?;
    if end.lacks_frames {
        repair.append_from_store(&mut log)?;
    }
    Ok((log, repair.torn_tail_bytes, repair.notes))
}

/// Adds a note if the checkpoint was damaged or missing.
fn note_checkpoint(found: &FoundCheckpoint, last: u64, notes: &mut Vec<String>) {
    match found {
        FoundCheckpoint::Damaged => notes.push("the checkpoint was damaged: the store was checked as a whole".into()),
        FoundCheckpoint::Missing if last > 0 => {
            notes.push("the checkpoint was missing: the store was checked as a whole".into());
        }
        FoundCheckpoint::Missing | FoundCheckpoint::Checkpoint(_) => {}
    }
}

/// Opens the store and decides whether it can be trusted.
fn find_store(dir: &Path, options: &Options, checkpoint: Option<Checkpoint>, reads_all: bool) -> Result<FoundStore, JournalError> {
    let path = dir.join(STORE_DIR);
    if !path.exists() {
        return Ok(FoundStore { store: None, last: 0, fault: Some("it is missing".into()) });
    }
    let store = match Store::open(&path, options.cache_bytes) {
        Ok(store) => store,
        Err(StoreError::Unusable(why)) => {
            return Ok(FoundStore { store: None, last: 0, fault: Some(why) });
        }
        Err(error @ StoreError::System { .. }) => return Err(error.into()),
    };
    let (last, fault) = match store.last() {
        Ok(last) => {
            let last = last.map_or(0, |header| header.last());
            (last, verify_store(&store, last, checkpoint, reads_all).err())
        }
        Err(error) => (0, Some(error.to_string())),
    };
    let is_suspect = dir.join(SUSPECT_FILE).exists();
    let fault = fault.or_else(|| is_suspect.then(|| "a read had found it damaged".to_owned()));
    Ok(FoundStore { store: Some(store), last, fault })
}

/// Compares the store with the checkpoint; without one, or if `reads_all`, verifies all its frames. The error says why it
/// must be rebuilt.
fn verify_store(store: &Store, last: u64, checkpoint: Option<Checkpoint>, reads_all: bool) -> Result<(), String> {
    if reads_all || checkpoint.is_none() {
        let mut frontier = Frontier::new();
        let visited = store.visit(0, |frame| advance(&mut frontier, frame).is_ok());
        visited.map_err(|error| error.to_string())?;
        let is_whole = frontier.size() == last;
        is_whole.then_some(()).ok_or_else(|| format!("it is whole up to {} only", frontier.size()))?;
    }
    let Some(checkpoint) = checkpoint else {
        return Ok(());
    };
    let position = checkpoint.position();
    if last < position {
        return Err(format!("it ends at position {last}, but had been synced up to {position}"));
    }
    let header = store.header_at(position).map_err(|error| error.to_string())?;
    let head = header.map(|header| header.tree);
    if position > 0 && head != Some(checkpoint.head) {
        return Err(format!("its tree at position {position} is not the one written down"));
    }
    Ok(())
}

/// Removes files that were not complete when the process stopped.
fn remove_unfinished(wal: &Path) -> Result<(), JournalError> {
    remove_if_there(&wal.join(PREALLOCATED_NAME))?;
    remove_if_there(&wal.join(NEW_SEGMENT_NAME))?;
    remove_if_there(&wal.join(NEW_SEALED_NAME))?;
    // A segment in both forms: it was sealed, and the plain file not yet removed.
    let segments = SegmentFile::list(wal).map_err(JournalError::storage(format!("listing {}", wal.display())))?;
    segments.iter().filter(|segment| !segment.is_sealed).try_for_each(|segment| remove_if_there(&segment.sealed().path))
}
