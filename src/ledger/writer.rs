//! Stage 1: the only writer. Decides each request against the state and hands what it records to the committer.

use super::common::Core;
use super::duplicates::{Earlier, find_earlier};
use super::error::{Error, EventPlace};
use super::memory::{Account, Held};
use super::panic_text;
use super::permit::{Denied, Permit};
use super::pipeline::Decided;
use super::preview;
use super::queue::{Job, Request};
use super::replies::Answered;
use super::savepoint::Savepoint;
use super::snapshots;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::EventId;
use crate::domain::parse::Violation;
use crate::domain::rejection::Rejection;
use crate::domain::{Event, LAST_POSITION, Record, State};
use crate::journal::Batch;
use crate::projections::Update;
use crate::proto;
use crate::wire::{AppendResponse, EncodedEffects, ResponseWriter, write_record};
use bytes::Bytes;
use hashbrown::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// Bytes that most events add to their own, in the record and in the response: an estimate for the buffers' capacity.
const EFFECT_BYTES: usize = 384;
/// Bytes of a result beside its effects: the event's id, its position, its place in the response.
const RESULT_BYTES: usize = 96;

/// Decides requests until the queue is closed and empty.
pub fn run(core: &Core, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        if let Some(decided) = step(core, job) {
            let position = decided.after + decided.batch.len() as u64;
            core.pipeline.add(decided, &core.limits);
            snapshots::freeze_if_due(core, position);
        }
    }
    core.pipeline.close();
}

/// Does one job; `None` if there is nothing to commit: its caller has gone away, or it was a preview.
pub fn step(core: &Core, job: Job) -> Option<Decided> {
    let request = match job {
        Job::Record(request) => request,
        Job::Preview(preview) => {
            preview::decide(core, preview);
            return None;
        }
    };
    if request.answer.is_abandoned() {
        return None;
    }
    let Request { events, encoded, expected_last, recorded_by, permit, deadline, account, answer } = request;
    let mut attempt = Attempt::new(core, &recorded_by, &encoded, account.as_ref()).permitted(permit.as_deref());
    let outcome = core.check_running().and_then(|()| {
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(Error::DeadlineExceeded);
        }
        attempt.check_expected(expected_last, &events)?;
        attempt.decide_all(events)
    });
    Some(match outcome {
        Ok(()) => {
            let after = attempt.after;
            let (batch, updates, answered) = attempt.finish();
            Decided { after, batch, updates, answer, result: Ok(answered) }
        }
        Err(error) => Decided { after: attempt.after, batch: Batch::new(), updates: Vec::new(), answer, result: Err(error) },
    })
}

/// One request that is being decided.
pub struct Attempt<'a> {
    core: &'a Core,
    recorded_by: &'a str,
    /// What the submitter may record; `None` for anything.
    permit: Option<&'a dyn Permit>,
    encoded: &'a [Bytes],
    now: Time,
    /// The last position before this request.
    after: u64,
    batch: Batch,
    updates: Vec<Update>,
    response: ResponseWriter,
    /// Whose memory the response takes, and the room that it has there.
    account: Option<&'a Account>,
    room: Option<Held>,
    /// Bytes that each effect takes in the answer beside its own.
    effect_bytes: usize,
    /// The new event ids of this request, in order.
    new_ids: Vec<EventId>,
    /// Their indexes in the batch; empty for a single event, which cannot be a duplicate of another one in its request.
    places: HashMap<EventId, usize, foldhash::fast::RandomState>,
    effects: EncodedEffects,
}

impl<'a> Attempt<'a> {
    pub fn new(core: &'a Core, recorded_by: &'a str, encoded: &'a [Bytes], account: Option<&'a Account>) -> Self {
        let (after, last_recorded_at) = {
            let state = core.state.read();
            (state.position, state.recorded_at)
        };
        let count = encoded.len();
        let sent_bytes: usize = encoded.iter().map(Bytes::len).sum();
        Self {
            core,
            recorded_by,
            permit: None,
            encoded,
            // Time never goes back from one record to the next (rules 1.1).
            now: core.clock.now().max(last_recorded_at),
            after,
            batch: Batch::with_capacity(count, sent_bytes + count * EFFECT_BYTES),
            updates: Vec::with_capacity(count),
            response: ResponseWriter::with_capacity(count * EFFECT_BYTES),
            account,
            room: None,
            effect_bytes: 0,
            new_ids: Vec::with_capacity(count),
            places: HashMap::default(),
            effects: EncodedEffects::default(),
        }
    }

    /// Checks what the submitter may record.
    #[must_use]
    pub fn permitted(self, permit: Option<&'a dyn Permit>) -> Self {
        Self { permit, ..self }
    }

    /// Counts room for its results as messages, which take more than their bytes.
    #[must_use]
    pub fn for_messages(self) -> Self {
        Self { effect_bytes: size_of::<proto::Effect>(), ..self }
    }

    /// The expected position, unless all events are duplicates (rules 2.4).
    fn check_expected(&self, expected: Option<u64>, events: &[Event]) -> Result<(), Error> {
        let last = self.after;
        let Some(expected) = expected.filter(|expected| *expected != last) else {
            return Ok(());
        };
        for (event, encoded) in events.iter().zip(self.encoded) {
            let earlier = find_earlier(self.core, event.event_id)?;
            let is_duplicate = earlier.map_or(Ok(false), |earlier| earlier.is_same(encoded))?;
            if !is_duplicate {
                let rejection = if last > expected {
                    Rejection::PositionPassed { expected, last }
                } else {
                    Rejection::PositionNotReached { asked: expected, last }
                };
                return Err(rejection.into());
            }
        }
        Ok(())
    }

    /// Decides all events, or none: what a refused request has written is rolled back. A single event needs no savepoint,
    /// because nothing can be refused after it was written.
    fn decide_all(&mut self, events: Vec<Event>) -> Result<(), Error> {
        if events.len() == 1 {
            return events.into_iter().try_for_each(|event| self.decide_one(0, event));
        }
        let savepoint = Savepoint::open(self.core);
        let mut events = events.into_iter().enumerate();
        let outcome = events.try_for_each(|(index, event)| self.decide_one(index, event)).and_then(|()| self.check_size());
        match &outcome {
            // After a defect in evolving nothing more is written to the state, and reads go on.
            Ok(()) | Err(Error::Stopped(_)) => drop(savepoint),
            Err(_) => savepoint.rollback(),
        }
        outcome
    }

    /// Decides an event and writes its record; one that is refused writes nothing.
    pub fn decide_one(&mut self, index: usize, event: Event) -> Result<(), Error> {
        let event_id = event.event_id;
        // Also for what was recorded before: its answer has the effects.
        let named = self.check_permit(index, |permit, state| permit.check_named(&event, state))?;
        if let Some(earlier) = self.earlier(event_id)? {
            if !earlier.is_same(&self.encoded[index])? {
                let rejection = Rejection::EventIdReused { event_id, position: earlier.position };
                return Err(Error::rejected(rejection, index, self.encoded.len()));
            }
            let effects: Vec<Vec<u8>> = earlier.effects.iter().map(prost::Message::encode_to_vec).collect();
            self.take_room(effects.iter().map(|effect| effect.len() + self.effect_bytes).sum())?;
            self.response.add(earlier.position, event_id, true, effects.iter().map(Vec::as_slice));
            return Ok(());
        }
        let position = self.after + self.batch.len() as u64 + 1;
        if position > LAST_POSITION {
            return Err(Error::Full { limit: LAST_POSITION });
        }
        if let Some(Violation { field, description }) = event.too_large(self.encoded[index].len()) {
            return Err(Error::malformed(format!("events[{index}].{field}"), description));
        }
        let effects = self.effects_of(&event, index)?;
        if let Some(named) = &named {
            self.check_permit(index, |permit, state| permit.check_moved(&event, named, &effects, state))?;
        }
        self.write(position, index, &effects);
        self.take_room(self.effects.iter().map(|effect| effect.len() + self.effect_bytes).sum())?;
        if self.encoded.len() == 1 {
            self.check_size()?;
        } else {
            self.places.insert(event_id, self.batch.len() - 1);
        }
        self.evolve(&Record { position, recorded_at: self.now, event, effects })?;
        self.new_ids.push(event_id);
        self.response.add(position, event_id, false, self.effects.iter());
        Ok(())
    }

    /// Whether the submitter may record an event, as its permit says by the state; `None` without a permit.
    fn check_permit<T>(&self, index: usize, check: impl FnOnce(&dyn Permit, &State) -> Result<T, Denied>) -> Result<Option<T>, Error> {
        let Some(permit) = self.permit else { return Ok(None) };
        let checked = check(permit, &self.core.state.read()).map(Some);
        checked.map_err(|denied| Error::Denied { denied, event: EventPlace { index, of: self.encoded.len() } })
    }

    /// Writes a record: the bytes of its message, with the event as it was sent.
    fn write(&mut self, position: u64, index: usize, effects: &[Effect]) {
        self.effects.set(effects);
        let event = &self.encoded[index];
        self.batch.push_with(|out| write_record(out, position, self.now, self.recorded_by, event, &self.effects));
    }

    /// An earlier record with this event id, of this request or before it.
    fn earlier(&self, event_id: EventId) -> Result<Option<Earlier>, Error> {
        match self.places.get(&event_id).and_then(|place| Some((*place, self.batch.get(*place)?))) {
            Some((place, bytes)) => Earlier::of(self.after + place as u64 + 1, bytes),
            None => find_earlier(self.core, event_id),
        }
    }

    fn effects_of(&self, event: &Event, index: usize) -> Result<Vec<Effect>, Error> {
        let decided =
            catch_unwind(AssertUnwindSafe(|| self.core.state.read().decide(event, self.now, self.core.limits.future_tolerance_seconds)));
        decided
            .map_err(|panic| Error::Internal(format!("a defect in deciding event {}: {}", event.event_id, panic_text(&*panic))))?
            .map_err(|rejection| Error::rejected(rejection, index, self.encoded.len()))
    }

    fn evolve(&mut self, record: &Record) -> Result<(), Error> {
        let evolved = catch_unwind(AssertUnwindSafe(|| {
            let mut state = self.core.state.write();
            state.evolve(record);
            Update::of(record, &state)
        }));
        let update = evolved.map_err(|panic| {
            let why = format!("a defect in evolving a record: {}", panic_text(&*panic));
            self.core.stop(&why);
            Error::Stopped(why)
        })?;
        self.updates.push(update);
        Ok(())
    }

    /// Fails if there is more than one commit may hold.
    pub fn check_size(&self) -> Result<(), Error> {
        let (bytes, limit) = (self.batch.byte_len(), self.core.limits.request_recorded_bytes);
        if bytes > limit { Err(Error::TooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// Takes room for the next result of the response, before the record is evolved: an answer that its caller has no room
    /// for records nothing.
    pub fn take_room(&mut self, effects_bytes: usize) -> Result<(), Error> {
        let (Some(account), bytes) = (self.account, effects_bytes + RESULT_BYTES) else { return Ok(()) };
        if self.room.get_or_insert_with(|| account.take(0)).try_grow(bytes) {
            return Ok(());
        }
        Err(Error::Overloaded { retry_after: self.core.limits.retry_after })
    }

    /// The last position before the events, the response to those that were not refused, and its room.
    pub fn into_response(self) -> (u64, AppendResponse, Option<Held>) {
        let response = self.response.finish(self.after + self.batch.len() as u64);
        (self.after, response, self.room)
    }

    /// The request is accepted: from now on its event ids are known.
    fn finish(self) -> (Batch, Vec<Update>, Answered) {
        let projections = &self.core.projections;
        let seed = projections.seed();
        projections.accept(self.after, self.new_ids.iter().map(|event_id| seed.fingerprint(*event_id)));
        let response = self.response.finish(self.after + self.batch.len() as u64);
        let answered = Answered { response, held: self.room, after: self.after, recorded: self.batch.len() as u64 };
        (self.batch, self.updates, answered)
    }
}
