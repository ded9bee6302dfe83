//! From the ledger's errors to statuses: one `match` without a gap, the contract's "Errors".

use crate::access::{self, Exceeded};
use crate::domain::parse::Violation;
use crate::domain::rejection::{Class, Rejection};
use crate::feed::webhooks;
use crate::ledger::{Denied, Error, EventPlace, Missing};
use crate::proofs::{ProofError, Refused};
use crate::proto;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "partnership-ledger";

/// The content of an error status.
struct Refusal {
    code: Code,
    message: String,
    reason: &'static str,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason, metadata: Vec::new(), violations: Vec::new(), retry_after: None }
    }

    fn with(self, metadata: Vec<(&'static str, String)>) -> Self {
        Self { metadata, ..self }
    }
}

/// When to try again while no server records.
const NEXT_LEADER: Duration = Duration::from_millis(500);
/// The most bytes of details in a status. They travel in the trailers, which clients bound: grpc-core and grpc-java at 8 KiB of
/// headers, in which the details stand as base64.
const MAX_DETAIL_BYTES: usize = 4 << 10;
/// The most bytes of a status message, which travels in the trailers as well, percent-encoded.
const MAX_MESSAGE_BYTES: usize = 1 << 10;
/// The most bytes of one value of the metadata.
const MAX_METADATA_BYTES: usize = 1 << 10;

impl Refusal {
    /// Returns the refusal cut to what trailers can carry; the metadata says how many violations were left out, and which
    /// of its values were cut.
    fn within_trailers(mut self) -> Self {
        cut(&mut self.message, MAX_MESSAGE_BYTES);
        let was_cut: Vec<_> =
            self.metadata.iter_mut().filter_map(|(name, value)| cut(value, MAX_METADATA_BYTES).then_some(*name)).collect();
        if !was_cut.is_empty() {
            self.metadata.push(("cut", was_cut.join(",")));
        }
        let mut room =
            MAX_DETAIL_BYTES - self.metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>().min(MAX_DETAIL_BYTES);
        let mut fits = |violation: &Violation| {
            let bytes = violation.field.len() + violation.description.len() + VIOLATION_OVERHEAD;
            let is_fitting = bytes <= room;
            room = room.saturating_sub(bytes);
            is_fitting
        };
        let kept = self.violations.iter().take_while(|violation| fits(violation)).count();
        if kept < self.violations.len() {
            self.metadata.push(("violations_left_out", (self.violations.len() - kept).to_string()));
            self.violations.truncate(kept);
        }
        self
    }
}

/// Bytes of a violation beside its texts: tags and lengths.
const VIOLATION_OVERHEAD: usize = 12;

/// Cuts a text at the end of a character, and says so in it. Returns whether it was longer than `most` bytes.
fn cut(text: &mut String, most: usize) -> bool {
    if text.len() <= most {
        return false;
    }
    let end = (0..=most - '…'.len_utf8()).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text.push('…');
    true
}

/// Returns what a caller is told of an error. What only operators should see goes to the log.
fn refusal_of(error: Error) -> Refusal {
    match error {
        Error::Malformed(violations) => {
            Refusal { violations: violations.clone(), ..Refusal::new(Code::InvalidArgument, "MALFORMED", summary(&violations)) }
        }
        Error::Undecodable(why) => Refusal::new(Code::InvalidArgument, "MALFORMED", why),
        Error::Rejected { rejection, event } => {
            let mut metadata = rejection.metadata();
            metadata.extend(event.map(|place| ("event_index", place.index.to_string())));
            let message = match (&*rejection, event) {
                // Who asks has nothing to record.
                (Rejection::UnknownId { kind, id }, None) => {
                    format!(
                        "{} {id} is not known as of the time and the position asked for; check the id, or list those that are",
                        kind.field()
                    )
                }
                _ => format!("{}{rejection}", prefix(event)),
            };
            Refusal::new(code_of(rejection.class()), rejection.code(), message).with(metadata)
        }
        Error::Denied { denied: Denied { missing, what }, event } => {
            let lacks = match missing {
                Missing::EventType => format!("{what} is not among the event types that you may append"),
                Missing::Scope => format!("{what} is outside of the scope in which you may append"),
            };
            let message = format!("{}{lacks}; see WhoAmI, and ask for more if it is needed", prefix(Some(event)));
            Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", message).with(vec![
                ("missing", missing.name().to_owned()),
                (missing.name(), what),
                ("event_index", event.index.to_string()),
            ])
        }
        Error::UnknownEvent(id) => Refusal::new(Code::NotFound, "UNKNOWN_ID", format!("no record has event_id {id}; correct the id"))
            .with(vec![("kind", "event_id".to_owned()), ("id", id.to_string())]),
        Error::UnknownRecord(position) => {
            let message = format!("position {position} is not known to you; correct it");
            Refusal::new(Code::NotFound, "UNKNOWN_ID", message).with(vec![("kind", "position".to_owned()), ("id", position.to_string())])
        }
        Error::TooLarge { bytes, limit } => {
            let message = format!("the request would record {bytes} bytes; at most {limit} are recorded at once: split it");
            Refusal::new(Code::OutOfRange, "MESSAGE_TOO_LARGE", message).with(vec![("limit_bytes", limit.to_string())])
        }
        Error::Full { limit } => {
            let message = format!("the ledger holds {limit} records and can hold no more; go on in a new one");
            Refusal::new(Code::FailedPrecondition, "LEDGER_FULL", message).with(vec![("limit_records", limit.to_string())])
        }
        Error::Overloaded { retry_after } => {
            let message = "more is under way than the ledger has room for; try again a little later";
            Refusal { retry_after: Some(retry_after), ..Refusal::new(Code::ResourceExhausted, "OVERLOADED", message) }
        }
        Error::DeadlineExceeded => Refusal::new(
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the deadline passed before the answer; it is safe to send the same request again",
        ),
        Error::Stopped(_) => Refusal::new(
            Code::Unavailable,
            "STOPPED",
            "the ledger records nothing until it is restarted; it is safe to send the same request again then",
        ),
        Error::NotLeader { leader } => {
            let message = match &leader {
                Some(leader) => format!("this server follows: {leader} records; send the same request there"),
                None => "this server follows, and at the moment no server records; it is safe to send the same request again".to_owned(),
            };
            let metadata = leader.map(|leader| ("leader", leader.to_string())).into_iter().collect();
            let retry_after = Some(NEXT_LEADER);
            Refusal { retry_after, ..Refusal::new(Code::Unavailable, "NOT_LEADER", message).with(metadata) }
        }
        Error::Damaged(why) => {
            tracing::error!(why, "stored records are damaged");
            Refusal::new(Code::DataLoss, "DAMAGED", "stored records are damaged; the ledger's operator finds the particulars in its log")
        }
        Error::Internal(why) => {
            tracing::error!(why, "a defect of the ledger");
            Refusal::new(
                Code::Internal,
                "INTERNAL",
                "a defect of the ledger; nothing was recorded, and its operator finds the particulars in its log",
            )
        }
    }
}

fn code_of(class: Class) -> Code {
    match class {
        Class::Unknown => Code::NotFound,
        Class::Taken => Code::AlreadyExists,
        Class::Rule => Code::FailedPrecondition,
        Class::Passed => Code::Aborted,
        Class::Malformed => Code::InvalidArgument,
    }
}

fn prefix(event: Option<EventPlace>) -> String {
    event.filter(|place| place.of > 1).map(|place| format!("events[{}]: ", place.index)).unwrap_or_default()
}

fn summary(violations: &[Violation]) -> String {
    match violations {
        [] => "the request is malformed".to_owned(),
        [only] => format!("{} {}", only.field, only.description),
        [first, others @ ..] => format!("{} {} (and {} more)", first.field, first.description, others.len()),
    }
}

/// Returns what a caller is told that does not get in, or not further.
fn refusal_of_caller(refusal: access::Refusal) -> Refusal {
    match refusal {
        access::Refusal::Unauthenticated(failure) => {
            Refusal::new(Code::Unauthenticated, "UNAUTHENTICATED", failure.kind.told()).with(vec![("kind", failure.kind.name().to_owned())])
        }
        access::Refusal::Role { rpc, .. } => {
            let roles = rpc.roles().names().join(", ");
            let message = format!("{} is for the roles {roles}; see WhoAmI for yours", rpc.name());
            let metadata = vec![("missing", "role".to_owned()), ("role", roles), ("rpc", rpc.name().to_owned())];
            Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", message).with(metadata)
        }
        access::Refusal::UnknownPartner { partner } => {
            let message =
                format!("you see the business of partner_id {partner} alone, and the ledger knows no such partner; ask for access anew");
            let metadata =
                vec![("missing", "scope".to_owned()), ("scope", format!("partner_id {partner}")), ("partner_id", partner.to_string())];
            Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", message).with(metadata)
        }
        access::Refusal::OwnRecordsAlone => {
            let message = "you read back the records that you have recorded, each by its event_id; see WhoAmI for your roles";
            Refusal::new(Code::PermissionDenied, "PERMISSION_DENIED", message).with(vec![("missing", "role".to_owned())])
        }
        access::Refusal::RateLimited(Exceeded { limit, most, retry_after }) => {
            let message = format!("your limit of {limit} = {most} is reached; try again later");
            let refusal = Refusal::new(Code::ResourceExhausted, "RATE_LIMITED", message);
            let metadata = vec![("limit", limit.to_owned()), ("most", most.to_string())];
            Refusal { retry_after: Some(retry_after), ..refusal.with(metadata) }
        }
        access::Refusal::TooManyFailures { retry_after } => {
            let message = "too many attempts from your address were not authenticated; mend the credential before you try again";
            let refusal = Refusal::new(Code::ResourceExhausted, "RATE_LIMITED", message);
            Refusal { retry_after: Some(retry_after), ..refusal.with(vec![("limit", "failed_attempts".to_owned())]) }
        }
    }
}

/// The status of why there is no proof, or no signed checkpoint.
pub fn proof_status(error: &ProofError) -> Status {
    status_of(refusal_of_proof(error))
}

/// Returns what a caller is told of a proof that there is not. Where files are is for operators, and was logged when it was found.
fn refusal_of_proof(error: &ProofError) -> Refusal {
    let retry_after = Some(Duration::from_secs(2));
    match error {
        ProofError::Ledger(error) => refusal_of(error.clone()),
        ProofError::Beyond { asked, last, .. } => refusal_of(Rejection::PositionNotReached { asked: *asked, last: *last }.into()),
        ProofError::Malformed { field, what } => refusal_of(Error::malformed(*field, what.clone())),
        ProofError::Building { .. } => Refusal { retry_after, ..Refusal::new(Code::Unavailable, "PROOFS_NOT_READY", error.to_string()) },
        ProofError::Tiles(_) => {
            let message = "the tiles of the tree cannot be written; the ledger's operator finds the particulars in its log";
            Refusal { retry_after, ..Refusal::new(Code::Unavailable, "PROOFS_NOT_READY", message) }
        }
        ProofError::Records { .. } | ProofError::Range { .. } => refusal_of(Error::Damaged(error.to_string())),
        ProofError::NoKey => Refusal::new(Code::FailedPrecondition, "CHECKPOINTS_NOT_SIGNED", error.to_string()),
        ProofError::Refused(refused) => {
            let why = match refused {
                Refused::Shorter { signed, now, .. } => format!("the ledger has {now} records, and its key has signed {signed} already"),
                Refused::Different { signed, .. } => format!("the first {signed} records are not those that the ledger's key has signed"),
                Refused::Witnessed { witness, what } => format!("the witness {witness} has cosigned what the ledger does not have: {what}"),
                Refused::NotKept { .. } => "what is signed cannot be kept".to_owned(),
            };
            let message = format!("no checkpoint is signed: {why}; the ledger's operator finds the particulars in its log");
            Refusal::new(Code::FailedPrecondition, "CHECKPOINT_REFUSED", message)
        }
        ProofError::Witnesses { .. } => Refusal { retry_after, ..Refusal::new(Code::Unavailable, "WITNESSES_MISSING", error.to_string()) },
        ProofError::Ending => refusal_of(Error::Stopped(error.to_string())),
    }
}

/// The status of a caller that does not get in, or not further.
pub fn refused(refusal: access::Refusal) -> Status {
    status_of(refusal_of_caller(refusal))
}

/// The status of a call whose line of the access log cannot be written.
pub fn unlogged() -> Status {
    let message = "what is asked of the ledger is logged, and cannot be at the moment; it is safe to send the same request again";
    status_of(Refusal::new(Code::Unavailable, "NOT_LOGGED", message))
}

/// The status of a server that has no data directory to keep webhooks in.
pub fn no_webhooks() -> Status {
    status_of(Refusal::new(Code::FailedPrecondition, "NO_WEBHOOKS", "this server keeps no webhooks: its ledger has no data directory"))
}

/// The status of what cannot be done about an endpoint.
pub fn webhook_refused(refused: webhooks::Refused) -> Status {
    let message = refused.to_string();
    let of = |name: String| vec![("kind", "webhook".to_owned()), ("id", name)];
    match refused {
        webhooks::Refused::Ledger(error) => to_status(error),
        webhooks::Refused::Unknown(name) => status_of(Refusal::new(Code::NotFound, "UNKNOWN_ID", message).with(of(name))),
        webhooks::Refused::Exists(name) => status_of(Refusal::new(Code::AlreadyExists, "DUPLICATE_ID", message).with(of(name))),
        webhooks::Refused::TooMany => status_of(Refusal::new(Code::FailedPrecondition, "TOO_MANY_WEBHOOKS", message)),
        webhooks::Refused::TooManySecrets => status_of(Refusal::new(Code::FailedPrecondition, "TOO_MANY_WEBHOOK_SECRETS", message)),
        webhooks::Refused::Damaged { name, .. } => {
            status_of(Refusal::new(Code::FailedPrecondition, "WEBHOOK_DAMAGED", message).with(of(name)))
        }
        webhooks::Refused::NotKept(why) => {
            tracing::error!(why, "the webhooks of the data directory cannot be kept");
            status_of(Refusal::new(Code::FailedPrecondition, "WEBHOOKS_NOT_KEPT", message))
        }
        webhooks::Refused::System(why) => to_status(Error::Internal(why)),
    }
}

/// The status of an error.
pub fn to_status(error: Error) -> Status {
    status_of(refusal_of(error))
}

fn status_of(refusal: Refusal) -> Status {
    let Refusal { code, message, reason, metadata, violations, retry_after } = refusal.within_trailers();
    let metadata: HashMap<String, String> = metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    if !violations.is_empty() {
        let violations: Vec<_> =
            violations.into_iter().map(|violation| FieldViolation::new(violation.field, violation.description)).collect();
        details.set_bad_request(violations);
    }
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    Status::with_error_details(code, message, details)
}

/// The same, as the answer to one request of a stream or one event of a preview: one answer has many of them, so it is cut as
/// in a status.
pub fn to_append_error(error: Error) -> proto::AppendError {
    append_error_of(refusal_of(error))
}

/// Of a caller that asks for more than it may, the same.
pub fn refused_append(refusal: access::Refusal) -> proto::AppendError {
    append_error_of(refusal_of_caller(refusal))
}

fn append_error_of(refusal: Refusal) -> proto::AppendError {
    let Refusal { code, message, reason, metadata, violations, retry_after } = refusal.within_trailers();
    proto::AppendError {
        code: code as i32,
        message,
        reason: reason.to_owned(),
        metadata: metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        field_violations: violations
            .into_iter()
            .map(|Violation { field, description }| proto::FieldViolation { field, description })
            .collect(),
        retry_delay: retry_after.and_then(|delay| prost_types::Duration::try_from(delay).ok()),
    }
}

/// Adds to a status that the transport made the details that the contract promises of every error.
pub fn explained(status: &Status, path: &str) -> Status {
    let text = status.message();
    let (code, reason, message) = match status.code() {
        Code::OutOfRange if text.contains("encoded message length too large") => {
            (Code::OutOfRange, "MESSAGE_TOO_LARGE", format!("the answer is too large: {}", text.trim_start_matches("Error, ")))
        }
        Code::OutOfRange if text.contains("message length too large") => {
            (Code::OutOfRange, "MESSAGE_TOO_LARGE", format!("{}: send fewer events at once", text.trim_start_matches("Error, ")))
        }
        Code::Internal if text.starts_with("failed to decode") => (Code::InvalidArgument, "MALFORMED", text.to_owned()),
        Code::Unimplemented if text.is_empty() => (Code::Unimplemented, "UNIMPLEMENTED", format!("there is no method {path}")),
        code => (code, reason_of(code), text.to_owned()),
    };
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()))
}

fn reason_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "MALFORMED",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DAMAGED",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
