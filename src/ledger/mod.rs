//! The ledger: the only writer of the journal, and the state that all questions are answered from.
//!
//! Two stages record: `writer` decides what is queued against the state, `committer` makes it durable, publishes the
//! position and answers. What is absent, on purpose: no answer rests on anything that is not durable, no reader sees
//! such a thing, and nothing is appended after a failed append.

mod append;
mod committer;
mod common;
mod duplicates;
mod errands;
mod error;
mod follow;
mod frozen;
mod measured;
mod memory;
mod permit;
mod pipeline;
mod preview;
mod queue;
mod reading;
mod replay;
mod replies;
mod role;
mod room;
mod savepoint;
mod settings;
mod snapshots;
mod stepped;
mod texts;
mod view;
mod writer;

pub use append::{Append, Events};
pub use error::{Error, EventPlace};
pub use frozen::FrozenView;
pub use measured::Measured;
pub use memory::{Account, Held, Memory, Registration, Stalling};
pub use permit::{Denied, Missing, Permit};
pub use preview::Previewed;
pub use queue::Ticket;
pub use replay::{ReplayError, ReplayReport};
pub use replies::Answered;
pub use role::Role;
pub use room::Cancellation;
pub use settings::{Limits, MAX_RECORDED_BYTES, SnapshotSettings};
pub use stepped::{Progress, SteppedLedger};
pub use texts::Texts;
pub use view::View;

use crate::clock::Clock;
use crate::domain::calendar::Time;
use crate::domain::ids::EventId;
use crate::domain::rejection::Rejection;
use crate::domain::{self, Seen};
use crate::journal::{Hash, Journal, JournalError, SharedTexts, StoredRecord, TreeHead};
use crate::projections::index::Index;
use crate::projections::metrics::Metrics;
use crate::proto;
use crate::wire::AppendResponse;
use common::Core;
use errands::Errands;
use follow::Follower;
use frozen::Views;
use parking_lot::{Mutex, RwLock};
use queue::{Job, Queue, Request};
use replies::ReplyBatcher;
use room::Room;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Records that are looked up at a time, one for each call.
const LOOKUPS_AT_ONCE: usize = 4;

/// A ledger whose threads are not started yet, the writer's queue, the snapshot thread's jobs, and the report of the replay.
type Prepared = (Ledger, Receiver<Job>, Option<Receiver<snapshots::Taken>>, ReplayReport);

/// A ledger that is open. Clones are handles of the same one.
#[derive(Clone)]
pub struct Ledger {
    core: Arc<Core>,
    queue: Arc<Queue>,
    closing: Arc<watch::Sender<bool>>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// The writer and the committer.
    recorders: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// What long reads have done for them at the usual priority.
    errands: Arc<Errands>,
    /// Sends the replies of a commit to one runtime together; without it each is sent by itself.
    batcher: Option<ReplyBatcher>,
}

impl Ledger {
    /// Opens the ledger of a journal: replays it and starts the writer.
    ///
    /// # Errors
    /// If the journal cannot be read, or holds what this release cannot replay; the position is named.
    pub fn open(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>, limits: Limits) -> Result<(Self, ReplayReport), ReplayError> {
        Self::start(journal, clock, limits, None, None)
    }

    /// Like `open`, but begins with the newest snapshot that is whole and of the journal's records, replays only what
    /// follows it, and takes further ones in the background. The journal stays the truth: without any snapshot it comes to
    /// the same.
    ///
    /// # Errors
    /// As for `open`; that a snapshot cannot be used is none, and is said in the report.
    pub fn open_with_snapshots(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        settings: SnapshotSettings,
    ) -> Result<(Self, ReplayReport), ReplayError> {
        Self::start(journal, clock, limits, Some(settings), None)
    }

    fn start(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        settings: Option<SnapshotSettings>,
        follower: Option<Follower>,
    ) -> Result<(Self, ReplayReport), ReplayError> {
        let (ledger, requests, taken, report) = Self::prepare(journal, clock, limits, settings, follower.as_ref().map(Follower::texts))?;
        if let Some(follower) = follower {
            ledger.core.set_role(Role::Follows { leader: None, is_fresh: true });
            if !follower.step(&ledger.core)? {
                let closing = ledger.closing();
                let following = start("follow", &ledger.core, move |core| follow::run(core, &follower, &closing))?;
                ledger.threads.lock().push(following);
            }
        }
        if let Some(taken) = taken {
            let snapshots = start("snapshots", &ledger.core, move |core| snapshots::run(core, &taken))?;
            ledger.threads.lock().push(snapshots);
        }
        let writer = start("writer", &ledger.core, move |core| writer::run(core, &requests))?;
        let committer = start("committer", &ledger.core, committer::run)?;
        let errand = ledger.errands.open();
        let errands = start("errands", &ledger.core, move |core| errands::run(core, &errand))?;
        ledger.threads.lock().push(errands);
        ledger.recorders.lock().extend([writer, committer]);
        Ok((ledger, report))
    }

    /// Replays the journal and makes the ledger, without starting its threads.
    fn prepare(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        settings: Option<SnapshotSettings>,
        texts: Option<Arc<dyn SharedTexts>>,
    ) -> Result<Prepared, ReplayError> {
        let (replayed, report) = replay::replay(&*journal, settings.as_ref())?;
        let (schedule, taken) = settings.map(|settings| snapshots::Schedule::new(settings, report.from)).unzip();
        let (queue, requests) = Queue::new(&limits);
        let core = Arc::new(Core {
            published: watch::Sender::new(replayed.state.position),
            stopped: watch::Sender::new(None),
            role: watch::Sender::new(Role::Leads),
            has_lost_history: AtomicBool::new(false),
            texts,
            pipeline: pipeline::Pipeline::default(),
            state: RwLock::new(replayed.state),
            batches: Mutex::default(),
            views: Views::default(),
            reads: Room::new(limits.reads_at_once, limits.reads_waiting, limits.retry_after).with_low_priority()?,
            lookups: Room::new(LOOKUPS_AT_ONCE, limits.reads_waiting, limits.retry_after),
            projections: replayed.projections,
            journal,
            clock,
            limits,
            snapshots: schedule,
            measures: measured::Measures::default(),
        });
        core.follow_journal();
        let closing = Arc::new(watch::Sender::new(false));
        Ok((
            Self {
                core,
                queue: Arc::new(queue),
                closing,
                threads: Arc::default(),
                recorders: Arc::default(),
                errands: Arc::default(),
                batcher: None,
            },
            requests,
            taken,
            report,
        ))
    }

    /// A handle for tasks of the present runtime: the replies of a commit are sent to it in one batch, which wakes its thread
    /// once.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[must_use]
    pub fn in_this_runtime(&self) -> Self {
        Self { batcher: Some(ReplyBatcher::start()), ..self.clone() }
    }

    /// Queues events to be recorded. Overload is refused here, before anything is decoded, and then malformed ones, all bad
    /// fields at once.
    ///
    /// # Errors
    /// `NotLeader`, `Overloaded`, `Undecodable`, `Malformed`, `Stopped`; all others come by the ticket.
    pub fn submit(&self, append: Append) -> Result<Ticket, Error> {
        self.core.check_leads()?;
        let room = self.queue.try_room(append.events.encoded())?;
        self.enqueue(append, room)
    }

    /// Like `submit`, but waits for room instead of refusing for overload: for streams, whose order must hold.
    ///
    /// # Errors
    /// `NotLeader`, `Undecodable`, `Malformed`, `Stopped`; all others come by the ticket.
    pub async fn submit_waiting(&self, append: Append) -> Result<Ticket, Error> {
        self.core.check_leads()?;
        let room = self.queue.room(append.events.encoded()).await?;
        self.enqueue(append, room)
    }

    /// Decodes and parses what there is room for, and queues it.
    fn enqueue(&self, append: Append, room: queue::Room) -> Result<Ticket, Error> {
        let Append { events, expected_last_position: expected_last, recorded_by, permit, deadline, account } = append;
        let (messages, encoded) = events.decoded()?;
        let events = domain::parse(&messages)?;
        drop(messages);
        permit::check_types(permit.as_deref(), events.iter())?;
        self.core.check_running()?;
        let request = |answer| Request { events, encoded, expected_last, recorded_by, permit, deadline, account, answer };
        self.queue.send(request, room, self.batcher.clone())
    }

    /// Records events: all of them, next to each other and in order, or none. Returns once they are durable.
    ///
    /// # Errors
    /// Why nothing was recorded; after `Stopped` and `DeadlineExceeded` it may have been.
    pub async fn append(&self, append: Append) -> Result<proto::AppendResponse, Error> {
        message_of(&self.append_encoded(append).await?.response)
    }

    /// Like `append`, but returns the results as bytes, and the room that they take in the memory of the caller's account.
    ///
    /// # Errors
    /// As for `append`.
    pub async fn append_encoded(&self, append: Append) -> Result<Answered, Error> {
        let deadline = append.deadline;
        let answer = self.submit(append)?.encoded();
        match deadline {
            None => answer.await,
            Some(deadline) => tokio::time::timeout_at(deadline.into(), answer).await.unwrap_or(Err(Error::DeadlineExceeded)),
        }
    }

    /// The last durable position.
    pub fn last(&self) -> u64 {
        self.core.last()
    }

    /// The present time, by the ledger's clock.
    pub fn now(&self) -> Time {
        self.core.clock.now()
    }

    /// Watches the last durable position.
    pub fn positions(&self) -> watch::Receiver<u64> {
        self.core.published.subscribe()
    }

    /// Watches whether recording has stopped for good; `Some` says why.
    pub fn stopped(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.core.stopped.subscribe()
    }

    /// Turns true when the ledger begins to close: long-running streams should end.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// The state as of a time and as known at a position; without options, now and at the last one (rules 1.4).
    ///
    /// # Errors
    /// `Malformed` for a bad time, `POSITION_NOT_REACHED` for a position beyond the last.
    pub fn view(&self, options: Option<&proto::ReadOptions>) -> Result<View<'_>, Error> {
        Ok(self.view_at(self.seen(options, self.now())?))
    }

    /// Resolves read options to a time and a position; `otherwise` is the time if they name none.
    ///
    /// # Errors
    /// As for `view`.
    pub fn seen(&self, options: Option<&proto::ReadOptions>, otherwise: Time) -> Result<Seen, Error> {
        view::resolve(&self.core, options, otherwise)
    }

    /// The state as of a time and a position that `seen` resolved.
    pub fn view_at(&self, seen: Seen) -> View<'_> {
        View::new(&self.core, seen)
    }

    /// Reads the index as it is now, which finds the records about a partner, an agreement or a lead: a copy of it (copy-on-write),
    /// so that nobody waits for the reader.
    pub fn index<R>(&self, ask: impl FnOnce(&Index) -> R) -> R {
        ask(&self.at_usual_priority(|core| core.projections.index().clone()))
    }

    /// Reads the index itself: for what takes microseconds, as the next commit is not published while it is read.
    pub fn index_now<R>(&self, ask: impl FnOnce(&Index) -> R) -> R {
        ask(&self.core.projections.index())
    }

    /// Reads the projection that metrics are counted from.
    pub fn metrics<R>(&self, ask: impl FnOnce(&Metrics) -> R) -> R {
        ask(&self.core.projections.metrics())
    }

    /// The record at a position.
    ///
    /// # Errors
    /// `POSITION_NOT_REACHED` beyond the last one, `Damaged` if it cannot be read.
    pub fn record(&self, position: u64) -> Result<proto::Record, Error> {
        let last = self.last();
        if position > last {
            return Err(Rejection::PositionNotReached { asked: position, last }.into());
        }
        duplicates::decode(position, &self.core.stored(position)?)
    }

    /// The record with an event id.
    ///
    /// # Errors
    /// `UnknownEvent` if there is none, `Damaged` if it cannot be read.
    pub fn record_of(&self, event_id: EventId) -> Result<proto::Record, Error> {
        let last = self.last();
        let earlier = duplicates::find_until(&self.core, event_id, last)?;
        self.record(earlier.ok_or(Error::UnknownEvent(event_id))?.position)
    }

    /// Records from a position on, up to the last durable one: at least one if there is any, else no more than
    /// `max_bytes` as stored.
    ///
    /// # Errors
    /// `Damaged` if they cannot be read.
    pub fn records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<proto::Record>, Error> {
        self.stored_records(from, max_records, max_bytes)?.iter().map(decode).collect()
    }

    /// Like `records`, as they are stored.
    ///
    /// # Errors
    /// As for `records`.
    pub fn stored_records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
        let last = self.last();
        let mut stored = self.core.journal.read(from, max_records, max_bytes)?;
        stored.truncate(stored.partition_point(|stored| stored.position <= last));
        Ok(stored)
    }

    /// Like `stored_records`, but up to what `tree_head` covers: that is durable, and may be published a moment later.
    ///
    /// # Errors
    /// `Damaged` if they cannot be read.
    pub fn durable_records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
        Ok(self.core.journal.read(from, max_records, max_bytes)?)
    }

    /// The head of the Merkle tree over all durable records.
    pub fn tree_head(&self) -> TreeHead {
        self.core.journal.tree_head()
    }

    /// Leaf hashes of durable records from a position on (1 or more): at most `max_records`, and at least one unless the position
    /// lies behind the last one.
    ///
    /// # Errors
    /// `Damaged` if they cannot be read.
    pub fn leaf_hashes(&self, from: u64, max_records: usize) -> Result<Vec<Hash>, Error> {
        Ok(self.core.journal.leaf_hashes(from, max_records)?)
    }

    /// Asks long-running streams to end. Appends are still taken until `close`.
    pub fn begin_closing(&self) {
        self.closing.send_replace(true);
    }

    /// Refuses further appends, commits those that are queued, and closes the journal. Blocks; idempotent.
    ///
    /// # Errors
    /// If the journal could not bring its store up to date; what was acknowledged is safe all the same.
    pub fn close(&self) -> Result<(), JournalError> {
        self.begin_closing();
        self.queue.close();
        self.errands.close();
        self.core.snapshots.iter().for_each(snapshots::Schedule::begin_closing);
        let is_first = !self.threads.lock().is_empty();
        for thread in self.recorders.lock().drain(..).chain(self.threads.lock().drain(..)) {
            // A panic was caught inside and has stopped the ledger already.
            let _ = thread.join();
        }
        if is_first {
            snapshots::save_at_close(&self.core);
        }
        self.core.journal.close()
    }
}

/// A response as a message.
fn message_of(response: &AppendResponse) -> Result<proto::AppendResponse, Error> {
    response.to_message().map_err(|error| Error::Internal(format!("an answer cannot be read: {error}")))
}

/// A stored record as a message.
///
/// # Errors
/// `Damaged` if it cannot be read.
pub fn decode(stored: &StoredRecord) -> Result<proto::Record, Error> {
    duplicates::decode(stored.position, &stored.bytes)
}

fn start(name: &'static str, core: &Arc<Core>, run: impl FnOnce(&Core) + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    let core = Arc::clone(core);
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&core))) {
            core.stop(&format!("a defect in the {name}: {}", panic_text(&*panic)));
            core.pipeline.close();
        }
    })
}

/// The message of a panic.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
