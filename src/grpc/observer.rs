//! Observing calls: whoever is told when one ends – metrics, the access log, traces.
//!
//! Without an observer nothing is noted. With one a call is told once, when its trailers are on their way or its client has gone
//! away. If answers wait for their line of a log, a call of one answer is told before that answer leaves, and a stream when it
//! begins and when it ends.

use super::notes::Notes;
use super::status::unlogged;
use super::trace_context::TraceContext;
use crate::access::Rpc;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Response};

/// Says that the line of a call is written; false, or an end without a word, that it is not.
pub type Receipt = oneshot::Receiver<bool>;

/// Who is told of calls. It is asked on the threads that serve them, so it must not wait for anything.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Whether calls may begin: false while they could not be told.
    fn admits(&self) -> bool {
        true
    }

    /// Whether answers wait until they are told.
    fn holds_answers(&self) -> bool {
        false
    }

    /// Whether it wants to know what calls are about.
    fn wants_subjects(&self) -> bool {
        false
    }

    /// The trace of a call that came with a context, or without one.
    fn trace(&self, context: Option<TraceContext>) -> Option<TraceContext> {
        context
    }

    /// A request to append was answered, alone or in a stream.
    fn appended(&self, appended: &Appended<'_>) {
        let _ = appended;
    }

    /// A principal asked for more than it may.
    fn limited(&self, principal: &Arc<str>) {
        let _ = principal;
    }

    /// A stream begins, and its answers wait for the receipt.
    fn begun(&self, call: &Call) -> Option<Receipt> {
        let _ = call;
        None
    }

    /// A call has ended.
    fn ended(&self, call: &Call, code: Code, took: Duration) -> Option<Receipt>;
}

/// What became of the events of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended<'a> {
    /// They are recorded.
    Recorded {
        /// So many anew.
        recorded: u64,
        /// So many were before.
        duplicates: u64,
    },
    /// None of them is.
    Refused {
        /// How many there are.
        events: u64,
        /// Why: the reason of the error.
        reason: &'a str,
    },
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// A call of the contract.
    Known(Rpc),
    /// Whatever else was asked for.
    Unknown(Box<str>),
}

impl Method {
    /// Its name with that of its service.
    pub fn name(&self) -> &str {
        match self {
            Self::Known(rpc) => rpc.name(),
            Self::Unknown(path) => path,
        }
    }
}

/// A call, as an observer is told of it.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub method: Method,
    /// Where it comes from.
    pub peer: Option<IpAddr>,
    /// When it came.
    pub came: SystemTime,
    /// Which trace it belongs to.
    pub trace: Option<TraceContext>,
    /// What was noted of it.
    pub notes: Arc<Notes>,
}

/// Tells the observer of one call: once, at the latest when it is dropped.
#[derive(Debug)]
pub struct Report {
    observer: Arc<dyn Observer>,
    call: Call,
    began: Instant,
    holds_answers: bool,
    is_begun: bool,
    is_ended: bool,
}

impl Report {
    /// The report of a call that has come.
    pub fn of(observer: &Arc<dyn Observer>, path: &str, headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let method = Rpc::of(path).map_or_else(|| Method::Unknown(path.chars().take(LONGEST_PATH).collect()), Method::Known);
        let call = Call {
            method,
            peer,
            came: SystemTime::now(),
            trace: observer.trace(TraceContext::of(headers)),
            notes: Arc::new(Notes::new(Arc::clone(observer))),
        };
        let (holds_answers, observer) = (observer.holds_answers(), Arc::clone(observer));
        Self { observer, call, began: Instant::now(), holds_answers, is_begun: false, is_ended: false }
    }

    /// Where the call's handler notes what it is about.
    pub fn notes(&self) -> Arc<Notes> {
        Arc::clone(&self.call.notes)
    }

    /// Whether the call may begin.
    pub fn is_admitted(&self) -> bool {
        self.observer.admits()
    }

    /// Tells that the call has ended. What was told before stays.
    pub fn end(&mut self, code: Code) -> Option<Receipt> {
        if std::mem::replace(&mut self.is_ended, true) {
            return None;
        }
        self.observer.ended(&self.call, code, self.began.elapsed())
    }

    /// Tells that an answer is about to leave, if answers wait for that.
    pub fn answer(&mut self) -> Option<Receipt> {
        if !self.holds_answers || self.is_ended || std::mem::replace(&mut self.is_begun, true) {
            return None;
        }
        match self.call.method {
            Method::Known(rpc) if rpc.is_stream() => self.observer.begun(&self.call),
            // It has one answer, which is ready.
            _ => self.end(Code::Ok),
        }
    }

    /// Tells that the call has ended as its trailers say.
    pub fn end_with(&mut self, trailers: &HeaderMap) -> Option<Receipt> {
        let code = code_in(trailers)?;
        if code != Code::Ok && !self.is_ended {
            self.call.notes.failed(trailers);
        }
        self.end(code)
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // Nobody waits for it any more.
        let _ = self.end(Code::Cancelled);
    }
}

/// The longest path that is told of what the contract does not have, in characters.
const LONGEST_PATH: usize = 120;

fn code_in(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()))
}

/// Tells of a response that is over with its head; it waits for its line if it must.
pub async fn told(report: Option<&mut Report>, response: Response<Body>) -> Response<Body> {
    let Some(receipt) = report.and_then(|report| report.end_with(response.headers())) else { return response };
    if receipt.await.unwrap_or(false) { response } else { unlogged().into_http() }
}

/// The name of a code, as metrics and logs have it.
pub fn code_name(code: Code) -> &'static str {
    CODES.get(code as usize).copied().unwrap_or("UNKNOWN")
}

/// The names of all codes, by their numbers.
pub const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
