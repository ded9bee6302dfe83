//! Opening: the checkpoint, the store and the log's tail are brought into agreement, and every repair is told.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::checkpoint::{self, Checkpoint, Found, sync_dir};
use super::files::load;
use super::log::Log;
use super::options::Options;
use super::repair::{LogRepair, damaged};
use super::seal::UNFINISHED;
use super::segment::{SEGMENT_HEADER_BYTES, SegmentFile, advance};
use super::sled::{Store, StoreError};
use super::{Frontier, JournalError, TreeHead};

pub(super) const STORE_DIR: &str = "store";
pub(super) const WAL_DIR: &str = "wal";
/// Left behind by a read that found the store damaged: the next opening rebuilds it.
pub(super) const SUSPECT_FILE: &str = "store.suspect";

/// What was found and done when the journal was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenReport {
    /// The last position.
    pub last: u64,
    /// The Merkle tree's head there.
    pub tree_head: TreeHead,
    /// The bytes of a last frame that never became whole and was cut off; 0 if there was none.
    pub torn_tail_bytes: u64,
    /// Whether the store was moved aside or missing and was built anew from the log.
    pub rebuilt_store: bool,
    /// How many records the store lacked and got from the log.
    pub fed_records: u64,
    /// Every repair, in plain words.
    pub notes: Vec<String>,
}

/// The parts of an opened journal.
pub(super) struct Recovered {
    pub log: Log,
    pub store: Store,
    pub checkpoint: Checkpoint,
    pub report: OpenReport,
}

/// The store as it was found.
struct FoundStore {
    store: Option<Store>,
    last: u64,
    /// Why it must be rebuilt.
    fault: Option<String>,
}

/// Brings a directory, which the caller has locked, into order.
pub(super) fn recover(dir: &Path, options: &Options) -> Result<Recovered, JournalError> {
    let wal = dir.join(WAL_DIR);
    fs::create_dir_all(&wal).map_err(JournalError::storage(format!("creating {}", wal.display())))?;
    sync_dir(dir).map_err(JournalError::storage(format!("syncing {}", dir.display())))?;
    remove_unfinished(&wal)?;
    // A process that was killed may have named a segment and not have made the name durable.
    sync_dir(&wal).map_err(JournalError::storage(format!("syncing {}", wal.display())))?;
    let found = checkpoint::read(dir)?;
    let known = found.checkpoint();
    let reads_all = log_bytes(&wal)? <= options.check_up_to_bytes;
    let mut found_store = find_store(dir, options, known, reads_all)?;
    let (log, torn_tail_bytes, mut notes) = recover_log(wal, options, known, &found_store, reads_all)?;
    let last = log.frontier().size();
    note_checkpoint(&found, last, &mut notes);
    if last == 0 && !dir.join(STORE_DIR).exists() {
        // Nothing is lost where nothing was. One that was being made is moved aside like any other.
        found_store.fault = None;
    }
    let state = StoreState { dir, options, notes, fed_records: 0, rebuilt: false };
    let (store, state) = state.bring_up_to_date(found_store, &log, known)?;
    let checkpoint = Checkpoint { head: log.frontier().head(), is_closed: false };
    if known.map(|known| known.head) != Some(checkpoint.head) || state.rebuilt {
        store.sync().map_err(store_failed)?;
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

/// How long the log's files are together.
fn log_bytes(wal: &Path) -> Result<u64, JournalError> {
    let length = |segment: &SegmentFile| fs::metadata(&segment.path).map(|metadata| metadata.len());
    let lengths = SegmentFile::list(wal).and_then(|segments| segments.iter().map(length).sum());
    lengths.map_err(JournalError::storage(format!("looking at {}", wal.display())))
}

/// Mends the log and takes it up at its end. Answers also how much was cut off there and what was done.
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
        repair.append_from_donor(&mut log)?;
    }
    Ok((log, repair.torn_tail_bytes, repair.notes))
}

fn note_checkpoint(found: &Found, last: u64, notes: &mut Vec<String>) {
    match found {
        Found::Damaged => notes.push("the checkpoint was damaged: the store was checked as a whole".into()),
        Found::Missing if last > 0 => {
            notes.push("the checkpoint was missing: the store was checked as a whole".into());
        }
        Found::Missing | Found::Checkpoint(_) => {}
    }
}

/// Opens the store and judges whether it can be trusted.
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
        Err(error @ StoreError::System { .. }) => return Err(store_failed(error)),
    };
    let (last, fault) = match store.last() {
        Ok(last) => {
            let last = last.map_or(0, |header| header.last());
            (last, judge(&store, last, checkpoint, reads_all).err())
        }
        Err(error) => (0, Some(error.to_string())),
    };
    let is_suspect = dir.join(SUSPECT_FILE).exists();
    let fault = fault.or_else(|| is_suspect.then(|| "a read had found it damaged".to_owned()));
    Ok(FoundStore { store: Some(store), last, fault })
}

/// Compares the store with the checkpoint; without one, or where all is to be read, reads it as a whole.
fn judge(store: &Store, last: u64, checkpoint: Option<Checkpoint>, reads_all: bool) -> Result<(), String> {
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

/// What is being done to the store.
struct StoreState<'a> {
    dir: &'a Path,
    options: &'a Options,
    notes: Vec<String>,
    fed_records: u64,
    rebuilt: bool,
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

impl StoreState<'_> {
    /// Feeds the store what it lacks; one that cannot be trusted is moved aside and rebuilt.
    fn bring_up_to_date(mut self, found: FoundStore, log: &Log, checkpoint: Option<Checkpoint>) -> Result<(Store, Self), JournalError> {
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
                    Err(FeedError::Store(error)) => return Err(store_failed(error)),
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
        let store = Store::open(&self.dir.join(STORE_DIR), self.options.cache_bytes).map_err(store_failed)?;
        match self.feed(&store, &segments, 0) {
            Ok(()) => Ok((store, self)),
            Err(FeedError::Journal(error)) => Err(error),
            Err(FeedError::Store(error)) => Err(store_failed(error)),
        }
    }

    /// Puts the log's frames behind position `known` into the store, unless they are there.
    fn feed(&mut self, store: &Store, segments: &[SegmentFile], known: u64) -> Result<(), FeedError> {
        let begin = segments.partition_point(|segment| segment.first <= known + 1).saturating_sub(1);
        for (index, segment) in segments.iter().enumerate().skip(begin) {
            let next = segments.get(index + 1).map(|next| next.first);
            let image = load(segment).map_err(FeedError::Journal)?;
            let header = image.header();
            let mut frontier = header.map(|header| header.frontier).unwrap_or_default();
            let mut offset = SEGMENT_HEADER_BYTES;
            while next != Some(frontier.size() + 1) {
                let frame = match image.frame(offset, &mut frontier) {
                    Ok(frame) => frame,
                    // The log's end: it was settled before.
                    Err(_) if next.is_none() => break,
                    Err(fault) => {
                        let what = format!("{}, {}", segment.name(), image.describe(offset, fault));
                        let last = next.map_or(0, |next| next - 1);
                        return Err(FeedError::Journal(damaged(what, frontier.size() + 1, last)));
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

    /// Renames the store's directory, so that a new one can be built and the old one looked at.
    fn move_aside(&mut self, why: &str) -> Result<(), JournalError> {
        let path = self.dir.join(STORE_DIR);
        if !path.exists() {
            self.notes.push(format!("the store is built anew from the log: {why}"));
            return Ok(());
        }
        let names = (1_u32..).map(|number| format!("{STORE_DIR}.damaged-{number}"));
        // There are more numbers than a directory can have names.
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

pub(super) fn store_failed(error: StoreError) -> JournalError {
    match error {
        StoreError::System { what, source } => JournalError::Storage { what, source },
        StoreError::Unusable(why) => JournalError::Stopped { why: format!("the store failed: {why}") },
    }
}

/// Removes files that were being made ready when the process stopped.
fn remove_unfinished(wal: &Path) -> Result<(), JournalError> {
    remove_if_there(&wal.join("spare.new"))?;
    remove_if_there(&wal.join("segment.new"))?;
    remove_if_there(&wal.join(UNFINISHED))?;
    // A segment that is there in both forms: it was compressed, and not yet removed.
    let segments = SegmentFile::list(wal).map_err(JournalError::storage(format!("listing {}", wal.display())))?;
    segments.iter().filter(|segment| !segment.is_sealed).try_for_each(|segment| remove_if_there(&segment.sealed().path))
}

fn remove_if_there(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(JournalError::storage(format!("removing {}", path.display()))(error)),
        _ => Ok(()),
    }
}
