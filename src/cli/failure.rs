//! Why a command failed: the text for people and the exit code for programs.

use super::language::{Language, say};
use super::text;
use partnership_ledger::journal::JournalError;
use partnership_ledger::proto;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The exit codes, as `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The reader of the output has closed it.
    Done = 0,
    /// A rule refused it, or a check failed.
    Failed = 1,
    /// The command line or the input is malformed, or names what may not be used.
    Malformed = 2,
    /// An id is not known.
    NotFound = 3,
    /// The ledger cannot be reached, is overloaded, or its directory is in use.
    Unavailable = 4,
    /// The database has less, or something else, than this server has published.
    LostHistory = 5,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    /// Where it happened, in front of the cause.
    place: String,
    cause: Cause,
    /// What to do about it, behind the cause.
    advice: String,
}

/// What went wrong; put into words when it is reported, in the language that is known by then.
#[derive(Debug)]
enum Cause {
    /// A sentence, made where it happened.
    Said(String),
    /// The ledger refused it.
    Refused(Box<Refusal>),
    /// The output could not be written.
    Output(String),
}

impl Failure {
    /// A check failed.
    pub fn check(text: impl Into<String>) -> Self {
        Self::of(Exit::Failed, Cause::Said(text.into()))
    }

    /// The command line or the input is malformed.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::of(Exit::Malformed, Cause::Said(text.into()))
    }

    /// The system refused a file: that it may not be used is the caller's to mend, wherever it comes up.
    pub fn of_file(text: impl Into<String>, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::PermissionDenied { Exit::Malformed } else { Exit::Failed };
        Self::of(exit, Cause::Said(text.into()))
    }

    /// What was asked for is not known.
    pub fn not_found(text: impl Into<String>) -> Self {
        Self::of(Exit::NotFound, Cause::Said(text.into()))
    }

    /// The same failure of a check, as one of the command line where the ledger does not let the caller look: nothing was checked.
    pub fn of_access(mut self) -> Self {
        if let Cause::Refused(refusal) = &self.cause
            && matches!(refusal.code, Code::Unauthenticated | Code::PermissionDenied)
        {
            self.exit = Exit::Malformed;
        }
        self
    }

    /// The ledger cannot be reached.
    pub fn unavailable(text: impl Into<String>) -> Self {
        Self::of(Exit::Unavailable, Cause::Said(text.into()))
    }

    /// The database has less, or something else, than this server has published.
    pub fn lost_history(text: impl Into<String>) -> Self {
        Self::of(Exit::LostHistory, Cause::Said(text.into()))
    }

    fn of(exit: Exit, cause: Cause) -> Self {
        Self { exit, place: String::new(), cause, advice: String::new() }
    }

    /// The same failure, with where it happened in front.
    pub fn at(mut self, place: &str) -> Self {
        self.place.insert_str(0, place);
        self
    }

    /// The same failure, with what to do about it behind.
    pub fn with_advice(mut self, advice: &str) -> Self {
        self.advice.push_str(advice);
        self
    }

    /// The same failure, with how the times of the command line were read behind.
    pub fn of_dates(self, dates: &[String]) -> Self {
        if dates.is_empty() || self.exit == Exit::Malformed { self } else { self.with_advice(&format!(" ({})", dates.join(", "))) }
    }

    /// Returns what went wrong, in a language.
    pub fn text(&self, language: Language) -> String {
        let cause = match &self.cause {
            Cause::Said(text) => text.clone(),
            Cause::Refused(refusal) => refusal.text(language),
            Cause::Output(error) => say!(language, "failure-output", error = error.as_str()),
        };
        format!("{}{cause}{}", self.place, self.advice)
    }

    /// Whether the reader of the output has closed it.
    pub fn is_reader_gone(&self) -> bool {
        self.exit == Exit::Done
    }

    /// Whether the same may be tried again later: the ledger is away, stopped or overloaded.
    pub fn is_unavailable(&self) -> bool {
        self.exit == Exit::Unavailable
    }

    /// Writes it to standard error and returns the exit code.
    pub fn report(self, language: Language) -> ExitCode {
        if self.exit != Exit::Done {
            // If standard error is closed, the exit code alone reports it.
            let _ = writeln!(io::stderr(), "{}", say!(language, "error", text = self.text(language)));
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<io::Error> for Failure {
    /// A failure to write the output; a reader that has closed it (`| head`) is none.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::of(Exit::Done, Cause::Output(error.to_string())),
            _ => Self::of(Exit::Failed, Cause::Output(error.to_string())),
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let text = error.to_string();
        match error {
            JournalError::Locked { .. } | JournalError::Unreachable { .. } => Self::unavailable(text),
            JournalError::Unreplicated { .. } => Self::usage(text),
            JournalError::Shorter { .. } | JournalError::Diverged { .. } => Self::lost_history(text),
            JournalError::Storage { source, .. } => Self::of_file(text, &source),
            _ => Self::check(text),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Refusal::from(status).into()
    }
}

/// A refusal by the ledger, whether it came as a status or on a stream.
#[derive(Debug)]
pub struct Refusal {
    /// The status code.
    pub code: Code,
    /// The rule's code; of an answer without one, the status code's name.
    pub reason: String,
    /// The ledger's sentence.
    pub message: String,
    /// Every invalid field, with what is wrong with it.
    pub violations: Vec<(String, String)>,
    /// How long to wait before trying again, on overload.
    pub retry_delay: Option<Duration>,
    /// Where the ledger records, if the one that was asked does not and knows it.
    pub leader: Option<String>,
}

impl Refusal {
    /// Whether it is about the events that were sent, so that sending them again would be refused again.
    pub fn is_about_the_request(&self) -> bool {
        use Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange, Unimplemented};
        matches!(self.code, InvalidArgument | FailedPrecondition | NotFound | AlreadyExists | OutOfRange | Unimplemented)
    }

    /// Whether another server may take the same request: this one follows, or is about to end.
    pub fn is_for_another_server(&self) -> bool {
        self.code == Code::Unavailable && matches!(self.reason.as_str(), "NOT_LEADER" | "STOPPED" | "UNAVAILABLE")
    }

    /// Returns the code with the ledger's sentence, which is English, or with every invalid field; in other languages with
    /// the meaning of the code as well.
    fn text(&self, language: Language) -> String {
        let bad_fields: Vec<String> = self.violations.iter().map(|(field, description)| bad_field(field, description)).collect();
        let sentence = match bad_fields.as_slice() {
            [] => text::line(&self.message),
            [only] => only.clone(),
            several => format!("{}\n  {}", say!(language, "failure-fields", count = several.len()), several.join("\n  ")),
        };
        say!(language, "failure-refused", code = self.reason.as_str(), sentence = sentence)
    }

    fn exit(&self) -> Exit {
        match self.code {
            Code::InvalidArgument | Code::OutOfRange => Exit::Malformed,
            Code::NotFound => Exit::NotFound,
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled => Exit::Unavailable,
            _ => Exit::Failed,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::of(refusal.exit(), Cause::Refused(Box::new(refusal)))
    }
}

/// Removes an event's index from a field's path: an event that was sent alone is known by its line.
fn bad_field(field: &str, description: &str) -> String {
    let field = field.strip_prefix("events[0].").unwrap_or(field);
    format!("{}: {}", text::line(field), text::line(description))
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
        Self {
            code: status.code(),
            reason: details.error_info().map_or_else(|| code_name(status.code()), |info| info.reason.clone()),
            message: status.message().to_owned(),
            violations: violations.iter().map(|violation| (violation.field.clone(), violation.description.clone())).collect(),
            retry_delay: details.retry_info().and_then(|info| info.retry_delay),
            leader: details.error_info().and_then(|info| info.metadata.get("leader").cloned()),
        }
    }
}

impl From<proto::AppendError> for Refusal {
    fn from(error: proto::AppendError) -> Self {
        let code = Code::from(error.code);
        Self {
            code,
            reason: if error.reason.is_empty() { code_name(code) } else { error.reason },
            message: error.message,
            violations: error.field_violations.into_iter().map(|violation| (violation.field, violation.description)).collect(),
            retry_delay: error.retry_delay.and_then(|delay| Duration::try_from(delay).ok()),
            leader: error.metadata.get("leader").cloned(),
        }
    }
}

/// Returns the name of a status code as gRPC writes it: `NOT_FOUND`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_status_is_told_with_its_reason_sentence_and_bad_fields() {
        let mut details = ErrorDetails::new();
        details.set_error_info("MALFORMED", "partnership-ledger", std::collections::HashMap::new());
        details.add_bad_request_violation("events[0].sale_recorded.amount", "must be above zero");
        let failure = Failure::from(Status::with_error_details(Code::InvalidArgument, "1 field is bad", details));
        assert_eq!(failure.exit, Exit::Malformed);
        assert_eq!(failure.text(Language::English), "MALFORMED: sale_recorded.amount: must be above zero");
        let thai = failure.at("บรรทัดที่ 1: ").text(Language::Thai);
        assert_eq!(thai, "บรรทัดที่ 1: MALFORMED (ข้อมูลไม่ถูกต้อง): sale_recorded.amount: must be above zero");
    }

    #[test]
    fn a_status_without_details_is_told_by_its_code() {
        let failure = Failure::from(Status::failed_precondition("no"));
        assert_eq!((failure.exit, failure.text(Language::English)), (Exit::Failed, "FAILED_PRECONDITION: no".to_owned()));
        assert_eq!(Failure::from(Status::not_found("x")).exit, Exit::NotFound);
        assert_eq!(Failure::from(Status::unavailable("x")).exit, Exit::Unavailable);
    }

    #[test]
    fn a_reader_that_has_gone_is_no_failure() {
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit, Exit::Done);
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::StorageFull)).exit, Exit::Failed);
    }
}
