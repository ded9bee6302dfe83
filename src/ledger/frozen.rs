//! Frozen views: the state, index and figures of one moment, shared with the writer page by page (copy-on-write) and read
//! without any lock. They are taken when they are needed, not with every commit: the first change of a page after a view was
//! taken costs the writer a copy of the page.

use super::common::Core;
use crate::domain::State;
use crate::projections::SharedProjections;
use crate::projections::index::Index;
use crate::projections::metrics::Metrics;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// The least time from one view to the next, for each record in between: a record changes a few pages, which are copied once for
/// each view.
const LEAST_PER_RECORD: Duration = Duration::from_micros(50);
/// The longest that a reader waits because of that.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// The ledger at one moment. It may hold records that are not durable: whoever reads sees up to a position that is.
pub struct FrozenView {
    position: u64,
    state: State,
    projections: SharedProjections,
}

impl FrozenView {
    fn take(core: &Core) -> Self {
        // In this order: the index and the figures have all that is published, and the state all that they refer to.
        let position = core.last();
        let projections = core.projections.share();
        let _complete = core.batches.lock();
        let state = core.state.read().share();
        Self { position, state, projections }
    }

    /// The last durable position when it was taken.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The records about each partner, agreement and lead.
    pub fn index(&self) -> &Index {
        &self.projections.index
    }

    /// What figures count.
    pub fn metrics(&self) -> &Metrics {
        &self.projections.metrics
    }
}

/// The latest view, as long as somebody reads it.
#[derive(Default)]
pub struct Views(Mutex<Latest>);

#[derive(Default)]
struct Latest {
    view: Weak<FrozenView>,
    /// Its position, and when it was taken; `None` before the first.
    taken: Option<(u64, Instant)>,
}

impl Views {
    /// The latest view, if it has all records up to a durable position; else how long to wait before another one is taken.
    pub fn latest(&self, core: &Core, position: u64) -> Result<Arc<FrozenView>, Duration> {
        let latest = self.0.lock();
        if let Some(view) = latest.view.upgrade().filter(|view| view.position >= position) {
            return Ok(view);
        }
        let Some((before, at)) = latest.taken else { return Err(Duration::ZERO) };
        let records = u32::try_from(core.last().saturating_sub(before)).unwrap_or(u32::MAX);
        Err(LEAST_PER_RECORD.saturating_mul(records).min(LONGEST_WAIT).saturating_sub(at.elapsed()))
    }

    /// A view with all records up to a durable position, taken now unless another reader had one taken meanwhile: readers that
    /// come together share one.
    pub fn take(&self, core: &Core, position: u64) -> Arc<FrozenView> {
        let mut latest = self.0.lock();
        if let Some(view) = latest.view.upgrade().filter(|view| view.position >= position) {
            return view;
        }
        let view = Arc::new(FrozenView::take(core));
        *latest = Latest { view: Arc::downgrade(&view), taken: Some((view.position, Instant::now())) };
        view
    }
}
