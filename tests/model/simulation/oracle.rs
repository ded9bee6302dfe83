//! What must be true: the model of the rules, fed in the order in which the ledger decides, and what anybody was told.

use std::collections::{BTreeMap, BTreeSet};

use partnership_ledger::ledger::Error;
use partnership_ledger::proto as pb;
use prost::Message as _;

use super::asking::refusal;
use super::disk::Disk;
use crate::outside::compare::{self, appended};
use crate::outside::ledger::{Answer, instant};
use crate::outside::model::{Model, calendar::Instant, wire};
use crate::outside::workload::NOW;

/// What a request must be answered.
#[derive(Clone, Debug)]
pub enum Expected {
    /// What the model says.
    Decided(Answer<pb::AppendResponse>),
    /// Its deadline had passed when its turn came.
    TooLate,
    /// The ledger has stopped.
    Stopped,
}

/// A promise that was not kept, in words.
pub type Kept = Result<(), String>;

/// What must be true.
pub struct Oracle {
    /// All that is decided, durable or not.
    pub model: Model,
    recorded_at: Vec<Instant>,
    /// Positions behind which a request ended: a crash may leave no other length.
    ends: BTreeSet<usize>,
    /// The last position that anybody may see.
    pub published: u64,
    /// A sync has failed.
    pub has_stopped: bool,
    /// Durable records that were looked at; they stay.
    durable: Vec<Vec<u8>>,
    /// Where events are that were acknowledged.
    acknowledged: BTreeMap<String, u64>,
}

impl Oracle {
    pub fn new() -> Self {
        Self {
            model: Model::default(),
            recorded_at: Vec::new(),
            ends: BTreeSet::from([0]),
            published: 0,
            has_stopped: false,
            durable: Vec::new(),
            acknowledged: BTreeMap::new(),
        }
    }

    /// Decides a request as the writer must, at the time of its clock.
    pub fn decide(&mut self, request: &pb::AppendRequest, clock: Instant, is_late: bool) -> Expected {
        if self.has_stopped {
            return Expected::Stopped;
        }
        if is_late {
            return Expected::TooLate;
        }
        let now = self.recorded_at.last().map_or(clock, |last| clock.max(*last));
        self.model.now = Some(now);
        let answer = self.model.record_all(request);
        self.recorded_at.resize(self.model.records.len(), now);
        self.ends.insert(self.model.records.len());
        Expected::Decided(answer)
    }

    /// The model as the ledger's readers must see it.
    pub fn seen(&self, clock: Instant) -> Model {
        Model { now: Some(clock), records: self.model.records[..index(self.published)].to_vec() }
    }

    /// A commit is durable.
    pub fn committed(&mut self, disk: &Disk, last: u64) -> Kept {
        if disk.len() != index(last) {
            return Err(format!("{last} records are acknowledged, and {} are on the disk", disk.len()));
        }
        self.published = last;
        self.look_at(disk)
    }

    /// An answer has come.
    pub fn answered(&mut self, request: &pb::AppendRequest, expected: &Expected, answer: &Result<pb::AppendResponse, Error>) -> Kept {
        let answer = answer.clone().map_err(refusal);
        match expected {
            Expected::Decided(expected) => same(&appended(request, expected), &appended(request, &answer))?,
            Expected::TooLate | Expected::Stopped => {
                let code = if matches!(expected, Expected::TooLate) { "DEADLINE_EXCEEDED" } else { "UNAVAILABLE" };
                if answer.as_ref().err().is_none_or(|refusal| refusal.code != code) {
                    return Err(format!("{code} is due, the answer is {answer:?}"));
                }
            }
        }
        let Ok(response) = answer else { return Ok(()) };
        if response.position > self.published {
            return Err(format!("position {} is told, and only {} is durable", response.position, self.published));
        }
        for result in response.results {
            let position = *self.acknowledged.entry(result.event_id.to_lowercase()).or_insert(result.position);
            if position != result.position {
                return Err(format!("{} was recorded at {position}, and then at {}", result.event_id, result.position));
            }
        }
        Ok(())
    }

    /// The process starts again with what is on the disk.
    pub fn restarted(&mut self, disk: &Disk) -> Kept {
        let records = disk.records();
        let is_there = records.get(..self.durable.len()).is_some_and(|earlier| earlier == self.durable);
        if !is_there || records.len() < index(self.published) {
            let (durable, published) = (self.durable.len(), self.published);
            return Err(format!("{published} records were acknowledged, {durable} seen; {} are left, or others", records.len()));
        }
        if !self.ends.contains(&records.len()) {
            return Err(format!("a crash left {} records: a part of a request", records.len()));
        }
        self.look_at(disk)?;
        self.model.records.truncate(records.len());
        self.recorded_at.truncate(records.len());
        self.ends.split_off(&(records.len() + 1));
        self.published = records.len() as u64;
        self.has_stopped = false;
        Ok(())
    }

    /// Looks at records that are new on the disk.
    fn look_at(&mut self, disk: &Disk) -> Kept {
        for bytes in disk.range(self.durable.len(), usize::MAX) {
            self.check_record(self.durable.len(), &bytes)?;
            self.durable.push(bytes);
        }
        Ok(())
    }

    fn check_record(&self, index: usize, bytes: &[u8]) -> Kept {
        let record = pb::Record::decode(bytes).map_err(|error| format!("record {index} cannot be read: {error}"))?;
        let wrong = |what: &str| Err(format!("position {}: {what}: {record:?}", index + 1));
        let Some(decided) = self.model.records.get(index) else { return wrong("nobody sent that") };
        let mut event = record.event.clone().unwrap_or_default();
        event.event_id.make_ascii_lowercase();
        if record.position != index as u64 + 1 || event != decided.event {
            return wrong("another one is due");
        }
        if record.recorded_at.as_ref().map(instant) != Some(self.recorded_at[index]) {
            return wrong("is not of the time at which it was decided");
        }
        let occurred = event.occurred_at.as_ref();
        same(&compare::effects(&wire::effects(decided), occurred), &compare::effects(&record.effects, occurred))
    }

    /// All that was acknowledged is there, once.
    pub fn nothing_is_lost_or_doubled(&self) -> Kept {
        let mut ids = BTreeMap::new();
        for (record, position) in self.durable.iter().zip(1_u64..) {
            let record = pb::Record::decode(&record[..]).map_err(|error| error.to_string())?;
            let id = record.event.unwrap_or_default().event_id.to_lowercase();
            if let Some(earlier) = ids.insert(id.clone(), position) {
                return Err(format!("{id} is recorded at {earlier} and at {position}"));
            }
        }
        match self.acknowledged.iter().find(|(id, position)| ids.get(*id) != Some(position)) {
            Some((id, position)) => Err(format!("{id} was acknowledged at {position}, and is at {:?}", ids.get(id))),
            None if self.recorded_at.is_sorted() => Ok(()),
            None => Err("time went back from one record to the next".to_owned()),
        }
    }

    /// When the last record was recorded, or the present of the workloads.
    pub fn last_recorded_at(&self) -> Instant {
        self.recorded_at.last().copied().unwrap_or(NOW)
    }
}

/// An error unless the model and the ledger say the same.
pub fn same(model: &[String], ledger: &[String]) -> Kept {
    compare::difference(model, ledger).map_or(Ok(()), |difference| Err(difference.text))
}

/// A position as the count of records up to it.
pub fn index(position: u64) -> usize {
    usize::try_from(position).expect("few records")
}
