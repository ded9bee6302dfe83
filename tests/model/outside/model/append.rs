//! Appending to the model: idempotency, the order of checks, all or none. Rules 2.

use chrono::TimeDelta;
use partnership_ledger::proto as pb;

use super::{Model, Record, wire};
use crate::outside::ledger::{Answer, Refusal, instant};

/// How far in the future a fact may lie. Rules 1.2.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

impl Model {
    /// Records the events, all or none.
    pub fn record_all(&mut self, request: &pb::AppendRequest) -> Answer<pb::AppendResponse> {
        let before = self.records.len();
        if let Some(expected) = request.expected_last_position {
            let is_duplicate = |event: &pb::Event| self.same_id(event).is_some_and(|record| record.event == normal(event));
            if expected != self.last_position() && !request.events.iter().all(is_duplicate) {
                let passed = expected < self.last_position();
                return Err(Refusal::rule(if passed { "POSITION_PASSED" } else { "POSITION_NOT_REACHED" }));
            }
        }
        let mut results = Vec::new();
        for event in &request.events {
            match self.record_one(normal(event)) {
                Ok(result) => results.push(result),
                Err(refusal) => {
                    self.records.truncate(before);
                    return Err(refusal);
                }
            }
        }
        Ok(pb::AppendResponse { results, position: self.last_position() })
    }

    fn record_one(&mut self, event: pb::Event) -> Answer<pb::AppendResult> {
        if let Some(record) = self.same_id(&event) {
            if record.event != event {
                return Err(Refusal::rule("EVENT_ID_REUSED"));
            }
            return Ok(result(record, true));
        }
        let occurred = instant(event.occurred_at.as_ref().expect("the workload sets it"));
        let now = self.now();
        if occurred > now + TOLERANCE {
            return Err(Refusal::rule("OCCURRED_IN_FUTURE"));
        }
        let position = self.last_position() + 1;
        let effects = self.known().decide(&event, occurred, position, now)?;
        self.records.push(Record { position, occurred, event, effects });
        Ok(result(&self.records[self.records.len() - 1], false))
    }

    fn same_id(&self, event: &pb::Event) -> Option<&Record> {
        let id = event.event_id.to_lowercase();
        self.records.iter().find(|record| record.event.event_id == id)
    }
}

/// Ids are compared without case.
fn normal(event: &pb::Event) -> pb::Event {
    let mut event = event.clone();
    event.event_id.make_ascii_lowercase();
    event
}

fn result(record: &Record, duplicate: bool) -> pb::AppendResult {
    pb::AppendResult { position: record.position, event_id: record.event.event_id.clone(), duplicate, effects: wire::effects(record) }
}
