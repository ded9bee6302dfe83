//! Between the two stages: the commit that is being filled while the one before it is being synced.
//!
//! The writer adds each decided request; the committer takes all there is whenever it is free. So commits grow with
//! the load, a lone request waits for nobody, and the next commit is decided while this one syncs.

use super::courier::Outcome;
use super::queue::Answer;
use crate::domain::{FrozenState, Subjects};
use crate::journal::Batch;
use crate::ledger::Limits;
use crate::projections::metrics::Update;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;

/// What a record tells the projections beside the state, once it is durable.
pub struct Told {
    /// What it is about.
    pub subjects: Subjects,
    /// What figures count of it.
    pub updates: Vec<Update>,
}

/// A decided request: what it records, and what it is answered once that is durable.
pub struct Decided {
    /// The position before its first record.
    pub after: u64,
    /// Its new records, in order.
    pub batch: Batch,
    /// What each of them tells.
    pub told: Vec<Told>,
    /// Where the answer goes.
    pub answer: Answer,
    /// The answer.
    pub result: Outcome,
}

/// One commit: records and the answers that wait for them.
#[derive(Default)]
pub struct Group {
    /// The position before its first record.
    pub after: u64,
    /// The records' bytes.
    pub batch: Arc<Batch>,
    /// What each record tells.
    pub told: Vec<Told>,
    /// Who waits for it, and for what.
    pub answers: Vec<(Answer, Outcome)>,
    /// The state after its last record, if a snapshot is to be taken there: nothing is added after it.
    pub cut: Option<FrozenState>,
}

impl Group {
    fn is_idle(&self) -> bool {
        self.answers.is_empty() && self.cut.is_none()
    }

    fn has_room_for(&self, decided: &Decided, limits: &Limits) -> bool {
        if self.cut.is_some() {
            return false;
        }
        self.batch.is_empty()
            || (self.batch.len() + decided.batch.len() <= limits.commit_records
                && self.batch.byte_len() + decided.batch.byte_len() <= limits.commit_bytes)
    }

    fn add(&mut self, decided: Decided) {
        let batch = Arc::get_mut(&mut self.batch).expect("nobody else holds the commit while it is being filled");
        let Decided { after, batch: records, told, answer, result } = decided;
        if batch.is_empty() {
            self.after = after;
            *batch = records;
            self.told = told;
        } else {
            batch.append(&records);
            self.told.extend(told);
        }
        self.answers.push((answer, result));
    }
}

fn record_at(batch: &Batch, after: u64, position: u64) -> Option<&[u8]> {
    let index = position.checked_sub(after + 1)?;
    batch.get(usize::try_from(index).ok()?)
}

/// Where the two stages meet.
#[derive(Default)]
pub struct Handover {
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    filling: Group,
    /// The commit that is being synced, with the position before it: its records are not in the journal yet.
    syncing: Option<(u64, Arc<Batch>)>,
    is_closed: bool,
}

impl Handover {
    /// Adds a decided request to the commit that is being filled; waits while that is full.
    pub fn add(&self, decided: Decided, limits: &Limits) {
        let mut desk = self.desk.lock();
        while !desk.filling.has_room_for(&decided, limits) && !desk.is_closed {
            self.changed.wait(&mut desk);
        }
        desk.filling.add(decided);
        self.changed.notify_all();
    }

    /// Closes the commit that is being filled, with the state after its last record.
    pub fn cut(&self, state: FrozenState) {
        self.desk.lock().filling.cut = Some(state);
        self.changed.notify_all();
    }

    /// Takes the next commit; waits until there is one. `None` once closed and empty.
    pub fn take(&self) -> Option<Group> {
        let mut desk = self.desk.lock();
        while desk.filling.is_idle() {
            if desk.is_closed {
                return None;
            }
            self.changed.wait(&mut desk);
        }
        Some(self.hand_out(&mut desk))
    }

    /// Takes the next commit if there is one.
    pub fn try_take(&self) -> Option<Group> {
        let mut desk = self.desk.lock();
        (!desk.filling.is_idle()).then(|| self.hand_out(&mut desk))
    }

    fn hand_out(&self, desk: &mut Desk) -> Group {
        let group = std::mem::take(&mut desk.filling);
        desk.syncing = Some((group.after, Arc::clone(&group.batch)));
        self.changed.notify_all();
        group
    }

    /// Whether a decided request could be added without waiting.
    pub fn has_room_for(&self, decided: &Decided, limits: &Limits) -> bool {
        self.desk.lock().filling.has_room_for(decided, limits)
    }

    /// The taken commit is durable, or lost.
    pub fn done(&self) {
        self.desk.lock().syncing = None;
    }

    /// No request will be added any more.
    pub fn close(&self) {
        self.desk.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The stored bytes of a record that may not have reached the journal yet.
    pub fn record_at(&self, position: u64) -> Option<Vec<u8>> {
        let desk = self.desk.lock();
        let syncing = desk.syncing.as_ref().and_then(|(after, batch)| record_at(batch, *after, position));
        syncing.or_else(|| record_at(&desk.filling.batch, desk.filling.after, position)).map(<[u8]>::to_vec)
    }
}
