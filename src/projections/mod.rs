//! What is derived from the records beside the state: event ids, index and metrics, fed and saved as one bundle.
//!
//! There are two moments of update. Event ids are added by `accept` when a request is accepted, so that the writer knows a
//! duplicate before the first copy is durable. Index and metrics are updated by `apply` once records are durable: a reader
//! sees nothing of them before.

pub mod event_ids;
pub mod index;
pub mod metrics;

use crate::domain::calendar::Time;
use crate::domain::ids::EventId;
use crate::domain::{Record, State, Subjects};
use crate::encoding::{Damaged, Loader, Section, Sink};
use event_ids::encoding::EventIdsLoad;
use event_ids::{Candidates, EventIds, Fingerprint, Seed};
use index::Index;
use index::encoding::IndexLoad;
use metrics::{Metrics, MetricsLoad};
use parking_lot::{RwLock, RwLockReadGuard};

/// What one record adds to the index and the metrics.
pub struct Update {
    /// The partners, agreements and leads that it is about, for the index.
    subjects: Subjects,
    /// The name of its event's type.
    event_type: &'static str,
    /// When it occurred.
    occurred_at: Time,
    /// The facts that metrics count.
    facts: Vec<metrics::Update>,
}

impl Update {
    /// What a record adds, worked out from the state right after it.
    pub fn of(record: &Record, state: &State) -> Self {
        let event = &record.event;
        Self {
            subjects: state.subjects(record),
            event_type: event.body.name(),
            occurred_at: event.occurred_at,
            facts: metrics::updates(record, state),
        }
    }
}

/// All projections, each behind its own lock: no two locks are held at a time.
#[derive(Default)]
pub struct Projections {
    seed: Seed,
    /// With ids of records that are not durable yet.
    ids: RwLock<EventIds>,
    /// Durable records only.
    index: RwLock<Index>,
    /// Durable records only.
    metrics: RwLock<Metrics>,
}

impl Projections {
    /// The key of the fingerprints of event ids.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Adds the event ids of accepted records that follow a position, durable or not.
    pub fn accept(&self, after: u64, ids: impl Iterator<Item = Fingerprint>) {
        let mut known = self.ids.write();
        for (position, fingerprint) in (after + 1..).zip(ids) {
            known.insert(fingerprint, position);
        }
    }

    /// Applies the updates of durable records that follow a position, in order.
    pub fn apply(&self, after: u64, updates: &[Update]) {
        let mut index = self.index.write();
        for (position, update) in (after + 1..).zip(updates) {
            index.add(position, &update.subjects, update.event_type, update.occurred_at);
        }
        drop(index);
        let mut metrics = self.metrics.write();
        updates.iter().for_each(|update| metrics.add(&update.facts));
    }

    /// The positions of accepted records that may have an event id: a hint, to be compared with the records.
    pub fn candidates(&self, event_id: EventId) -> Candidates {
        self.ids.read().candidates(self.seed.fingerprint(event_id))
    }

    /// Reads the index.
    pub fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read()
    }

    /// Reads the metrics.
    pub fn metrics(&self) -> RwLockReadGuard<'_, Metrics> {
        self.metrics.read()
    }

    /// Index and metrics as they are now, to be read or saved while these go on: copy-on-write, so it takes microseconds.
    pub fn share(&self) -> SharedProjections {
        SharedProjections { index: self.index.read().clone(), metrics: self.metrics.read().clone() }
    }

    /// Writes shared projections, and the event ids of the records up to their position. Ids are never taken out, so they
    /// need not be shared.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(&self, shared: SharedProjections, position: u64, sink: &mut S) -> Result<(), S::Error> {
        let SharedProjections { index, metrics } = shared;
        index.save(sink)?;
        drop(index);
        metrics.save(sink)?;
        drop(metrics);
        EventIds::save_until(&self.ids, position, self.seed, sink)
    }
}

/// Index and metrics at one position.
pub struct SharedProjections {
    /// The records about each partner, agreement and lead.
    pub index: Index,
    /// What figures count.
    pub metrics: Metrics,
}

/// Projections that are being loaded from a snapshot.
#[derive(Default)]
pub struct ProjectionsLoad {
    ids: EventIdsLoad,
    index: IndexLoad,
    metrics: MetricsLoad,
}

impl ProjectionsLoad {
    /// The part that a section holds.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        self.ids.part(section).or_else(|| self.index.part(section)).or_else(|| self.metrics.part(section))
    }

    /// The projections of so many records, once all parts are loaded.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self, records: u64) -> Result<Projections, Damaged> {
        let (seed, ids) = self.ids.finish(records)?;
        let (index, metrics) = (self.index.finish()?, self.metrics.finish()?);
        Ok(Projections { seed, ids: RwLock::new(ids), index: RwLock::new(index), metrics: RwLock::new(metrics) })
    }
}
