//! How a server is seen from outside: metrics and readiness over HTTP, the access log, traces.
//!
//! `Observers` is what calls are told to; `Watched` is what the listener shows, from before the records are replayed until the
//! process ends.

mod balance;
mod calls;
mod listener;
mod registry;
mod traces;
mod watched;

pub use listener::Listening;
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
    calls: Option<Arc<Calls>>,
    /// The access log.
    pub log: Option<Arc<AccessLog>>,
    /// Traces.
    pub traces: Option<Arc<Traces>>,
}

impl Observers {
    /// What calls are told to; counted, if anybody can ask for the counts.
    pub fn new(log: Option<Arc<AccessLog>>, traces: Option<Arc<Traces>>, is_counted: bool) -> Self {
        Self { calls: is_counted.then(Arc::default), log, traces }
    }

    /// The same for the edge; `None` if there is nobody to tell.
    pub fn observer(self: &Arc<Self>) -> Option<Arc<dyn Observer>> {
        let is_any = self.calls.is_some() || self.log.is_some() || self.traces.is_some();
        is_any.then(|| Arc::clone(self) as Arc<dyn Observer>)
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
        self.calls.iter().for_each(|calls| calls.appended(appended));
    }

    fn limited(&self, principal: &Arc<str>) {
        self.calls.iter().for_each(|calls| calls.limited(principal));
    }

    fn begun(&self, call: &Call) -> Option<Receipt> {
        self.log.as_ref().and_then(|log| log.take(call, None, Duration::ZERO))
    }

    fn ended(&self, call: &Call, code: Code, took: Duration) -> Option<Receipt> {
        self.calls.iter().for_each(|calls| calls.ended(&call.method, code, took));
        self.traces.iter().for_each(|traces| traces.ended(call, code, took));
        self.log.as_ref().and_then(|log| log.take(call, Some(code), took))
    }
}
