//! Taking snapshots while the ledger runs, and loading one at the start.
//!
//! Between two requests the writer freezes the state and seals the group commit that is being filled. When that group is
//! durable and applied to the projections, the committer freezes those as well. A thread of its own writes the snapshot.

use super::common::Core;
use super::replay::Replayed;
use crate::domain::{State, StateLoad};
use crate::encoding::{Damaged, Loader, Section};
use crate::journal::{Journal, TreeHead};
use crate::ledger::SnapshotSettings;
use crate::priority::{Niceness, lower_priority};
use crate::projections::{ProjectionsLoad, SharedProjections};
use crate::snapshot::{Found, LoadError, SaveError, SnapshotFile, Snapshots, Writer};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// The priority of the thread that writes snapshots. Not lower: while something is frozen, changes to it must
/// copy.
const NICENESS: Niceness = Niceness(5);

/// When snapshots are taken, and where they go.
pub struct Schedule {
    settings: SnapshotSettings,
    directory: Snapshots,
    /// The position from which on the next one is due.
    next: AtomicU64,
    /// The position of the last one that is whole.
    last: AtomicU64,
    is_busy: AtomicBool,
    is_closing: AtomicBool,
    jobs: Mutex<Option<SyncSender<Taken>>>,
}

/// State and projections at one position, frozen, to be written to a snapshot.
pub struct Taken {
    head: TreeHead,
    state: State,
    projections: SharedProjections,
}

impl Schedule {
    /// Returns the schedule of a ledger that began with the snapshot of a position, and the jobs of the thread that writes.
    pub fn new(settings: SnapshotSettings, began_at: u64) -> (Self, Receiver<Taken>) {
        let (sender, jobs) = sync_channel(1);
        let schedule = Self {
            directory: Snapshots::of(&settings.data_dir),
            next: AtomicU64::new(began_at.saturating_add(settings.every_records.max(1))),
            last: AtomicU64::new(began_at),
            is_busy: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            jobs: Mutex::new(Some(sender)),
            settings,
        };
        (schedule, jobs)
    }

    /// The position of the last snapshot that is whole; 0 if there is none.
    pub fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Whether a snapshot is due at a position.
    fn is_due(&self, position: u64) -> bool {
        position >= self.next.load(Ordering::Relaxed) && !self.is_busy.load(Ordering::Acquire)
    }

    /// Abandons the snapshot that is being written; no further one is taken.
    pub fn begin_closing(&self) {
        self.is_closing.store(true, Ordering::Release);
        *self.jobs.lock() = None;
    }
}

/// Called by the writer between two requests: freezes the state at a position if a snapshot is due.
pub fn freeze_if_due(core: &Core, position: u64) {
    let Some(schedule) = core.snapshots.as_ref().filter(|schedule| schedule.is_due(position)) else { return };
    // After a defect nobody knows what the state is.
    if core.check_running().is_err() {
        return;
    }
    schedule.is_busy.store(true, Ordering::Release);
    schedule.next.store(position.saturating_add(schedule.settings.every_records.max(1)), Ordering::Relaxed);
    let state = core.state.read().share();
    core.pipeline.seal(state);
}

/// Called by who follows once all records up to a position are published: takes a snapshot if one is due.
pub fn take_if_due(core: &Core, position: u64) {
    let Some(schedule) = core.snapshots.as_ref().filter(|schedule| schedule.is_due(position)) else { return };
    schedule.is_busy.store(true, Ordering::Release);
    schedule.next.store(position.saturating_add(schedule.settings.every_records.max(1)), Ordering::Relaxed);
    let state = core.state.read().share();
    take(core, state);
}

/// Called by the committer when all records up to a frozen state are durable and published: freezes the projections and
/// passes both to the thread that writes.
pub fn take(core: &Core, state: State) {
    let Some(schedule) = &core.snapshots else { return };
    let taken = catch_unwind(AssertUnwindSafe(|| taken_now(core, state)));
    let sent = match (taken, &*schedule.jobs.lock()) {
        (Ok(Some(taken)), Some(jobs)) => jobs.try_send(taken).is_ok(),
        _ => false,
    };
    if !sent {
        schedule.is_busy.store(false, Ordering::Release);
    }
}

/// Returns state and projections at the position of a state; `None` if that is not the last durable position.
fn taken_now(core: &Core, state: State) -> Option<Taken> {
    let head = core.journal.tree_head();
    let is_exact = head.size == state.position && core.last() == state.position;
    is_exact.then(|| Taken { head, state, projections: core.projections.share() })
}

/// Writes snapshots until the ledger closes.
pub fn run(core: &Core, jobs: &Receiver<Taken>) {
    lower_priority(NICENESS);
    while let (Some(schedule), Ok(taken)) = (&core.snapshots, jobs.recv()) {
        // Errors are logged, and the next snapshot is tried when it is due: nothing is lost, the journal has all records.
        let saved = catch_unwind(AssertUnwindSafe(|| {
            save(core, schedule, taken, &|| schedule.is_closing.load(Ordering::Acquire));
        }));
        if saved.is_err() {
            tracing::error!("a defect while writing a snapshot");
        }
        schedule.is_busy.store(false, Ordering::Release);
    }
}

fn save(core: &Core, schedule: &Schedule, taken: Taken, is_unwanted: &dyn Fn() -> bool) {
    let started = Instant::now();
    let Taken { head, state, projections } = taken;
    let saved = schedule.directory.save(head, is_unwanted, |writer: &mut Writer<'_>| {
        state.save(writer)?;
        core.projections.save(projections, head.size, writer)
    });
    match saved {
        Ok(bytes) => {
            schedule.last.store(head.size, Ordering::Relaxed);
            let seconds = started.elapsed().as_secs_f64();
            tracing::info!(position = head.size, bytes, seconds, "a snapshot was written");
        }
        Err(SaveError::Interrupted) => tracing::info!(position = head.size, "a snapshot was given up, as the ledger closes"),
        Err(SaveError::Storage(error)) => {
            tracing::warn!(position = head.size, %error, "a snapshot could not be written; nothing is lost by it");
        }
    }
}

/// After writer and committer have ended: takes a snapshot if enough records came since the last one, within the timeout.
pub fn save_at_close(core: &Core) {
    let Some(schedule) = &core.snapshots else { return };
    let newer = core.last().saturating_sub(schedule.last.load(Ordering::Relaxed));
    if core.check_running().is_err() || newer < schedule.settings.least_at_close.max(1) {
        return;
    }
    let started = Instant::now();
    let is_late = || started.elapsed() > schedule.settings.close_timeout;
    let saved = catch_unwind(AssertUnwindSafe(|| {
        let state = core.state.read().share();
        if let Some(taken) = taken_now(core, state) {
            save(core, schedule, taken, &is_late);
        }
    }));
    if saved.is_err() {
        tracing::error!("a defect while writing a snapshot");
    }
}

/// Loads the newest snapshot that is whole and of this journal's records; without any, returns the empty ledger. Also
/// returns, of each snapshot that was ignored, why.
pub fn begin(settings: &SnapshotSettings, journal: &dyn Journal) -> (Replayed, Vec<String>) {
    let directory = Snapshots::of(&settings.data_dir);
    let mut ignored = Vec::new();
    if let Err(error) = directory.remove_unfinished() {
        tracing::warn!(%error, "what is left of an unfinished snapshot could not be removed");
    }
    let found = directory.list().unwrap_or_else(|error| {
        ignored.push(format!("the snapshots are ignored: {error}"));
        Vec::new()
    });
    for Found { position, path } in found {
        match load(position, &path, journal) {
            Ok(replayed) => return (replayed, ignored),
            Err(error) => ignored.push(format!("the snapshot of position {position} is ignored: {error}")),
        }
    }
    (Replayed::default(), ignored)
}

fn load(position: u64, path: &std::path::Path, journal: &dyn Journal) -> Result<Replayed, LoadError> {
    let file = SnapshotFile::open(path)?;
    let unlike = |what: &str| LoadError::Damaged(what.to_owned());
    if file.head().size != position {
        return Err(unlike("it is of another position than its name says"));
    }
    if position > journal.last() {
        return Err(unlike("the journal does not go so far"));
    }
    let head = journal.tree_head_at(position).map_err(|error| unlike(&format!("the journal cannot be asked: {error}")))?;
    if head != Some(file.head()) {
        return Err(unlike("it is of other records than the journal's"));
    }
    let parts = Parts::default();
    file.load(&|section| parts.part(section))?;
    Ok(parts.finish(position)?)
}

/// State and projections that are being loaded.
#[derive(Default)]
struct Parts {
    state: StateLoad,
    projections: ProjectionsLoad,
}

impl Parts {
    fn part(&self, section: Section) -> Option<&dyn Loader> {
        self.state.part(section).or_else(|| self.projections.part(section))
    }

    fn finish(&self, position: u64) -> Result<Replayed, Damaged> {
        let state = self.state.finish()?;
        if state.position != position {
            return Err(Damaged("it is of another position than it says"));
        }
        Ok(Replayed { state, projections: self.projections.finish(position)? })
    }
}
