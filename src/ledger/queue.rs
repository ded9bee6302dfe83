//! The queue in front of the writer, bounded by the count of requests and by their bytes.

use super::error::Error;
use super::memory::Account;
use super::message_of;
use super::permit::Permit;
use super::preview::Preview;
use super::replies::{Outcome, Reply, ReplyBatcher};
use crate::domain::Event;
use crate::ledger::Limits;
use crate::proto;
use bytes::Bytes;
use parking_lot::Mutex;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Bytes are counted in units of this many, so that a semaphore's 32 bits suffice.
const BYTES_PER_PERMIT: usize = 64;

/// Bytes of memory for each byte of an event: as it was sent, as a message, which is gone once it is parsed, and parsed;
/// of terms also the message that answers show.
const COPIES: usize = 4;
/// Bytes of memory for each event beside its texts: a parsed event and its place in lists.
const EVENT_BYTES: usize = 512;

/// What is to be recorded together, already parsed.
pub struct Request {
    /// The events, checked, in order.
    pub events: Vec<Event>,
    /// The same as they were sent.
    pub encoded: Vec<Bytes>,
    /// The ledger's last position as the emitter knows it (rules 2.4).
    pub expected_last: Option<u64>,
    /// Who submitted it.
    pub recorded_by: Arc<str>,
    /// What the submitter may record; `None` for anything.
    pub permit: Option<Arc<dyn Permit>>,
    /// When the caller no longer waits.
    pub deadline: Option<Instant>,
    /// Whose memory the answer takes.
    pub account: Option<Account>,
    /// Where the reply goes.
    pub answer: Answer,
}

/// What the writer is asked to do.
pub enum Job {
    /// To record.
    Record(Request),
    /// To say what would become of events.
    Preview(Preview),
}

/// Where the reply goes, and the room in the queue that the request takes until then.
pub struct Answer {
    reply: Reply,
    batcher: Option<ReplyBatcher>,
    room: Room,
}

impl Answer {
    /// Frees the room and returns where the reply goes.
    pub fn give_room_free(self) -> (Reply, Option<ReplyBatcher>) {
        drop(self.room);
        (self.reply, self.batcher)
    }

    /// Whether the caller has gone away.
    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// Room in the queue for one request.
pub struct Room {
    _request: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

/// A pending reply: it comes once everything it rests on is durable.
pub struct Ticket(oneshot::Receiver<Outcome>);

impl Ticket {
    /// Waits for the reply as bytes.
    ///
    /// # Errors
    /// Why nothing was recorded; after `Stopped` it may have been.
    pub async fn encoded(self) -> Outcome {
        self.0.await.unwrap_or_else(|_| Err(abandoned()))
    }

    /// Waits on a thread of its own; not to be called from async code.
    pub fn wait(self) -> Result<proto::AppendResponse, Error> {
        message_of(&self.0.blocking_recv().unwrap_or_else(|_| Err(abandoned()))?.response)
    }
}

impl Future for Ticket {
    type Output = Result<proto::AppendResponse, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.0).poll(context);
        answer.map(|answer| message_of(&answer.unwrap_or_else(|_| Err(abandoned()))?.response))
    }
}

fn abandoned() -> Error {
    Error::Stopped("the writer went away without an answer".to_owned())
}

/// The queue's sending end.
pub struct Queue {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    byte_permits: usize,
    most_requests: usize,
    retry_after: Duration,
    sender: Mutex<Option<Sender<Job>>>,
}

impl Queue {
    /// Returns a queue and its receiving end.
    pub fn new(limits: &Limits) -> (Self, Receiver<Job>) {
        let byte_permits = (limits.queue_bytes / BYTES_PER_PERMIT).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let most_requests = limits.queue_requests.clamp(1, Semaphore::MAX_PERMITS);
        let (sender, receiver) = channel();
        let queue = Self {
            requests: Arc::new(Semaphore::new(most_requests)),
            most_requests,
            bytes: Arc::new(Semaphore::new(byte_permits)),
            byte_permits,
            retry_after: limits.retry_after,
            sender: Mutex::new(Some(sender)),
        };
        (queue, receiver)
    }

    /// How many requests are queued, decided or being synced.
    pub fn len(&self) -> usize {
        self.most_requests.saturating_sub(self.requests.available_permits())
    }

    /// How many there may be.
    pub fn capacity(&self) -> usize {
        self.most_requests
    }

    /// Takes room for these events, or fails with `Overloaded`.
    pub fn try_room(&self, events: &[Bytes]) -> Result<Room, Error> {
        let full = |_| Error::Overloaded { retry_after: self.retry_after };
        let request = Arc::clone(&self.requests).try_acquire_owned().map_err(full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(self.permits_for(events)).map_err(full)?;
        Ok(Room { _request: request, _bytes: bytes })
    }

    /// Waits for room for these events, first come, first served.
    pub async fn room(&self, events: &[Bytes]) -> Result<Room, Error> {
        let closed = |_| Error::Internal("the queue's semaphores are never closed".to_owned());
        let request = Arc::clone(&self.requests).acquire_owned().await.map_err(closed)?;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(self.permits_for(events)).await.map_err(closed)?;
        Ok(Room { _request: request, _bytes: bytes })
    }

    /// Permits that a request takes, for its bytes and what they become when they are parsed; never more than there are, so
    /// that the largest request gets in alone.
    fn permits_for(&self, events: &[Bytes]) -> u32 {
        let bytes: usize = events.iter().map(|event| COPIES * event.len() + EVENT_BYTES).sum();
        u32::try_from((bytes / BYTES_PER_PERMIT).clamp(1, self.byte_permits)).unwrap_or(u32::MAX)
    }

    /// Queues a request and returns the ticket of its reply, which is sent through the batcher if there is one.
    pub fn send(&self, request: impl FnOnce(Answer) -> Request, room: Room, batcher: Option<ReplyBatcher>) -> Result<Ticket, Error> {
        let (reply, ticket) = oneshot::channel();
        self.put(Job::Record(request(Answer { reply, batcher, room })))?;
        Ok(Ticket(ticket))
    }

    /// Queues a preview.
    pub fn send_preview(&self, preview: Preview) -> Result<(), Error> {
        self.put(Job::Preview(preview))
    }

    fn put(&self, job: Job) -> Result<(), Error> {
        let sender = self.sender.lock();
        let sender = sender.as_ref().ok_or_else(|| Error::Stopped("the ledger is closing".to_owned()))?;
        sender.send(job).map_err(|_| abandoned())
    }

    /// Refuses further requests. What is queued is still decided.
    pub fn close(&self) {
        *self.sender.lock() = None;
    }
}
