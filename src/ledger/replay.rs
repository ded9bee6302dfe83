//! Opening a ledger: every record is read, decoded and evolved; no rule is decided again. That is a pipeline of three threads:
//! one reads and decodes, one evolves the state, one feeds the projections with what that brings.

use super::duplicates::decode;
use super::panic_text;
use super::snapshots;
use crate::domain::{Record, State};
use crate::journal::{Journal, JournalError};
use crate::ledger::SnapshotSettings;
use crate::projections::event_ids::{Fingerprint, Seed};
use crate::projections::{Projections, Update};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Instant;

/// Records that are decoded at a time.
const CHUNK_RECORDS: usize = 4_096;
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 4 << 20;
/// Records whose updates are applied to the projections at a time, so that their locks are taken seldom.
pub const APPLIED_AT_ONCE: usize = 256;
/// Chunks that are decoded ahead.
const CHUNKS_AHEAD: usize = 4;
/// How often so many updates may wait to be applied.
const UPDATES_AHEAD: usize = 16;

/// What was replayed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplayReport {
    /// The position of the snapshot that it began with; 0 without one.
    pub from: u64,
    /// How long loading that took, in seconds.
    pub load_seconds: f64,
    /// How many records were replayed after it.
    pub records: u64,
    /// How long that took, in seconds.
    pub seconds: f64,
    /// Why each ignored snapshot was ignored.
    pub ignored: Vec<String>,
}

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record is whole, but this release cannot read it.
    #[error("record {position} cannot be replayed: {why}. It is stored whole; start a release that knows it")]
    Unreadable {
        /// The record's position.
        position: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A record does not follow from those before it.
    #[error("record {position} does not follow from the records before it: {why}. Restore the ledger from a backup, or report a defect")]
    Contradiction {
        /// The record's position.
        position: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What all records together come to.
#[derive(Default)]
pub struct Replayed {
    /// The state.
    pub state: State,
    /// The projections.
    pub projections: Projections,
}

/// Replays a journal, from the newest snapshot on that can be used: one thread reads and decodes, this one evolves, one applies
/// updates to the projections.
pub fn replay(journal: &dyn Journal, settings: Option<&SnapshotSettings>) -> Result<(Replayed, ReplayReport), ReplayError> {
    let started = Instant::now();
    let (mut replayed, ignored) = settings.map(|settings| snapshots::begin(settings, journal)).unwrap_or_default();
    ignored.iter().for_each(|why| tracing::warn!("{why}"));
    let (from, load_seconds) = (replayed.state.position, started.elapsed().as_secs_f64());
    let started = Instant::now();
    let seed = replayed.projections.seed();
    let Replayed { state, projections } = &mut replayed;
    std::thread::scope(|scope| {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        let (spent, returned) = channel();
        scope.spawn(move || decode_all(journal, from, &seed, &sender, &returned));
        let (sender, updates) = sync_channel(UPDATES_AHEAD);
        let projections = &*projections;
        let applied = scope.spawn(move || apply_all(projections, updates));
        let evolved = evolve_chunks(state, &chunks, &spent, sender);
        let applied = applied.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        evolved.and(applied)
    })?;
    let report =
        ReplayReport { from, load_seconds, records: replayed.state.position - from, seconds: started.elapsed().as_secs_f64(), ignored };
    Ok((replayed, report))
}

/// Records, and the fingerprints of their event ids.
pub type Decoded = Vec<(Fingerprint, Record)>;
type Chunk = Result<Decoded, ReplayError>;

fn decode_all(journal: &dyn Journal, from: u64, seed: &Seed, chunks: &SyncSender<Chunk>, spent: &Receiver<Decoded>) {
    let last = journal.last();
    let mut next = from + 1;
    while next <= last {
        let chunk = decode_chunk(journal, seed, next);
        next += chunk.as_ref().map_or(0, |records| records.len() as u64);
        let failed = chunk.is_err();
        // The other side hangs up when it has found an error of its own.
        if chunks.send(chunk).is_err() || failed {
            return;
        }
        spent.try_iter().for_each(drop);
    }
}

/// Reads and decodes records from a position on, which the journal has: at least one.
pub fn decode_chunk(journal: &dyn Journal, seed: &Seed, from: u64) -> Result<Decoded, ReplayError> {
    let stored = journal.read(from, CHUNK_RECORDS, CHUNK_BYTES)?;
    if stored.is_empty() {
        return Err(ReplayError::Unreadable { position: from, why: "the journal does not give it".to_owned() });
    }
    let mut records = Vec::with_capacity(stored.len());
    for stored in stored {
        let unreadable = |why| ReplayError::Unreadable { position: stored.position, why };
        let message = decode(stored.position, &stored.bytes).map_err(|error| unreadable(error.to_string()))?;
        let record = Record::from_message(&message).map_err(unreadable)?;
        records.push((seed.fingerprint(record.event.event_id), record));
    }
    Ok(records)
}

/// What records bring the projections, and the fingerprints of their event ids.
pub struct Derived {
    /// The position before them.
    after: u64,
    updates: Vec<Update>,
    fingerprints: Vec<Fingerprint>,
}

/// Evolves the state by all records, and sends on what they bring the projections.
#[expect(clippy::needless_pass_by_value, reason = "that the sender is dropped tells the other side that no more comes")]
fn evolve_chunks(
    state: &mut State,
    chunks: &Receiver<Chunk>,
    spent: &Sender<Decoded>,
    updates: SyncSender<Derived>,
) -> Result<(), ReplayError> {
    for chunk in chunks {
        let chunk = chunk?;
        for records in chunk.chunks(APPLIED_AT_ONCE) {
            // The other side hangs up when it has found an error, which counts then.
            if updates.send(evolve_all(state, records)?).is_err() {
                return Ok(());
            }
        }
        // Freed by the thread that made it, which costs an allocator the least. At the end it is gone.
        let _ = spent.send(chunk);
    }
    Ok(())
}

/// Evolves the state by records that follow it.
pub fn evolve_all(state: &mut State, records: &[(Fingerprint, Record)]) -> Result<Derived, ReplayError> {
    let after = state.position;
    let mut position = after;
    let evolved = catch_unwind(AssertUnwindSafe(|| {
        let evolve = |(_, record): &(Fingerprint, Record)| {
            position = record.position;
            state.evolve(record);
            Update::of(record, state)
        };
        records.iter().map(evolve).collect()
    }));
    let updates = evolved.map_err(|panic| contradiction(position, &*panic))?;
    Ok(Derived { after, updates, fingerprints: records.iter().map(|(fingerprint, _)| *fingerprint).collect() })
}

/// Applies updates to the projections, as they come.
fn apply_all(projections: &Projections, updates: Receiver<Derived>) -> Result<(), ReplayError> {
    updates.into_iter().try_for_each(|derived| apply(projections, derived))
}

/// Applies what records bring the projections.
pub fn apply(projections: &Projections, derived: Derived) -> Result<(), ReplayError> {
    let Derived { after, updates, fingerprints } = derived;
    let applied = catch_unwind(AssertUnwindSafe(|| {
        projections.apply(after, &updates);
        projections.accept(after, fingerprints.into_iter());
    }));
    applied.map_err(|panic| contradiction(after + 1, &*panic))
}

fn contradiction(position: u64, panic: &(dyn Any + Send)) -> ReplayError {
    ReplayError::Contradiction { position, why: panic_text(panic) }
}
