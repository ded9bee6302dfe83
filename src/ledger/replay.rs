//! Opening a ledger: every record is read, decoded and evolved; no rule is decided again.

use super::duplicates::decode;
use super::idempotency::{Fingerprint, Idempotency, Seed};
use super::panic_text;
use crate::domain::{Record, State};
use crate::journal::{Journal, JournalError};
use crate::views::index::Index;
use crate::views::metrics::{self, Projection};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

/// Records that are decoded at a time.
const CHUNK_RECORDS: usize = 4_096;
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 4 << 20;
/// Chunks that are decoded ahead.
const CHUNKS_AHEAD: usize = 4;

/// What was replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReplayReport {
    /// How many records.
    pub records: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
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

/// What all records together say.
#[derive(Default)]
pub struct Replayed {
    /// The state.
    pub state: State,
    /// The event ids.
    pub ids: Idempotency,
    /// Which records are about what.
    pub index: Index,
    /// What figures count.
    pub metrics: Projection,
}

/// Replays a journal: one thread reads and decodes, this one evolves.
pub fn replay(journal: &dyn Journal) -> Result<(Replayed, ReplayReport), ReplayError> {
    let started = Instant::now();
    let mut replayed = Replayed::default();
    let seed = replayed.ids.seed();
    std::thread::scope(|scope| {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        scope.spawn(move || decode_all(journal, &seed, &sender));
        for chunk in chunks {
            for (fingerprint, record) in chunk? {
                evolve(&mut replayed, fingerprint, &record)?;
            }
        }
        Ok::<_, ReplayError>(())
    })?;
    let report = ReplayReport { records: replayed.state.position, seconds: started.elapsed().as_secs_f64() };
    Ok((replayed, report))
}

type Chunk = Result<Vec<(Fingerprint, Record)>, ReplayError>;

fn decode_all(journal: &dyn Journal, seed: &Seed, chunks: &SyncSender<Chunk>) {
    let last = journal.last();
    let mut next = 1;
    while next <= last {
        let chunk = decode_chunk(journal, seed, next);
        next += chunk.as_ref().map_or(0, |records| records.len() as u64);
        let failed = chunk.is_err();
        // The other side hangs up when it has found an error of its own.
        if chunks.send(chunk).is_err() || failed {
            return;
        }
    }
}

fn decode_chunk(journal: &dyn Journal, seed: &Seed, from: u64) -> Chunk {
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

fn evolve(replayed: &mut Replayed, fingerprint: Fingerprint, record: &Record) -> Result<(), ReplayError> {
    let Replayed { state, ids, index, metrics } = replayed;
    catch_unwind(AssertUnwindSafe(|| {
        state.evolve(record);
        index.add(record.position, &state.subjects(record));
        metrics.add(&metrics::notes(record, state));
    }))
    .map_err(|panic| ReplayError::Contradiction { position: record.position, why: panic_text(&*panic) })?;
    ids.insert(fingerprint, record.position);
    Ok(())
}
