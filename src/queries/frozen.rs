//! What long reads are answered from: a frozen view of the ledger, taken once it is known what must be in it.

use super::source::Source;
use crate::domain::calendar::Time;
use crate::domain::ids::EventId;
use crate::domain::{Seen, State};
use crate::journal::StoredRecord;
use crate::ledger::{Cancellation, Error, FrozenView, Ledger};
use crate::projections::index::Index;
use crate::projections::metrics::Metrics;
use crate::proto;
use std::cell::OnceCell;
use std::sync::Arc;

/// A ledger as it is frozen for one answer. The writer goes on meanwhile.
pub struct Frozen<'a> {
    ledger: &'a Ledger,
    cancellation: &'a Cancellation,
    view: OnceCell<Arc<FrozenView>>,
}

impl<'a> Frozen<'a> {
    /// The source of one answer.
    pub fn new(ledger: &'a Ledger, cancellation: &'a Cancellation) -> Self {
        Self { ledger, cancellation, view: OnceCell::new() }
    }

    /// The view, with what was durable when it was first needed. What is asked of a later position is in a later view, and no
    /// answer does that.
    fn at(&self, position: u64) -> &FrozenView {
        self.view.get_or_init(|| self.ledger.frozen(position))
    }
}

impl Source for Frozen<'_> {
    type View<'b>
        = &'b State
    where
        Self: 'b;

    fn last(&self) -> u64 {
        self.ledger.last()
    }

    fn now(&self) -> Time {
        self.ledger.now()
    }

    fn seen(&self, options: Option<&proto::ReadOptions>, otherwise: Time) -> Result<Seen, Error> {
        self.ledger.seen(options, otherwise)
    }

    fn view(&self, seen: Seen) -> &State {
        self.at(seen.position).state()
    }

    fn read_frozen<R>(&self, position: u64, read: impl FnOnce(&State) -> R) -> R {
        read(self.at(position).state())
    }

    fn cancellation(&self) -> &Cancellation {
        self.cancellation
    }

    fn index<R>(&self, read: impl FnOnce(&Index) -> R) -> R {
        read(self.at(self.ledger.last()).index())
    }

    fn metrics<R>(&self, read: impl FnOnce(&Metrics) -> R) -> R {
        read(self.at(self.ledger.last()).metrics())
    }

    fn record(&self, position: u64) -> Result<proto::Record, Error> {
        self.ledger.record(position)
    }

    fn record_of(&self, event_id: EventId) -> Result<proto::Record, Error> {
        self.ledger.record_of(event_id)
    }

    fn stored_records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
        self.ledger.stored_records(from, max_records, max_bytes)
    }
}
