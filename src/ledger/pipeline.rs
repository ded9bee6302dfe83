//! Group commit: the pipeline slots between writer and committer, one commit being filled while the one before it is synced.
//!
//! The writer adds each decided request; the committer takes the whole group whenever it is free. So commits grow with
//! the load, a lone request waits for nobody, and the next commit is decided while this one syncs.

use super::queue::Answer;
use super::replies::Outcome;
use crate::domain::State;
use crate::journal::Batch;
use crate::ledger::Limits;
use crate::projections::Update;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;

/// A decided request: its records, and the reply that is sent once they are durable.
pub struct Decided {
    /// The position before its first record.
    pub after: u64,
    /// Its new records, in order.
    pub batch: Batch,
    /// What each of them adds to the projections.
    pub updates: Vec<Update>,
    /// Where the reply goes.
    pub answer: Answer,
    /// The reply.
    pub result: Outcome,
}

/// One group commit: the records of several requests, and the replies that wait for them.
#[derive(Default)]
pub struct Group {
    /// The position before its first record.
    pub after: u64,
    /// The records' bytes.
    pub batch: Arc<Batch>,
    /// What each record adds to the projections.
    pub updates: Vec<Update>,
    /// The replies, in the order of their requests.
    pub answers: Vec<(Answer, Outcome)>,
    /// The state after its last record, if a snapshot is to be taken there: the group is full then.
    pub snapshot: Option<State>,
}

impl Group {
    fn is_idle(&self) -> bool {
        self.answers.is_empty() && self.snapshot.is_none()
    }

    fn has_room_for(&self, decided: &Decided, limits: &Limits) -> bool {
        if self.snapshot.is_some() {
            return false;
        }
        self.batch.is_empty()
            || (self.batch.len() + decided.batch.len() <= limits.commit_records
                && self.batch.byte_len() + decided.batch.byte_len() <= limits.commit_bytes)
    }

    fn add(&mut self, decided: Decided) {
        let batch = Arc::get_mut(&mut self.batch).expect("nobody else holds the commit while it is being filled");
        let Decided { after, batch: records, updates, answer, result } = decided;
        if batch.is_empty() {
            self.after = after;
            *batch = records;
            self.updates = updates;
        } else {
            batch.append(&records);
            self.updates.extend(updates);
        }
        self.answers.push((answer, result));
    }
}

fn record_at(batch: &Batch, after: u64, position: u64) -> Option<&[u8]> {
    let index = position.checked_sub(after + 1)?;
    batch.get(usize::try_from(index).ok()?)
}

/// Two slots between writer and committer; the writer blocks while the first is full.
#[derive(Default)]
pub struct Pipeline {
    slots: Mutex<Slots>,
    changed: Condvar,
}

#[derive(Default)]
struct Slots {
    filling: Group,
    /// The group that is being synced, with the position before it: its records may not be readable from the journal yet.
    syncing: Option<(u64, Arc<Batch>)>,
    is_closed: bool,
}

impl Pipeline {
    /// Adds a decided request to the commit that is being filled; waits while that is full.
    pub fn add(&self, decided: Decided, limits: &Limits) {
        let mut slots = self.slots.lock();
        while !slots.filling.has_room_for(&decided, limits) && !slots.is_closed {
            self.changed.wait(&mut slots);
        }
        slots.filling.add(decided);
        self.changed.notify_all();
    }

    /// Seals the group that is being filled, for a snapshot of the state after its last record.
    pub fn seal(&self, state: State) {
        self.slots.lock().filling.snapshot = Some(state);
        self.changed.notify_all();
    }

    /// Takes the next group; blocks until there is one. Returns `None` once closed and empty.
    pub fn take(&self) -> Option<Group> {
        let mut slots = self.slots.lock();
        while slots.filling.is_idle() {
            if slots.is_closed {
                return None;
            }
            self.changed.wait(&mut slots);
        }
        Some(self.hand_out(&mut slots))
    }

    /// Takes the next group if there is one.
    pub fn try_take(&self) -> Option<Group> {
        let mut slots = self.slots.lock();
        (!slots.filling.is_idle()).then(|| self.hand_out(&mut slots))
    }

    fn hand_out(&self, slots: &mut Slots) -> Group {
        let group = std::mem::take(&mut slots.filling);
        slots.syncing = Some((group.after, Arc::clone(&group.batch)));
        self.changed.notify_all();
        group
    }

    /// Whether a decided request could be added without waiting.
    pub fn has_room_for(&self, decided: &Decided, limits: &Limits) -> bool {
        self.slots.lock().filling.has_room_for(decided, limits)
    }

    /// The taken group is durable or has failed: its records are no longer read from here.
    pub fn done(&self) {
        self.slots.lock().syncing = None;
    }

    /// Ends the pipeline: nothing is added any more, and `take` returns `None` once it is empty.
    pub fn close(&self) {
        self.slots.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The stored bytes of a record that may not have reached the journal yet.
    pub fn record_at(&self, position: u64) -> Option<Vec<u8>> {
        let slots = self.slots.lock();
        let syncing = slots.syncing.as_ref().and_then(|(after, batch)| record_at(batch, *after, position));
        syncing.or_else(|| record_at(&slots.filling.batch, slots.filling.after, position)).map(<[u8]>::to_vec)
    }
}
