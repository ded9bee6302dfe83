//! A simulated disk, and a journal on it whose syncs take as long, fail or crash as the seed wants.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use partnership_ledger::journal::{Batch, DiskBytes, Frontier, Journal, JournalError, StoredRecord, TreeHead};

/// What is durable: records that survive every crash.
#[derive(Default)]
pub struct Disk(Mutex<Vec<Vec<u8>>>);

impl Disk {
    /// All records.
    pub fn records(&self) -> Vec<Vec<u8>> {
        self.0.lock().clone()
    }

    /// Records from an index on, up to another.
    pub fn range(&self, from: usize, to: usize) -> Vec<Vec<u8>> {
        let records = self.0.lock();
        records[from.min(records.len())..to.min(records.len())].to_vec()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    fn write(&self, records: &[Vec<u8>]) {
        self.0.lock().extend_from_slice(records);
    }
}

/// What becomes of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Synced,
    /// It fails; the commit may be on the disk all the same.
    Failed { lands: bool },
    /// The process ends; the commit under way is there as a whole or not at all.
    Crashed { lands: bool },
}

/// What is in store for the next append.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub outcome: Outcome,
    /// How much else happens before the commit is on the disk.
    pub steps_before: u32,
    /// How much else happens between that and the append's return.
    pub steps_after: u32,
}

/// What a journal that breaks its promises does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Says that a commit is durable when it is only with the next one.
    AcknowledgesEarly,
    /// Loses the second half of every commit.
    DropsSecondHalf,
    /// Writes a commit twice if the process ends while it is under way.
    DeliversTwice,
    /// Leaves the first half of a commit if the process ends while it is under way.
    TearsCommits,
    /// Takes a failed sync for a good one.
    ForgivesFailedSyncs,
    /// Writes a commit's records in another order.
    Reorders,
}

/// What else happens while a sync is under way.
pub type Meanwhile = Arc<dyn Fn() + Send + Sync>;

/// The journal of one run of the process.
pub struct SimulatedJournal {
    disk: Arc<Disk>,
    defect: Option<Defect>,
    meanwhile: Meanwhile,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frontier: Frontier,
    fate: Option<Fate>,
    has_stopped: bool,
    /// Commits that a journal with a defect took for durable.
    unwritten: Vec<Vec<u8>>,
}

impl SimulatedJournal {
    /// Opens the journal of a disk.
    pub fn open(disk: Arc<Disk>, defect: Option<Defect>, meanwhile: Meanwhile) -> Self {
        let mut state = State::default();
        disk.records().iter().for_each(|record| state.frontier.push(record));
        Self { disk, defect, meanwhile, state: Mutex::new(state) }
    }

    /// Says what becomes of the next append.
    pub fn prepare(&self, fate: Fate) {
        self.state.lock().fate = Some(fate);
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// What of a commit reaches the disk in the end.
    fn reaches(&self, mut records: Vec<Vec<u8>>, outcome: Outcome) -> Vec<Vec<u8>> {
        let half = records.len().div_ceil(2);
        match outcome {
            Outcome::Failed { lands: false } | Outcome::Crashed { lands: false } => return Vec::new(),
            Outcome::Crashed { .. } if self.has(Defect::TearsCommits) => records.truncate(half),
            Outcome::Crashed { .. } if self.has(Defect::DeliversTwice) => records.extend_from_within(..),
            _ => {}
        }
        if self.has(Defect::DropsSecondHalf) {
            records.truncate(half);
        }
        if self.has(Defect::Reorders) {
            records.reverse();
        }
        records
    }

    /// Takes note of a commit that is durable, or that a journal with a defect takes for durable.
    fn synced(&self, state: &mut State, written: Vec<Vec<u8>>) -> TreeHead {
        written.iter().for_each(|record| state.frontier.push(record));
        if self.has(Defect::AcknowledgesEarly) {
            let earlier = std::mem::replace(&mut state.unwritten, written);
            self.disk.write(&earlier);
        } else {
            self.disk.write(&written);
        }
        state.frontier.head()
    }

    fn steps(&self, count: u32) {
        for _ in 0..count {
            (self.meanwhile)();
        }
    }
}

impl Journal for SimulatedJournal {
    fn last(&self) -> u64 {
        self.state.lock().frontier.size()
    }

    fn tree_head(&self) -> TreeHead {
        self.state.lock().frontier.head()
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        let fate = {
            let mut state = self.state.lock();
            if state.has_stopped {
                return Err(JournalError::Stopped { why: "a sync failed".into() });
            }
            let last = state.frontier.size();
            if expected_last != last {
                return Err(JournalError::PositionMismatch { expected: expected_last, last });
            }
            state.fate.take().unwrap_or(Fate { outcome: Outcome::Synced, steps_before: 0, steps_after: 0 })
        };
        self.steps(fate.steps_before);
        let outcome = match fate.outcome {
            Outcome::Failed { lands: false } if self.has(Defect::ForgivesFailedSyncs) => Outcome::Synced,
            outcome => outcome,
        };
        let records = batch.records().map(<[u8]>::to_vec).collect();
        let written = self.reaches(records, outcome);
        match outcome {
            Outcome::Synced => {
                let forgiven = outcome != fate.outcome;
                let written = if forgiven { Vec::new() } else { written };
                let head = self.synced(&mut self.state.lock(), written);
                self.steps(fate.steps_after);
                Ok(head)
            }
            Outcome::Failed { .. } | Outcome::Crashed { .. } => {
                self.disk.write(&written);
                self.state.lock().has_stopped = true;
                Err(JournalError::Storage { what: "the log".into(), source: io::Error::other("the disk does not answer") })
            }
        }
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        let state = self.state.lock();
        let all = self.disk.records().into_iter().chain(state.unwritten.iter().cloned());
        let durable = all.take(usize::try_from(state.frontier.size()).expect("a position")).zip(1..);
        let mut bytes = 0;
        let within = durable.skip_while(|(_, position)| *position < from).take(max_records).take_while(|(record, _)| {
            let is_first = bytes == 0;
            bytes += record.len();
            is_first || bytes <= max_bytes
        });
        Ok(within.map(|(bytes, position)| StoredRecord { position, bytes }).collect())
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        Ok(self.last())
    }

    fn close(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        Ok(DiskBytes::default())
    }
}
