//! A ledger without threads, whose stages advance one step at a time: for deterministic simulations, where a seed decides
//! what happens next. It runs the same code as the threads.

use super::pipeline::Decided;
use super::queue::Job;
use super::{Append, Error, Ledger, ReplayError, ReplayReport, Ticket, committer, writer};
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};
use crate::ledger::Limits;
use crate::proto;
use parking_lot::Mutex;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::task::{Context, Poll, Waker};

/// The outcome of a step of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is queued, or what is decided finds no room in the commit that is being filled.
    Nothing,
    /// The next request was taken out of the queue and decided, but finds no room yet.
    Decided,
    /// The next request was taken out of the queue and, unless nobody waits for it, decided and handed over.
    Taken,
    /// What found no room before was handed over.
    HandedOver,
}

/// A ledger that does nothing by itself. The journal may take steps of it from within its `append`, as if they
/// happened on other threads during a sync; no step blocks.
pub struct SteppedLedger {
    ledger: Ledger,
    requests: Mutex<Receiver<Job>>,
    /// Decided, but the commit that is being filled has no room for it. The writer goes no further meanwhile.
    waiting: Mutex<Option<Decided>>,
    is_committing: AtomicBool,
}

impl SteppedLedger {
    /// Opens the ledger of a journal, by replaying it.
    ///
    /// # Errors
    /// As for `Ledger::open`.
    pub fn open(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>, limits: Limits) -> Result<(Self, ReplayReport), ReplayError> {
        let (ledger, requests, _, report) = Ledger::prepare(journal, clock, limits, None, None)?;
        let (requests, waiting) = (Mutex::new(requests), Mutex::new(None));
        Ok((Self { ledger, requests, waiting, is_committing: AtomicBool::new(false) }, report))
    }

    /// The ledger, for reads and `submit`. Its `append` would never return.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Queues events to be recorded.
    ///
    /// # Errors
    /// As for `Ledger::submit`.
    pub fn submit(&self, append: Append) -> Result<Ticket, Error> {
        self.ledger.submit(append)
    }

    /// Returns the reply of a ticket if it has come.
    pub fn answer(ticket: &mut Ticket) -> Option<Result<proto::AppendResponse, Error>> {
        match Pin::new(ticket).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    /// The writer takes a step: decides the next request, or hands over the one that had no room.
    pub fn decide_next(&self) -> Progress {
        let mut waiting = self.waiting.lock();
        if let Some(decided) = waiting.take() {
            return if self.hand_over(decided, &mut waiting) { Progress::HandedOver } else { Progress::Nothing };
        }
        let Ok(request) = self.requests.lock().try_recv() else {
            return Progress::Nothing;
        };
        let decided = writer::step(&self.ledger.core, request);
        let is_through = decided.is_none_or(|decided| self.hand_over(decided, &mut waiting));
        if is_through { Progress::Taken } else { Progress::Decided }
    }

    fn hand_over(&self, decided: Decided, waiting: &mut Option<Decided>) -> bool {
        let core = &self.ledger.core;
        let has_room = core.pipeline.has_room_for(&decided, &core.limits);
        if has_room {
            core.pipeline.add(decided, &core.limits);
        } else {
            *waiting = Some(decided);
        }
        has_room
    }

    /// The committer takes a step: commits all that is decided and answers it. False if there is nothing, or if it is
    /// asked from within a commit.
    pub fn commit_next(&self) -> bool {
        if self.is_committing.swap(true, Ordering::SeqCst) {
            return false;
        }
        let group = self.ledger.core.pipeline.try_take();
        let is_any = group.is_some();
        if let Some(group) = group {
            committer::step(&self.ledger.core, group);
        }
        self.is_committing.store(false, Ordering::SeqCst);
        is_any
    }

    /// Takes no more, decides and commits what was taken, and closes the journal.
    ///
    /// # Errors
    /// As for `Ledger::close`.
    pub fn close(&self) -> Result<(), JournalError> {
        self.ledger.begin_closing();
        self.ledger.queue.close();
        while self.decide_next() != Progress::Nothing || self.commit_next() {}
        self.ledger.core.journal.close()
    }
}
