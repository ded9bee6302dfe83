//! How a server is seen from outside: metrics and readiness over HTTP, the access log, traces.
//!
//! `Observers` is what calls are told to; `Watched` is what the listener shows, from before the records are replayed until the
//! process ends.

mod balance;
mod calls;
mod listener;
mod registry;
mod summary;
mod traces;
mod watched;

pub use listener::Listening;
pub use summary::Summary;
pub use traces::{TraceSettings, Traces};
pub use watched::{Stage, Watched};

use super::access_log::AccessLog;
use crate::grpc::{Appended, Call, Observer, Receipt, TraceContext};
use calls::Calls;
use std::sync::Arc;
use std::time::Duration;
use tonic::Code;

/// All that calls are told to.
#[derive(Debug, Default)]
pub struct Observers {
    /// What was appended and refused is always counted, for the server's log.
    calls: Arc<Calls>,
    /// Whether the durations of calls are counted as well.
    is_timed: bool,
    /// The access log.
    pub log: Option<Arc<AccessLog>>,
    /// Traces.
    pub traces: Option<Arc<Traces>>,
}

impl Observers {
    /// What calls are told to; they are timed, if anybody can ask for that.
    pub fn new(log: Option<Arc<AccessLog>>, traces: Option<Arc<Traces>>, is_timed: bool) -> Self {
        Self { calls: Arc::default(), is_timed, log, traces }
    }

    /// The same for the edge.
    pub fn observer(self: &Arc<Self>) -> Arc<dyn Observer> {
        Arc::clone(self) as Arc<dyn Observer>
    }

    /// Begins to say in the server's log what is appended and refused.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn summarize(&self) -> std::io::Result<Summary> {
        Summary::start(&self.calls)
    }

    /// Passes on what is still held, within a bound.
    pub fn close(&self) {
        self.log.iter().for_each(|log| log.close());
        self.traces.iter().for_each(|traces| traces.close());
    }
}

impl Observer for Observers {
    fn admits(&self) -> bool {
        self.log.as_ref().is_none_or(|log| log.admits())
    }

    fn holds_answers(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.is_required())
    }

    fn wants_subjects(&self) -> bool {
        self.log.is_some()
    }

    fn trace(&self, context: Option<TraceContext>) -> Option<TraceContext> {
        match &self.traces {
            Some(traces) => Some(traces.context(context)),
            None => context,
        }
    }

    fn appended(&self, appended: &Appended<'_>) {
        self.calls.appended(appended);
    }

    fn limited(&self, principal: &Arc<str>) {
        self.calls.limited(principal);
    }

    fn begun(&self, call: &Call) -> Option<Receipt> {
        self.log.as_ref().and_then(|log| log.take(call, None, Duration::ZERO))
    }

    fn ended(&self, call: &Call, code: Code, took: Duration) -> Option<Receipt> {
        if self.is_timed {
            self.calls.ended(&call.method, code, took);
        }
        self.traces.iter().for_each(|traces| traces.ended(call, code, took));
        self.log.as_ref().and_then(|log| log.take(call, Some(code), took))
    }
}
