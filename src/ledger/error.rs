//! Why the ledger does not do what it is asked: the closed list that `grpc::status` maps, without a gap, to statuses.

use super::permit::Denied;
use crate::domain::ids::EventId;
use crate::domain::parse::Violation;
use crate::domain::rejection::Rejection;
use crate::journal::JournalError;
use std::sync::Arc;
use std::time::Duration;

/// Which event of a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    /// Its index in the request, from 0.
    pub index: usize,
    /// How many events the request has.
    pub of: usize,
}

/// Why the ledger does not do what it is asked. The text is for the ledger's own log; what a caller is told is made
/// in `grpc::status`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bad fields, all of them at once (rules 2.5). Nothing was recorded.
    #[error("{} malformed fields, the first: {}", .0.len(), .0.first().map_or("none", |first| &first.field))]
    Malformed(Vec<Violation>),
    /// Bytes that are not an event. Nothing was recorded.
    #[error("undecodable: {0}")]
    Undecodable(String),
    /// Against a rule. Nothing was recorded.
    #[error("{rejection}")]
    Rejected {
        /// What was refused, and why.
        rejection: Box<Rejection>,
        /// Which event it was; none if the request as a whole was refused, or for a question.
        event: Option<EventPlace>,
    },
    /// The submitter may not record it. Nothing was recorded.
    #[error("denied: {} {}", .denied.missing.name(), .denied.what)]
    Denied {
        /// What it lacks, and for what.
        denied: Denied,
        /// Which event it was.
        event: EventPlace,
    },
    /// No record has this event id.
    #[error("no record has event_id {0}")]
    UnknownEvent(EventId),
    /// No record that its reader may know stands at this position.
    #[error("no record for its reader at position {0}")]
    UnknownRecord(u64),
    /// The request would record more than one commit may hold. Nothing was recorded.
    #[error("a request of {bytes} bytes as recorded; the limit is {limit}")]
    TooLarge {
        /// What it would record.
        bytes: usize,
        /// What it may.
        limit: usize,
    },
    /// The ledger has as many records as it can hold. Nothing was recorded.
    #[error("full: {limit} records")]
    Full {
        /// The last position that a record may have.
        limit: u64,
    },
    /// Too much waits already. Nothing was recorded.
    #[error("overloaded")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The caller's deadline passed. It may have been recorded; the same request may be sent again.
    #[error("the deadline passed")]
    DeadlineExceeded,
    /// The ledger has stopped recording, for good or because it closes. It may have been recorded.
    #[error("stopped: {0}")]
    Stopped(String),
    /// Another process of this ledger records. Nothing was recorded here.
    #[error("this process follows {}", .leader.as_deref().unwrap_or("nobody at the moment"))]
    NotLeader {
        /// Where the one that records is reached, as far as it is known.
        leader: Option<Arc<str>>,
    },
    /// Stored records are damaged.
    #[error("damaged: {0}")]
    Damaged(String),
    /// A defect of the ledger. Nothing was recorded.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// An event of a request that is against a rule, or has a bad field that only the state tells.
    pub fn rejected(rejection: Rejection, index: usize, of: usize) -> Self {
        match rejection {
            Rejection::Malformed { field, description } => Self::malformed(format!("events[{index}].{field}"), description),
            rejection => Self::Rejected { rejection: Box::new(rejection), event: Some(EventPlace { index, of }) },
        }
    }

    /// One bad field.
    pub fn malformed(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Malformed(vec![Violation { field: field.into(), description: description.into() }])
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected { rejection: Box::new(rejection), event: None }
    }
}

impl From<Vec<Violation>> for Error {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Malformed(violations)
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let text = error.to_string();
        match error {
            JournalError::Damaged { .. } => Self::Damaged(text),
            JournalError::Locked { .. }
            | JournalError::NewerFormat { .. }
            | JournalError::Storage { .. }
            | JournalError::Unreachable { .. }
            | JournalError::Unreplicated { .. }
            | JournalError::Shorter { .. }
            | JournalError::Diverged { .. }
            | JournalError::Stopped { .. } => Self::Stopped(text),
            JournalError::PositionMismatch { .. } | JournalError::TooLarge { .. } => Self::Internal(text),
        }
    }
}
