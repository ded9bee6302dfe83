//! Whether this process records, or follows one that does.

use super::Ledger;
use super::common::Core;
use super::error::Error;
use crate::journal::{JournalError, TreeHead};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The longest that a question waits for a position that the leader has answered and a follower does not have yet.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Whether this process records, or follows one that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It records.
    Leads,
    /// It takes in what another process records.
    Follows {
        /// Where that process is reached, as far as it is known.
        leader: Option<Arc<str>>,
        /// Whether it has heard lately how far the other is.
        is_fresh: bool,
    },
}

impl Core {
    /// `NotLeader` if this process does not record.
    pub fn check_leads(&self) -> Result<(), Error> {
        match &*self.role.borrow() {
            Role::Leads => Ok(()),
            Role::Follows { leader, .. } => Err(Error::NotLeader { leader: leader.clone() }),
        }
    }

    /// Changes the role; those who watch it are woken if it is another one.
    pub fn set_role(&self, role: Role) {
        self.role.send_if_modified(|present| {
            let is_other = *present != role;
            *present = role;
            is_other
        });
    }
}

impl Ledger {
    /// Watches whether this process records, or follows one that does.
    pub fn role(&self) -> watch::Receiver<Role> {
        self.core.role.subscribe()
    }

    /// Whether this process records.
    pub fn leads(&self) -> bool {
        *self.core.role.borrow() == Role::Leads
    }

    /// `NotLeader` if this process does not record.
    ///
    /// # Errors
    /// That alone.
    pub fn check_leads(&self) -> Result<(), Error> {
        self.core.check_leads()
    }

    /// Notes that a head is signed as a checkpoint, where all processes see it that share the ledger. Only the one that leads may.
    ///
    /// # Errors
    /// `NotLeader`; `Stopped` if it cannot be noted, or if more, or something else, was signed before.
    pub fn note_signed(&self, head: TreeHead) -> Result<(), Error> {
        self.check_leads()?;
        Ok(self.core.journal.note_signed(head)?)
    }

    /// Whether recording has stopped because the database has lost or changed what this process has published.
    pub fn has_lost_history(&self) -> bool {
        self.core.has_lost_history.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Where this process follows: waits until it has a position, no longer than two seconds. So whoever has recorded there reads it
    /// here. Elsewhere it does not wait.
    pub async fn reach(&self, position: Option<u64>) {
        let Some(position) = position.filter(|position| *position > self.last()) else { return };
        if self.leads() {
            return;
        }
        let mut positions = self.positions();
        // Whether it was reached is found out by what asks for it.
        let _ = tokio::time::timeout(LONGEST_WAIT, positions.wait_for(|last| *last >= position)).await;
    }

    /// Refuses further appends, commits those that are queued, and lets another process lead, where several share the ledger. Reads go
    /// on. Blocks; idempotent.
    ///
    /// # Errors
    /// If the others cannot be told: they find out by themselves.
    pub fn resign(&self) -> Result<(), JournalError> {
        self.core.set_role(Role::Follows { leader: None, is_fresh: true });
        self.queue.close();
        for thread in self.recorders.lock().drain(..) {
            // A panic was caught inside and has stopped the ledger already.
            let _ = thread.join();
        }
        self.core.journal.resign()
    }
}
