//! The data that the ledger's threads and its readers share.

use super::error::Error;
use super::frozen::Views;
use super::measured::Measures;
use super::pipeline::Pipeline;
use super::role::Role;
use super::room::Room;
use super::snapshots::Schedule;
use crate::clock::Clock;
use crate::domain::State;
use crate::journal::{Journal, SharedTexts};
use crate::ledger::Limits;
use crate::projections::Projections;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::watch;

/// The data that the ledger's threads and its readers share.
pub struct Core {
    /// The state, with records that are not durable yet: every reader sees up to the published position only.
    pub state: RwLock<State>,
    /// Held by the writer while a request of several events is evolved, which may be taken back: nobody shares the state meanwhile.
    pub batches: Mutex<()>,
    /// The frozen view that long reads share.
    pub views: Views,
    /// Where long reads wait and work.
    pub reads: Room,
    /// Where records are looked up one by one.
    pub lookups: Room,
    /// Event ids, with those not durable yet; index and metrics of durable records.
    pub projections: Projections,
    /// Where records go and come from.
    pub journal: Arc<dyn Journal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The limits on requests and commits.
    pub limits: Limits,
    /// The slots between writer and committer.
    pub pipeline: Pipeline,
    /// When snapshots are taken; `None` if they are not.
    pub snapshots: Option<Schedule>,
    /// What its threads measure of their work.
    pub measures: Measures,
    /// The last durable position.
    pub published: watch::Sender<u64>,
    /// Whether this process records, or follows one that does.
    pub role: watch::Sender<Role>,
    /// Whether recording stopped because the journal has lost or changed what this process has published.
    pub has_lost_history: AtomicBool,
    /// What is kept beside the records, where several processes share them.
    pub texts: Option<Arc<dyn SharedTexts>>,
    /// Why recording stopped for good, once it has.
    pub stopped: watch::Sender<Option<Arc<str>>>,
}

impl Core {
    /// The last durable position.
    pub fn last(&self) -> u64 {
        *self.published.borrow()
    }

    /// Stops recording for good; reads go on at the published position. The first reason stays.
    pub fn stop(&self, why: &str) {
        stop(&self.stopped, why);
    }

    /// Stops recording as soon as the journal reports that it has stopped, not only at the next append.
    pub fn follow_journal(&self) {
        // Only the sender is captured: a journal that held the core would hold itself in a cycle.
        let stopped = self.stopped.clone();
        self.journal.on_stop(Box::new(move |why| stop(&stopped, why)));
    }

    /// An error if recording has stopped.
    pub fn check_running(&self) -> Result<(), Error> {
        match &*self.stopped.borrow() {
            None => Ok(()),
            Some(why) => Err(Error::Stopped(why.to_string())),
        }
    }

    /// The stored bytes of a record that is known to exist, durable or not.
    pub fn stored(&self, position: u64) -> Result<Vec<u8>, Error> {
        if let Some(bytes) = self.pipeline.record_at(position) {
            return Ok(bytes);
        }
        let record = self.journal.read(position, 1, usize::MAX)?.into_iter().next().filter(|record| record.position == position);
        record.map(|record| record.bytes).ok_or_else(|| Error::Damaged(format!("the journal does not have record {position}")))
    }
}

fn stop(stopped: &watch::Sender<Option<Arc<str>>>, why: &str) {
    stopped.send_if_modified(|stopped| {
        let is_first = stopped.is_none();
        if is_first {
            tracing::error!(why, "the ledger stops recording; restart it to go on from what is durable");
            *stopped = Some(why.into());
        }
        is_first
    });
}
