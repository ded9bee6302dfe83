//! What a partner sees: one place for all questions, which every call goes through.
//!
//! The way of a partner's question: `questions` says which ids it names and narrows it to its partner; an id that is not its
//! own – `belongings` says what is – is as unknown as one that nobody introduced. The query then answers from a source that
//! says whose business is shown, so that lists and their pages are made of its own rows. Of the answer, `answers` takes out
//! what is about all, and `redaction` puts "another partner" in place of every id, name and mention of what is another's.
//! `records` says which records are shown as they are stored. Nothing is shown that these do not know: a field that
//! `fields` has no line for is left empty, and a call whose request has no line in `questions` does not compile.
//!
//! Who only records reads back its own records, and nothing else.

mod answers;
mod belongings;
mod fields;
mod questions;
pub mod records;
mod redaction;

pub use belongings::Own;
pub use questions::{PartnersAnswer, PartnersQuestion};

use super::records::{Following, Scan};
use super::{Query, Source};
use crate::domain::calendar::{LATEST, Time};
use crate::domain::ids::{EventId, Id};
use crate::domain::rejection::Rejection;
use crate::domain::{Seen, State};
use crate::journal::StoredRecord;
use crate::ledger::{Cancellation, Error};
use crate::projections::index::Index;
use crate::projections::metrics::Metrics;
use crate::proto;
use redaction::Redaction;
use std::sync::Arc;

/// Whose business a caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everybody's.
    All,
    /// That of one partner.
    Partner(Id),
    /// The records that it has recorded, by its name.
    Recorder(Arc<str>),
}

/// Why a question is not for who asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotForCaller {
    /// The ledger does not know the partner whose business it sees.
    UnknownPartner(Id),
    /// It reads back its own records, and asks for something else.
    OwnRecordsAlone,
}

/// An answer, or that the question is not for who asks it.
pub type Answered<T> = Result<T, NotForCaller>;

/// Returns the answer to a request as a caller sees it.
///
/// # Errors
/// Those of the query; `UnknownId` also for what is another partner's.
pub fn ask<Q: Query>(source: &impl Source, sight: &Sight, request: Q::Request) -> Result<Answered<Q::Answer>, Error>
where
    Q::Request: PartnersQuestion<Answer = Q::Answer>,
    Q::Answer: PartnersAnswer,
{
    match sight {
        Sight::All => Q::ask(source, &request).map(Ok),
        Sight::Partner(partner) => ask_as_partner::<Q>(source, partner, request),
        Sight::Recorder(_) if !request.is_for_recorders() => Ok(Err(NotForCaller::OwnRecordsAlone)),
        Sight::Recorder(name) => {
            let answer = Q::ask(source, &request)?;
            request.check_recorder(&answer, name)?;
            Ok(Ok(answer))
        }
    }
}

fn ask_as_partner<Q: Query>(source: &impl Source, whose: &Id, mut request: Q::Request) -> Result<Answered<Q::Answer>, Error>
where
    Q::Request: PartnersQuestion<Answer = Q::Answer>,
    Q::Answer: PartnersAnswer,
{
    let source = OwnSource { inner: source, whose };
    let seen = match checked(&source, &request) {
        Ok(Ok(seen)) => seen,
        Ok(Err(refused)) => return Ok(Err(refused)),
        // What is malformed is said by the query, which finds all of it; what it would take all the same is refused here.
        Err(error @ Error::Malformed(_)) => return Err(Q::ask(&source, &request).err().unwrap_or(error)),
        Err(error) => return Err(error),
    };
    request.narrow(whose)?;
    let mut answer = Q::ask(&source, &request).map_err(|error| request.refused(error))?;
    let view = source.view(seen);
    let Some(partner) = view.partners.find(whose) else { return Ok(Err(NotForCaller::UnknownPartner(whose.clone()))) };
    // What has become its own by the position may be named, whatever the time asked.
    let own = Own { state: &view, partner, seen: Seen { time: LATEST, position: seen.position } };
    request.finish(&mut answer, &own)?;
    Redaction::new(&own, source.cancellation()).of_answer(&answer).map(Ok)
}

/// Checks that what a question names is its partner's own; returns what it sees.
///
/// # Errors
/// `UnknownId` for the first of its ids that is not, whether anybody has introduced it or not; `Malformed` with an id or
/// options that are none; `POSITION_NOT_REACHED`.
fn checked<S: Source, R: PartnersQuestion>(source: &OwnSource<'_, S>, request: &R) -> Result<Answered<Seen>, Error> {
    let seen = source.seen(request.options(), source.now())?;
    let view = source.view(seen);
    let Some(partner) = view.partners.find(source.whose) else {
        return Ok(Err(NotForCaller::UnknownPartner(source.whose.clone())));
    };
    let own = Own { state: &view, partner, seen };
    let named = request.names().into_iter().map(|(kind, text)| Id::new(text).map(|id| (kind, id)));
    let named: Option<Vec<_>> = named.collect();
    let named = named.ok_or_else(|| Error::malformed("id", "is no id"))?;
    match named.into_iter().find(|(kind, id)| !own.has(*kind, id)) {
        Some((kind, id)) => Err(Rejection::UnknownId { kind, id }.into()),
        None => Ok(Ok(seen)),
    }
}

/// Returns the scan of records that a request asks for, as a caller sees them.
///
/// # Errors
/// Those of the scan; `UnknownId` also for a filter by what is another partner's.
pub fn scan<S: Source>(source: S, sight: &Sight, mut request: proto::ReadRecordsRequest) -> Result<Answered<Scan<S>>, Error> {
    match sight {
        Sight::All => Scan::new(source, request).map(Ok),
        Sight::Recorder(_) => Ok(Err(NotForCaller::OwnRecordsAlone)),
        Sight::Partner(whose) => {
            if let Err(refused) = checked(&OwnSource { inner: &source, whose }, &request)? {
                return Ok(Err(refused));
            }
            request.narrow(whose)?;
            let partner = source.view(Seen::ALL).partners.find(whose);
            let Some(partner) = partner else { return Ok(Err(NotForCaller::UnknownPartner(whose.clone()))) };
            Scan::new(source, request).map(|scan| Ok(scan.of(partner)))
        }
    }
}

/// Returns what a request to subscribe asks for, as a caller sees it.
///
/// # Errors
/// Those of `Following::new`; `UnknownId` also for a filter by what is another partner's.
pub fn follow<S: Source>(source: &S, sight: &Sight, mut request: proto::SubscribeRequest) -> Result<Answered<Following>, Error> {
    match sight {
        Sight::All => Following::new(source, request).map(Ok),
        Sight::Recorder(_) => Ok(Err(NotForCaller::OwnRecordsAlone)),
        Sight::Partner(whose) => {
            if let Err(refused) = checked(&OwnSource { inner: source, whose }, &request)? {
                return Ok(Err(refused));
            }
            request.narrow(whose)?;
            let partner = source.view(Seen::ALL).partners.find(whose);
            let Some(partner) = partner else { return Ok(Err(NotForCaller::UnknownPartner(whose.clone()))) };
            Following::new(source, request).map(|following| Ok(following.of(partner)))
        }
    }
}

/// A source of which the business of one partner is shown.
struct OwnSource<'a, S> {
    inner: &'a S,
    whose: &'a Id,
}

impl<S: Source> Source for OwnSource<'_, S> {
    type View<'b>
        = S::View<'b>
    where
        Self: 'b;

    fn last(&self) -> u64 {
        self.inner.last()
    }

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn seen(&self, options: Option<&proto::ReadOptions>, otherwise: Time) -> Result<Seen, Error> {
        self.inner.seen(options, otherwise)
    }

    fn view(&self, seen: Seen) -> S::View<'_> {
        self.inner.view(seen)
    }

    fn read_frozen<R>(&self, position: u64, read: impl FnOnce(&State) -> R) -> R {
        self.inner.read_frozen(position, read)
    }

    fn whose(&self) -> Option<&Id> {
        Some(self.whose)
    }

    fn cancellation(&self) -> &Cancellation {
        self.inner.cancellation()
    }

    fn index<R>(&self, read: impl FnOnce(&Index) -> R) -> R {
        self.inner.index(read)
    }

    fn metrics<R>(&self, read: impl FnOnce(&Metrics) -> R) -> R {
        self.inner.metrics(read)
    }

    fn record(&self, position: u64) -> Result<proto::Record, Error> {
        self.inner.record(position)
    }

    fn record_of(&self, event_id: EventId) -> Result<proto::Record, Error> {
        self.inner.record_of(event_id)
    }

    fn stored_records(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, Error> {
        self.inner.stored_records(from, max_records, max_bytes)
    }
}
