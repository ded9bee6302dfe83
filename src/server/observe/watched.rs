//! What the listener shows: where the server stands, and all that has figures.

use super::Observers;
use super::balance::TrialBalance;
use super::calls::Calls;
use crate::feed::Feed;
use crate::feed::webhooks::Webhooks;
use crate::ledger::{Ledger, Role};
use crate::proofs::Proofs;
use crate::server::disk::Disk;
use crate::server::guard::Guard;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Where a server stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// The ledger is being opened: its records are replayed.
    #[default]
    Opening,
    /// It takes calls.
    Serving,
    /// It takes no more, and finishes those under way.
    Ending,
}

/// What there is to see of a server.
pub struct Watched {
    stage: Mutex<Stage>,
    ledger: OnceLock<(Ledger, Feed, Option<Webhooks>)>,
    proofs: OnceLock<Arc<Proofs>>,
    /// Who gets in, and how connections are encrypted.
    pub guard: Arc<Guard>,
    /// What calls are told to.
    pub observers: Arc<Observers>,
    /// The data directory's disk.
    pub disk: Arc<Disk>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Whether the trial balance is zero.
    pub balance: TrialBalance,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Watched").field("stage", &*self.stage.lock()).finish_non_exhaustive()
    }
}

impl Watched {
    /// A server that is about to open its ledger.
    pub fn new(guard: Arc<Guard>, observers: Arc<Observers>, disk: Arc<Disk>, data_dir: PathBuf) -> Self {
        let (stage, balance) = (Mutex::default(), TrialBalance::default());
        Self { stage, ledger: OnceLock::new(), proofs: OnceLock::new(), guard, observers, disk, data_dir, balance }
    }

    /// The ledger is open, and so are its feed and the endpoints that it delivers to.
    pub fn opened(&self, ledger: &Ledger, feed: &Feed, webhooks: Option<Webhooks>) {
        // It is opened once.
        let _ = self.ledger.set((ledger.clone(), feed.clone(), webhooks));
    }

    /// What is recorded is proved from now on.
    pub fn proves(&self, proofs: &Arc<Proofs>) {
        // It is opened once.
        let _ = self.proofs.set(Arc::clone(proofs));
    }

    /// What proves the records, once the ledger is open.
    pub fn proofs(&self) -> Option<&Arc<Proofs>> {
        self.proofs.get()
    }

    /// The server has come to a stage.
    pub fn reached(&self, stage: Stage) {
        *self.stage.lock() = stage;
    }

    /// The ledger, once it is open.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.ledger.get().map(|(ledger, _, _)| ledger)
    }

    /// The feed, once the ledger is open.
    pub fn feed(&self) -> Option<&Feed> {
        self.ledger.get().map(|(_, feed, _)| feed)
    }

    /// The endpoints that are delivered to, once the ledger is open.
    pub fn webhooks(&self) -> Option<&Webhooks> {
        self.ledger.get().and_then(|(_, _, webhooks)| webhooks.as_ref())
    }

    pub(super) fn calls(&self) -> &Calls {
        &self.observers.calls
    }

    /// Whether calls are taken, and recorded here or elsewhere.
    ///
    /// # Errors
    /// Why not.
    pub fn ready(&self) -> Result<(), String> {
        let stage = *self.stage.lock();
        match (stage, self.ledger()) {
            (Stage::Opening, _) | (_, None) => Err("the ledger is being opened: its records are replayed".to_owned()),
            (Stage::Ending, _) => Err("the server is ending".to_owned()),
            (Stage::Serving, Some(ledger)) => match &*ledger.stopped().borrow() {
                Some(why) => Err(format!("recording has stopped: {why}")),
                None if !self.observers.log.as_ref().is_none_or(|log| log.admits()) => {
                    Err("the access log is required and cannot be written".to_owned())
                }
                None if matches!(&*ledger.role().borrow(), Role::Follows { is_fresh: false, .. }) => {
                    Err("it has not been heard for a while what others record".to_owned())
                }
                None => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::feed::HEARTBEAT;
    use crate::journal::MemoryJournal;
    use crate::ledger::Limits;
    use crate::server::ServeConfig;
    use std::path::Path;

    #[test]
    fn a_server_is_ready_once_its_ledger_is_open_and_until_it_ends() {
        let guard = Arc::new(Guard::open(&ServeConfig::default()).expect("a guard"));
        let disk = Arc::new(Disk::of(Path::new("/")));
        let watched = Watched::new(guard, Arc::default(), disk, PathBuf::new());
        assert!(watched.ready().is_err_and(|why| why.contains("replayed")));
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::default()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        watched.opened(&ledger, &Feed::new(&ledger, HEARTBEAT), None);
        assert!(watched.ready().is_err(), "it does not listen yet");
        watched.reached(Stage::Serving);
        assert_eq!(watched.ready(), Ok(()));
        watched.reached(Stage::Ending);
        assert!(watched.ready().is_err_and(|why| why.contains("ending")));
        ledger.close().expect("closed");
    }
}
