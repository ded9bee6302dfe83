//! Previews: what would become of events, decided by the writer on the state of the moment, and taken back.

use super::common::Core;
use super::error::{Error, EventPlace};
use super::memory::{Account, Held};
use super::message_of;
use super::permit::{self, Permit};
use super::queue::Room;
use super::savepoint::Savepoint;
use super::writer::Attempt;
use super::{Append, Ledger};
use crate::domain::{self, Event};
use crate::proto;
use crate::wire::AppendResponse;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// How often it is looked whether somebody still waits: after so many events.
const LOOK_AFTER: usize = 64;
/// Bytes of a violation beside its texts.
const VIOLATION_BYTES: usize = 64;

/// What would become of events, each sent by itself.
#[derive(Debug)]
pub struct Previewed {
    /// The outcome of each, in order.
    pub outcomes: Vec<Result<proto::AppendResult, Error>>,
    /// The last position that it rests on.
    pub position: u64,
    /// The room of the outcomes, given back when this is dropped; `None` if nobody counts it.
    pub held: Option<Held>,
}

/// What the writer has found: the results as bytes, which become messages on the caller's thread.
pub struct Found {
    /// Why each event was refused; `None` for one that has a result.
    refusals: Vec<Option<Error>>,
    results: AppendResponse,
    /// The last position that it rests on.
    pub position: u64,
    held: Option<Held>,
}

impl Found {
    /// The outcomes as messages.
    pub fn into_messages(self) -> Result<Previewed, Error> {
        let Self { refusals, results, position, held } = self;
        let mut results = message_of(&results)?.results.into_iter();
        let outcome = |refusal: Option<Error>| match refusal {
            Some(refusal) => Ok(Err(refusal)),
            None => results.next().map(Ok).ok_or_else(|| Error::Internal("an event has no result".to_owned())),
        };
        Ok(Previewed { outcomes: refusals.into_iter().map(outcome).collect::<Result<_, _>>()?, position, held })
    }
}

/// A preview that waits for the writer.
pub struct Preview {
    /// The events in order, checked or malformed.
    pub events: Vec<Result<Event, Error>>,
    /// The same as they were sent.
    pub encoded: Vec<Bytes>,
    /// What the caller may record; `None` for anything.
    pub permit: Option<Arc<dyn Permit>>,
    /// When the caller no longer waits.
    pub deadline: Option<Instant>,
    /// Whose memory the answer takes.
    pub account: Option<Account>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Found, Error>>,
    /// What it takes of the queue.
    pub room: Room,
}

impl Ledger {
    /// Says what would become of events if each were sent by itself, in order: a later one sees those before it that are not
    /// refused. Nothing is recorded. It waits its turn among what is to be recorded, and until what it rests on is durable. The
    /// answer takes room in the memory of an account, if one is named. No position is expected, and nobody records.
    ///
    /// # Errors
    /// As for `append`, of the request as a whole; what is wrong with an event is its outcome.
    pub async fn preview(&self, append: Append) -> Result<Previewed, Error> {
        let Append { events, permit, deadline, account, .. } = append;
        self.core.check_leads()?;
        self.core.check_running()?;
        let room = self.queue.try_room(events.encoded())?;
        let (messages, encoded) = events.decoded()?;
        let mut parsed = parse(&messages)?;
        drop(messages);
        for event in &mut parsed {
            let checked = event.iter().try_for_each(|event| permit::check_types(permit.as_deref(), std::iter::once(event)));
            checked.unwrap_or_else(|denied| *event = Err(denied));
        }
        let (reply, answer) = oneshot::channel();
        self.queue.send_preview(Preview { events: parsed, encoded, permit, deadline, account, reply, room })?;
        let durable = async {
            let found = answer.await.unwrap_or_else(|_| Err(Error::Stopped("the writer went away without an answer".to_owned())))?;
            let (mut positions, mut stopped) = (self.positions(), self.stopped());
            tokio::select! {
                _ = positions.wait_for(|position| *position >= found.position) => found.into_messages(),
                _ = stopped.wait_for(Option::is_some) => Err(self.core.check_running().err().unwrap_or(Error::DeadlineExceeded)),
            }
        };
        match deadline {
            None => durable.await,
            Some(deadline) => tokio::time::timeout_at(deadline.into(), durable).await.unwrap_or(Err(Error::DeadlineExceeded)),
        }
    }
}

/// Checks each event by itself. Fields are named by the event's place among all.
fn parse(messages: &[proto::Event]) -> Result<Vec<Result<Event, Error>>, Error> {
    // As many as an append may have.
    if messages.is_empty() || messages.len() > domain::MAX_EVENTS {
        domain::parse(messages)?;
    }
    let alone = |(index, message): (usize, &proto::Event)| match domain::parse(std::slice::from_ref(message)) {
        Ok(parsed) => parsed.into_iter().next().ok_or_else(|| Error::Internal("an event was parsed to none".to_owned())),
        Err(mut violations) => {
            for violation in &mut violations {
                if let Some(rest) = violation.field.strip_prefix("events[0]") {
                    violation.field = format!("events[{index}]{rest}");
                }
            }
            Err(Error::Malformed(violations))
        }
    };
    Ok(messages.iter().enumerate().map(alone).collect())
}

/// Decides a preview: what it has written to the state is taken back before anything else is decided. No event id is taken.
pub fn decide(core: &Core, preview: Preview) {
    let Preview { events, encoded, permit, deadline, account, reply, room } = preview;
    if reply.is_closed() {
        return;
    }
    let outcome = core.check_running().and_then(|()| {
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(Error::DeadlineExceeded);
        }
        outcomes(core, events, &encoded, permit.as_deref(), account.as_ref(), &reply)
    });
    drop(room);
    // Nobody may wait any more.
    let _ = reply.send(outcome);
}

fn outcomes<T>(
    core: &Core,
    events: Vec<Result<Event, Error>>,
    encoded: &[Bytes],
    permit: Option<&dyn Permit>,
    account: Option<&Account>,
    reply: &oneshot::Sender<T>,
) -> Result<Found, Error> {
    let mut attempt = Attempt::new(core, "preview", encoded, account).permitted(permit).for_messages();
    let savepoint = Savepoint::open(core);
    let refusals = refusals(&mut attempt, events, reply);
    // After a defect in evolving nothing more is written to the state, and reads go on.
    match &refusals {
        Err(Error::Stopped(_)) => drop(savepoint),
        _ => savepoint.rollback(),
    }
    let refusals = refusals?;
    let (position, results, held) = attempt.into_response();
    Ok(Found { refusals, results, position, held })
}

/// Decides the events one after the other: a refused one writes nothing, and does not stop those after it. Returns why each was
/// refused; an error if none of it can be answered.
fn refusals<T>(attempt: &mut Attempt, events: Vec<Result<Event, Error>>, reply: &oneshot::Sender<T>) -> Result<Vec<Option<Error>>, Error> {
    let mut refusals = Vec::with_capacity(events.len());
    for (index, event) in events.into_iter().enumerate() {
        if index.is_multiple_of(LOOK_AFTER) && reply.is_closed() {
            return Err(Error::DeadlineExceeded);
        }
        let refusal = match event.and_then(|event| attempt.decide_one(index, event)) {
            Ok(()) => None,
            Err(Error::Rejected { rejection, .. }) => Some(Error::Rejected { rejection, event: Some(EventPlace { index: 0, of: 1 }) }),
            Err(Error::Denied { denied, .. }) => Some(Error::Denied { denied, event: EventPlace { index: 0, of: 1 } }),
            Err(refusal @ Error::Malformed(_)) => Some(refusal),
            Err(error) => return Err(error),
        };
        refusal.iter().try_for_each(|refusal| attempt.take_room(bytes_of(refusal)))?;
        refusals.push(refusal);
        attempt.check_size()?;
    }
    Ok(refusals)
}

/// About how many bytes an answer has of a refusal: its sentence, and the same in parts.
fn bytes_of(refusal: &Error) -> usize {
    match refusal {
        Error::Malformed(violations) => {
            violations.iter().map(|violation| violation.field.len() + violation.description.len() + VIOLATION_BYTES).sum()
        }
        other => 2 * other.to_string().len(),
    }
}
