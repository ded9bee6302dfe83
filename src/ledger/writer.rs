//! Stage 1: the only writer. Decides each request against the state and hands what it records to the committer.

use super::common::Core;
use super::duplicates::{Earlier, find_earlier};
use super::error::Error;
use super::group::{Decided, Told};
use super::panic_text;
use super::queue::{Answer, Request};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::EventId;
use crate::domain::parse::timestamp;
use crate::domain::rejection::Rejection;
use crate::domain::{Event, Record};
use crate::proto;
use crate::views::metrics;
use prost::Message as _;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// Decides requests until the queue is closed and empty.
pub fn run(core: &Core, requests: &Receiver<Request>) {
    while let Ok(request) = requests.recv() {
        if let Some(decided) = step(core, request) {
            core.handover.add(decided, &core.limits);
        }
    }
    core.handover.close();
}

/// Decides one request; `None` if nobody waits for it any more.
pub fn step(core: &Core, request: Request) -> Option<Decided> {
    if request.answer.is_abandoned() {
        return None;
    }
    let (records, result, answer) = decide(core, request);
    let byte_len = records.iter().map(|(record, _)| record.encoded_len()).sum();
    Some(Decided { records, byte_len, answer, result })
}

type NewRecords = Vec<(proto::Record, Told)>;

fn decide(core: &Core, request: Request) -> (NewRecords, Result<proto::AppendResponse, Error>, Answer) {
    let Request { messages, events, expected_last, recorded_by, deadline, answer } = request;
    let mut attempt = Attempt::new(core, &recorded_by, events.len());
    let outcome = core.check_running().and_then(|()| {
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(Error::DeadlineExceeded);
        }
        attempt.check_expected(expected_last, &messages, &events)?;
        attempt.decide_all(messages, events)
    });
    match outcome {
        Ok(()) => {
            let (records, response) = attempt.finish();
            (records, Ok(response), answer)
        }
        Err(error) => (Vec::new(), Err(error), answer),
    }
}

/// One request on its way.
struct Attempt<'a> {
    core: &'a Core,
    recorded_by: &'a str,
    now: Time,
    count: usize,
    records: NewRecords,
    results: Vec<proto::AppendResult>,
    /// Where in `records` the event ids of this request are.
    ids: HashMap<EventId, usize>,
}

impl<'a> Attempt<'a> {
    fn new(core: &'a Core, recorded_by: &'a str, count: usize) -> Self {
        // Time never goes back from one record to the next (rules 1.1).
        let now = core.clock.now().max(core.state.read().recorded_at);
        Self { core, recorded_by, now, count, records: Vec::with_capacity(count), results: Vec::with_capacity(count), ids: HashMap::new() }
    }

    /// The expected position, unless all events are duplicates (rules 2.4).
    fn check_expected(&self, expected: Option<u64>, messages: &[proto::Event], events: &[Event]) -> Result<(), Error> {
        let last = self.core.state.read().position;
        let Some(expected) = expected.filter(|expected| *expected != last) else {
            return Ok(());
        };
        for (message, event) in messages.iter().zip(events) {
            let earlier = find_earlier(self.core, event.event_id)?;
            if earlier.is_none_or(|earlier| !earlier.is_same(message)) {
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

    /// Decides all events, or none: what a refused request has written is taken back.
    fn decide_all(&mut self, messages: Vec<proto::Event>, events: Vec<Event>) -> Result<(), Error> {
        self.core.state.write().savepoint();
        let outcome = messages
            .into_iter()
            .zip(events)
            .enumerate()
            .try_for_each(|(index, (message, event))| self.decide_one(index, message, event))
            .and_then(|()| self.check_size());
        match &outcome {
            Ok(()) => self.core.state.write().release(),
            // After a defect in evolving nothing in the state is touched again.
            Err(Error::Stopped(_)) => {}
            Err(_) => self.core.state.write().rollback(),
        }
        outcome
    }

    fn decide_one(&mut self, index: usize, message: proto::Event, event: Event) -> Result<(), Error> {
        if let Some(earlier) = self.earlier(event.event_id)? {
            if !earlier.is_same(&message) {
                let rejection = Rejection::EventIdReused { event_id: event.event_id, position: earlier.position };
                return Err(Error::rejected(rejection, index, self.count));
            }
            self.results.push(proto::AppendResult {
                position: earlier.position,
                event_id: event.event_id.to_string(),
                duplicate: true,
                effects: earlier.effects,
            });
            return Ok(());
        }
        let effects = self.effects_of(&event, index)?;
        let event_id = event.event_id;
        let (record, told) = self.evolve(event, effects)?;
        if self.count > 1 {
            self.ids.insert(event_id, self.records.len());
        }
        self.results.push(proto::AppendResult {
            position: record.position,
            event_id: event_id.to_string(),
            duplicate: false,
            effects: Vec::new(),
        });
        let message = proto::Record {
            position: record.position,
            recorded_at: Some(timestamp(record.recorded_at)),
            recorded_by: self.recorded_by.to_owned(),
            event: Some(message),
            effects: record.effects.iter().map(Effect::to_message).collect(),
        };
        self.records.push((message, told));
        Ok(())
    }

    /// An earlier record with this event id, of this request or before it.
    fn earlier(&self, event_id: EventId) -> Result<Option<Earlier>, Error> {
        if let Some(record) = self.ids.get(&event_id).map(|index| &self.records[*index].0) {
            return Ok(record.event.as_ref().map(|event| Earlier {
                position: record.position,
                content: event.clone(),
                effects: record.effects.clone(),
            }));
        }
        find_earlier(self.core, event_id)
    }

    fn effects_of(&self, event: &Event, index: usize) -> Result<Vec<Effect>, Error> {
        let decided =
            catch_unwind(AssertUnwindSafe(|| self.core.state.read().decide(event, self.now, self.core.limits.future_tolerance_seconds)));
        decided
            .map_err(|panic| Error::Internal(format!("a defect in deciding event {}: {}", event.event_id, panic_text(&*panic))))?
            .map_err(|rejection| Error::rejected(rejection, index, self.count))
    }

    fn evolve(&self, event: Event, effects: Vec<Effect>) -> Result<(Record, Told), Error> {
        let evolved = catch_unwind(AssertUnwindSafe(|| {
            let mut state = self.core.state.write();
            let record = Record { position: state.position + 1, recorded_at: self.now, event, effects };
            state.evolve(&record);
            let told = Told { subjects: state.subjects(&record), notes: metrics::notes(&record, &state) };
            (record, told)
        }));
        evolved.map_err(|panic| {
            let why = format!("a defect in evolving a record: {}", panic_text(&*panic));
            self.core.stop(&why);
            Error::Stopped(why)
        })
    }

    fn check_size(&self) -> Result<(), Error> {
        let bytes = self.records.iter().map(|(record, _)| record.encoded_len()).sum();
        let limit = self.core.limits.request_recorded_bytes;
        if bytes > limit {
            return Err(Error::TooLarge { bytes, limit });
        }
        Ok(())
    }

    /// The request is accepted: from now on its event ids are known.
    fn finish(self) -> (NewRecords, proto::AppendResponse) {
        let position = self.core.state.read().position;
        let mut ids = self.core.ids.write();
        for result in self.results.iter().filter(|result| !result.duplicate) {
            if let Some(event_id) = EventId::parse(&result.event_id) {
                let fingerprint = ids.fingerprint(event_id);
                ids.insert(fingerprint, result.position);
            }
        }
        drop(ids);
        (self.records, proto::AppendResponse { results: self.results, position })
    }
}
