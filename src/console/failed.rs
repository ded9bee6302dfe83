//! Why a page cannot be shown, and the page that says so.

use super::page::{Page, Place, Section};
use super::visit::Visit;
use crate::language::text::line;
use crate::language::{Language, say};
use hyper::StatusCode;
use maud::html;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Why a page cannot be shown.
#[derive(Debug)]
pub enum Failed {
    /// The ledger has refused the question.
    Asked(Box<Status>),
    /// There is no such page.
    NoPage,
    /// What was sent is not right, and why.
    Bad(String),
    /// It is at another address.
    Elsewhere(String),
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        Self::Asked(Box::new(status))
    }
}

impl Failed {
    /// The code of HTTP that says the same.
    pub fn code(&self) -> StatusCode {
        match self {
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Elsewhere(_) => StatusCode::SEE_OTHER,
            Self::Asked(status) => match status.code() {
                Code::NotFound => StatusCode::NOT_FOUND,
                Code::Unauthenticated => StatusCode::UNAUTHORIZED,
                Code::PermissionDenied => StatusCode::FORBIDDEN,
                Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
                Code::FailedPrecondition | Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
                Code::ResourceExhausted | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    /// Whether it is not known who looks.
    pub fn is_unauthenticated(&self) -> bool {
        self.code() == StatusCode::UNAUTHORIZED
    }

    /// The page that says so.
    pub fn page(&self, visit: &Visit) -> Page {
        let language = visit.language;
        let title = match self.code() {
            StatusCode::NOT_FOUND => say!(language, "console-not-found"),
            StatusCode::FORBIDDEN => say!(language, "console-forbidden"),
            StatusCode::BAD_REQUEST => say!(language, "console-bad-request"),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => say!(language, "console-busy"),
            _ => say!(language, "console-refused"),
        };
        let told = match self {
            Self::Asked(status) => refusal(language, status),
            Self::Bad(why) => vec![why.clone()],
            Self::NoPage | Self::Elsewhere(_) => vec![say!(language, "console-no-page")],
        };
        let told = html! { @for line in told { p { (line) } } p { a href=(visit.to("/")) { (say!(language, "console-to-overview")) } } };
        Page::new(Place::Nowhere, String::new(), title).section(Section::new(String::new()).markup(told))
    }
}

/// Whether a refusal is about the event that was sent, so that another one might be taken.
pub fn is_about_the_event(status: &Status) -> bool {
    use Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange};
    matches!(status.code(), InvalidArgument | FailedPrecondition | NotFound | AlreadyExists | OutOfRange)
}

/// What the ledger says of a refusal: the code with its sentence, or every bad field.
pub fn refusal(language: Language, status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let code = details.error_info().map_or_else(|| format!("{:?}", status.code()), |info| info.reason.clone());
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    if violations.is_empty() {
        return vec![say!(language, "failure-refused", code = code, sentence = line(status.message()))];
    }
    let fields = violations.iter().map(|violation| {
        let field = violation.field.strip_prefix("events[0].").unwrap_or(&violation.field);
        let sentence = format!("{}: {}", line(field), line(&violation.description));
        say!(language, "failure-refused", code = code.as_str(), sentence = sentence)
    });
    fields.collect()
}
