//! Notes of a call for whoever observes it: who makes it, what it is about, what became of it. Never what is in an event.

use super::observer::{Appended, Observer};
use super::status::refused;
use super::subjects::type_number;
use crate::access::{Caller, Credential, Exceeded, Refusal};
use crate::ledger::{Answered, Denied, Error};
use crate::queries::own::PartnersQuestion;
use bytes::Bytes;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::sync::Arc;
use tonic::Status;
use tonic::codegen::http::HeaderMap;
use tonic_types::StatusExt as _;

/// The most ids that are noted of a call; the others are counted.
const MOST_SUBJECTS: usize = 32;
/// The longest that is noted of an id, in characters.
const LONGEST_SUBJECT: usize = 128;

/// What is noted of a call.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// Who makes it, and how it was recognised; `None` if it was not.
    pub caller: Option<Known>,
    /// Why the caller did not get in, or not further.
    pub refusal: Option<Refused>,
    /// The reason of the error that ended it.
    pub reason: Option<String>,
    /// The ids in its fields, by the names of these.
    pub subjects: Vec<(&'static str, String)>,
    /// How many more there were.
    pub subjects_left_out: usize,
    /// How many events of each type were sent, by the type's number in the contract.
    pub events: SmallVec<[(u32, u64); 4]>,
    /// The first and the last position that it recorded.
    pub recorded: Option<(u64, u64)>,
    /// Events that were recorded before.
    pub duplicates: u64,
    /// Events that were refused in a stream that went on.
    pub refused: u64,
    /// The position that it was read at.
    pub read_at: Option<u64>,
}

/// A caller that was recognised.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name.
    pub principal: Arc<str>,
    /// How it was recognised.
    pub credential: Credential,
    /// Whether it appends and does nothing else.
    pub is_emitter: bool,
}

/// Why a caller did not get in, or not further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The kind.
    pub kind: &'static str,
    /// What the caller is not told, or not in these words.
    pub why: String,
}

impl Refused {
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated(failure) => Self { kind: failure.kind.name(), why: failure.why.clone() },
            Refusal::Role { rpc, .. } => Self { kind: "role", why: format!("for the roles {}", rpc.roles().names().join(", ")) },
            Refusal::RateLimited(Exceeded { limit, most, .. }) => Self { kind: "rate", why: format!("{limit} = {most}") },
            Refusal::UnknownPartner { partner } => Self { kind: "unknown_partner", why: partner.to_string() },
            Refusal::OwnRecordsAlone => Self { kind: "own_records", why: "for others' records".to_owned() },
            Refusal::TooManyFailures { .. } => Self { kind: "failed_attempts", why: "too many from this address".to_owned() },
        }
    }
}

/// The notes of a call.
#[derive(Debug)]
pub struct Notes {
    observer: Arc<dyn Observer>,
    wants_subjects: bool,
    noted: Mutex<Noted>,
}

impl Notes {
    /// Notes for an observer.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { wants_subjects: observer.wants_subjects(), observer, noted: Mutex::default() }
    }

    /// What was noted.
    pub fn read<R>(&self, read: impl FnOnce(&Noted) -> R) -> R {
        read(&self.noted.lock())
    }

    /// The reason of the error that a call ended with.
    pub(super) fn failed(&self, trailers: &HeaderMap) {
        if !self.wants_subjects {
            return;
        }
        let reason = Status::from_header_map(trailers).and_then(|status| reason_of(&status));
        self.noted.lock().reason = reason;
    }
}

/// Where a handler notes; nowhere if nobody observes.
#[derive(Clone, Debug, Default)]
pub struct Noting(pub Option<Arc<Notes>>);

impl Noting {
    /// Where to note what a request is about.
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        Self(request.extensions().get::<Arc<Notes>>().cloned())
    }

    fn note(&self, note: impl FnOnce(&mut Noted)) {
        if let Some(notes) = &self.0 {
            note(&mut notes.noted.lock());
        }
    }

    /// Who calls.
    pub fn caller(&self, caller: &Caller) {
        let is_emitter = caller.principal.sees_only_own_records();
        self.note(|noted| noted.caller = Some(Known { principal: caller.name(), credential: caller.credential.clone(), is_emitter }));
    }

    /// Why the caller does not get in, or not further.
    pub fn refusal(&self, refusal: &Refusal) {
        self.note(|noted| {
            noted.refusal = Some(Refused::of(refusal));
            if let Refusal::Role { principal, credential, .. } = refusal {
                noted.caller = Some(Known { principal: Arc::clone(principal), credential: (**credential).clone(), is_emitter: false });
            }
        });
        let Some(notes) = self.0.as_ref().filter(|_| matches!(refusal, Refusal::RateLimited(_))) else { return };
        let principal = notes.read(|noted| noted.caller.as_ref().map(|known| Arc::clone(&known.principal)));
        principal.iter().for_each(|principal| notes.observer.limited(principal));
    }

    /// The status of such a caller, which is noted.
    pub fn refused(&self, refusal: Refusal) -> Status {
        self.refusal(&refusal);
        refused(refusal)
    }

    /// What a question is about.
    pub fn asked(&self, question: &impl PartnersQuestion) {
        if self.0.as_ref().is_some_and(|notes| notes.wants_subjects) {
            question.names().into_iter().for_each(|(kind, id)| self.subject(kind.field(), id));
        }
    }

    /// An id in a field of a request.
    pub fn subject(&self, field: &'static str, id: &str) {
        let Some(notes) = self.0.as_ref().filter(|notes| notes.wants_subjects) else { return };
        let noted = &mut *notes.noted.lock();
        match noted.subjects.len() {
            ..MOST_SUBJECTS => noted.subjects.push((field, id.chars().take(LONGEST_SUBJECT).collect())),
            _ => noted.subjects_left_out += 1,
        }
    }

    /// The position that a question was read at.
    pub fn read_at(&self, position: u64) {
        self.note(|noted| noted.read_at = Some(position));
    }

    /// The types of events that were sent.
    pub fn events(&self, events: &[Bytes]) {
        let Some(notes) = self.0.as_ref().filter(|notes| notes.wants_subjects) else { return };
        let noted = &mut *notes.noted.lock();
        for number in events.iter().map(|event| type_number(event)) {
            match noted.events.iter_mut().find(|(known, _)| *known == number) {
                Some((_, count)) => *count += 1,
                None => noted.events.push((number, 1)),
            }
        }
    }

    /// What became of the events of a request that was taken.
    pub fn appended(&self, answered: &Answered) {
        let Some(notes) = &self.0 else { return };
        let Answered { response, after, recorded, .. } = answered;
        let duplicates = (response.results.len() as u64).saturating_sub(*recorded);
        {
            let noted = &mut *notes.noted.lock();
            if *recorded > 0 {
                let first = noted.recorded.map_or(after + 1, |(first, _)| first);
                noted.recorded = Some((first, after + recorded));
            }
            noted.duplicates += duplicates;
        }
        notes.observer.appended(&Appended::Recorded { recorded: *recorded, duplicates });
    }

    /// What an error says beyond its reason: that the caller may not.
    pub fn denied(&self, error: &Error) {
        if let Error::Denied { denied: Denied { missing, what }, .. } = error {
            self.note(|noted| noted.refusal = Some(Refused { kind: missing.name(), why: what.clone() }));
        }
    }

    /// A request of a stream was refused; the stream goes on.
    pub fn request_refused(&self, events: u64, reason: &str) {
        let Some(notes) = &self.0 else { return };
        notes.noted.lock().refused += events;
        notes.observer.appended(&Appended::Refused { events, reason });
    }

    /// A call to append was refused.
    pub fn append_refused(&self, events: u64, status: Status) -> Status {
        if let Some(notes) = &self.0 {
            let reason = reason_of(&status).unwrap_or_default();
            notes.observer.appended(&Appended::Refused { events, reason: &reason });
        }
        status
    }
}

fn reason_of(status: &Status) -> Option<String> {
    status.get_error_details().error_info().map(|info| info.reason.clone())
}
