//! Following: what the leader has made durable is evolved here, as a replay does, until this process leads itself.

use super::Ledger;
use super::common::Core;
use super::replay::{APPLIED_AT_ONCE, ReplayError, ReplayReport, apply, decode_chunk, evolve_all};
use super::role::Role;
use super::snapshots;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError, SharedJournal, SharedTexts};
use crate::ledger::{Limits, SnapshotSettings};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it is looked for what is new.
const LOOKED_EVERY: Duration = Duration::from_millis(50);
/// How long nothing is asked after an error.
const AFTER_ERROR: Duration = Duration::from_millis(500);
/// After how long without an answer what is read here counts as old.
const FRESH_FOR: Duration = Duration::from_secs(10);
/// How often the same trouble is said in the log.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// What follows a shared journal.
pub struct Follower {
    journal: Arc<dyn SharedJournal>,
    /// Whether it leads when nobody does.
    may_lead: bool,
    /// When the journal answered last, and when trouble was told last.
    heard: Mutex<Instant>,
    told: Mutex<Option<Instant>>,
}

impl Follower {
    /// Follows a journal; it leads when nobody does, if it may.
    pub fn new(journal: Arc<dyn SharedJournal>, may_lead: bool) -> Self {
        Self { journal, may_lead, heard: Mutex::new(Instant::now()), told: Mutex::default() }
    }

    /// What is kept beside the records.
    pub fn texts(&self) -> Arc<dyn SharedTexts> {
        Arc::clone(&self.journal) as Arc<dyn SharedTexts>
    }

    /// Takes in what is new, and leads if nobody does. Returns whether this process leads.
    ///
    /// # Errors
    /// Those of the journal, and of replaying what it gives.
    pub fn step(&self, core: &Core) -> Result<bool, ReplayError> {
        let standing = self.journal.refresh()?;
        self.take_in(core)?;
        *self.heard.lock() = Instant::now();
        if standing.is_vacant && self.may_lead && self.journal.lead()? {
            self.take_in(core)?;
            core.set_role(Role::Leads);
            tracing::info!(position = core.last(), "this process leads");
            return Ok(true);
        }
        core.set_role(Role::Follows { leader: standing.leader.map(Into::into), is_fresh: true });
        Ok(false)
    }

    /// Evolves what the journal has and the state has not. It is published in one go: readers see whole commits.
    fn take_in(&self, core: &Core) -> Result<(), ReplayError> {
        let (last, seed) = (self.journal.last(), core.projections.seed());
        let mut next = core.last() + 1;
        while next <= last {
            let chunk = decode_chunk(&*self.journal, &seed, next)?;
            for records in chunk.chunks(APPLIED_AT_ONCE) {
                let derived = evolve_all(&mut core.state.write(), records)?;
                apply(&core.projections, derived)?;
            }
            next += chunk.len() as u64;
        }
        if core.last() < last {
            core.published.send_replace(last);
            snapshots::take_if_due(core, last);
        }
        Ok(())
    }

    /// Says in the log why nothing is taken in, now and then; what is read here counts as old after a while.
    fn tell(&self, core: &Core, error: &ReplayError) {
        if self.heard.lock().elapsed() > FRESH_FOR {
            core.set_role(Role::Follows { leader: None, is_fresh: false });
        }
        let mut told = self.told.lock();
        if told.is_none_or(|told| told.elapsed() > SAID_EVERY) {
            tracing::warn!(%error, "what others record is not taken in; it is tried again");
            *told = Some(Instant::now());
        }
    }
}

/// Follows until this process leads, the ledger closes, or what is known here is not what the journal has.
pub fn run(core: &Core, follower: &Follower, closing: &watch::Receiver<bool>) {
    while !*closing.borrow() && core.check_running().is_ok() {
        let pause = match follower.step(core) {
            Ok(true) => return,
            Ok(false) => LOOKED_EVERY,
            // What may pass: the database is away, or is not set up to be led on.
            Err(error @ ReplayError::Journal(JournalError::Unreachable { .. } | JournalError::Unreplicated { .. })) => {
                follower.tell(core, &error);
                AFTER_ERROR
            }
            Err(error) => {
                let is_lost = matches!(&error, ReplayError::Journal(error) if error.is_lost_history());
                core.has_lost_history.store(is_lost, Ordering::Relaxed);
                core.set_role(Role::Follows { leader: None, is_fresh: false });
                return core.stop(&error.to_string());
            }
        };
        std::thread::sleep(pause);
    }
}

impl Ledger {
    /// Opens a ledger that several processes share: this one follows, and leads when nobody does, if it may. `snapshots` as for
    /// `open_with_snapshots`.
    ///
    /// # Errors
    /// As for `open`; why it may not lead.
    pub fn open_shared(
        journal: &Arc<dyn SharedJournal>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        snapshots: Option<SnapshotSettings>,
        may_lead: bool,
    ) -> Result<(Self, ReplayReport), ReplayError> {
        let follower = Follower::new(Arc::clone(journal), may_lead);
        Self::start(Arc::clone(journal) as Arc<dyn Journal>, clock, limits, snapshots, Some(follower))
    }
}
