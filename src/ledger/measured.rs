//! What the ledger measures of itself, for whoever watches it.

use super::Ledger;
use super::snapshots::Schedule;
use crate::journal::{DiskBytes, JournalError};
use crate::measure::{Counted, Histogram};

/// What the ledger's threads measure of their work.
pub struct Measures {
    /// Records of each commit.
    pub commit_records: Histogram,
    /// How long writing a commit took, until it was durable.
    pub storing: Histogram,
    /// How long feeding the projections and publishing took after that.
    pub publishing: Histogram,
    /// How long sending the answers took after that.
    pub answering: Histogram,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            commit_records: Histogram::of_counts(),
            storing: Histogram::of_durations(),
            publishing: Histogram::of_durations(),
            answering: Histogram::of_durations(),
        }
    }
}

/// What the ledger has measured so far.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The last durable position.
    pub position: u64,
    /// Whether recording has stopped for good.
    pub is_stopped: bool,
    /// Whether this process records: of those that share the ledger one does.
    pub leads: bool,
    /// Requests that are queued, decided or being synced.
    pub queued: usize,
    /// How many there may be.
    pub queue_capacity: usize,
    /// Records of each commit.
    pub commit_records: Counted,
    /// How long each stage of a commit took, by its name.
    pub commit_stages: [(&'static str, Counted); 3],
    /// How long each sync of the journal took; `None` if it syncs nothing.
    pub syncs: Option<Counted>,
    /// Records that are durable, and not yet where reads are served from.
    pub store_lag: u64,
    /// The position of the last snapshot, 0 before the first; `None` if none are taken.
    pub snapshot: Option<u64>,
}

impl Ledger {
    /// What the ledger has measured so far. It holds up neither writer nor readers.
    pub fn measured(&self) -> Measured {
        let (core, measures) = (&self.core, &self.core.measures);
        let journal = core.journal.measured();
        let stages = [("store", &measures.storing), ("publish", &measures.publishing), ("answer", &measures.answering)];
        Measured {
            position: core.last(),
            is_stopped: core.stopped.borrow().is_some(),
            leads: self.leads(),
            queued: self.queue.len(),
            queue_capacity: self.queue.capacity(),
            commit_records: measures.commit_records.counted(),
            commit_stages: stages.map(|(stage, histogram)| (stage, histogram.counted())),
            syncs: journal.syncs.map(|syncs| syncs.counted()),
            store_lag: journal.store_lag,
            snapshot: core.snapshots.as_ref().map(Schedule::last),
        }
    }

    /// What the journal takes on this machine's disk. It looks at every file.
    ///
    /// # Errors
    /// If one could not be looked at.
    pub fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        self.core.journal.disk_bytes()
    }
}
