//! Every question of the contract, as a function of a view: what is asked, and as of which time and position.
//!
//! A query reads a `Source`: the state, what is derived beside it, and the journal's records. Its answer is the same for
//! the present, the past and the future. What is absent, on purpose: the wire, a clock, and any value that holds more
//! than what is seen.

pub mod agreements;
pub mod alerts;
pub mod backup;
pub mod balances;
pub mod campaigns;
pub mod disputes;
pub mod explain;
mod fitting;
mod frozen;
pub mod leads;
pub mod metrics;
pub mod own;
pub mod page;
pub mod partners;
pub mod payables;
pub mod payout_summary;
pub mod payouts;
pub mod programmes;
mod reasons;
pub mod records;
mod relationship;
mod requests;
mod source;
pub mod statement;
pub mod trial_balance;
mod words;

pub use frozen::Frozen;
pub use requests::{ListRequest, Request};
pub use source::{Reading, Source};

use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto;
use page::PageRequest;

/// A question about one subject, which costs little unless its lists are long.
pub trait SubjectQuery: Query {
    /// Whether the answer, as seen, looks at so much that it is read from a frozen view.
    fn is_long(state: &State, request: &Self::Request, seen: Seen) -> bool;
}

/// A question of the contract: a request that has one answer.
pub trait Query {
    /// The message of the question.
    type Request;
    /// The message of the answer.
    type Answer;

    /// Returns the answer to a request, as of its time and position.
    ///
    /// # Errors
    /// `Malformed` with all bad fields, `POSITION_NOT_REACHED`, `UNKNOWN_ID`; `Damaged` if records cannot be read.
    fn ask(source: &impl Source, request: &Self::Request) -> Result<Self::Answer, Error>;
}

/// A checked question that the state alone can answer.
pub trait StateQuery: Sized {
    /// The message of the question.
    type Request: Request;
    /// The message of the answer.
    type Answer;

    /// Returns the question of a request; bad fields go to `fields`.
    fn parse(request: &Self::Request, fields: &mut Fields) -> Self;

    /// The page that is asked for, if it is of a list.
    fn page(&self) -> Option<&PageRequest> {
        None
    }

    /// Returns the answer.
    ///
    /// # Errors
    /// `UnknownId` for what no record seen has introduced; when it is cancelled.
    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error>;
}

impl<Q: StateQuery> Query for Q {
    type Request = Q::Request;
    type Answer = Q::Answer;

    fn ask(source: &impl Source, request: &Q::Request) -> Result<Q::Answer, Error> {
        let (question, seen) = asked(source, request, Q::parse, Q::page)?;
        question.answer(&Reading::new(&source.view(seen), source.cancellation()).of(source.whose()), seen)
    }
}

/// Returns the question of a request, and what is seen: what its options say; on later pages what the first one saw.
///
/// # Errors
/// `Malformed` with all bad fields of the request and its options, `POSITION_NOT_REACHED`.
fn asked<R: Request, Q>(
    source: &impl Source,
    request: &R,
    parse: impl FnOnce(&R, &mut Fields) -> Q,
    page: impl FnOnce(&Q) -> Option<&PageRequest>,
) -> Result<(Q, Seen), Error> {
    let (mut fields, options) = (Fields::default(), request.options());
    let question = parse(request, &mut fields);
    check_options(options, &mut fields);
    if !fields.is_clean() {
        return Err(Error::Malformed(fields.into_violations()));
    }
    let seen = source.seen(options, source.now())?;
    let seen = match page(&question).and_then(|page| page.start) {
        Some(start) if start.seen.position > source.last() => {
            return Err(Error::malformed("page_token", "is of a ledger that has more records than this one"));
        }
        Some(start) => start.seen,
        None => seen,
    };
    Ok((question, seen))
}

/// A record does not say what the state says that it did: damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The record.
    pub position: u64,
}

impl From<Unreadable> for Error {
    fn from(Unreadable { position }: Unreadable) -> Self {
        Self::Damaged(format!("record {position} does not say what the state has from it"))
    }
}

/// Checks the options of a request, so that all bad fields are found at once.
fn check_options(options: Option<&proto::ReadOptions>, fields: &mut Fields) {
    if let Some(options) = options {
        fields.within("options", |fields| fields.optional_time("as_of", options.as_of.as_ref()));
    }
}

fn unknown(kind: IdKind, id: &Id) -> Rejection {
    Rejection::UnknownId { kind, id: id.clone() }
}

/// The partners that are seen, by id. What is seen does not change, so neither does a partner's place from page to page.
fn partners_by_id(state: &State, seen: Seen) -> Vec<Row> {
    let known = state.partners.iter().filter(|(_, _, partner)| seen.sees(partner.registered()));
    let mut partners: Vec<(&Id, Row)> = known.map(|(row, id, _)| (id, row)).collect();
    partners.sort_unstable();
    partners.into_iter().map(|(_, row)| row).collect()
}

/// Returns the partner of an id, if it is seen.
fn partner_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.partners.find(id).filter(|row| seen.sees(state.partners.get(*row).registered()));
    row.ok_or_else(|| unknown(IdKind::Partner, id))
}

/// Returns the agreement of an id, if it is seen.
fn agreement_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.agreements.by_id.find(id).filter(|row| state.agreements.by_id.get(*row).is_seen(seen));
    row.ok_or_else(|| unknown(IdKind::Agreement, id))
}

/// Returns the programme of an id, if its definition is seen.
fn programme_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.agreements.programmes.find(id).filter(|row| seen.sees(state.agreements.programmes.get(*row).defined()));
    row.ok_or_else(|| unknown(IdKind::Programme, id))
}

/// Returns the campaign of an id, if its plan is seen.
fn campaign_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.campaigns.by_id.find(id).filter(|row| seen.sees(state.campaigns.by_id.get(*row).planned));
    row.ok_or_else(|| unknown(IdKind::Campaign, id))
}

/// Returns the lead of an id or alias, if it is seen.
fn lead_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    state.leads.find_seen(id, seen).ok_or_else(|| unknown(IdKind::Lead, id))
}

/// Returns the sale of an id, if it is seen.
fn sale_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.commissions.sales.find(id).filter(|row| seen.sees(state.commissions.sales.get(*row).stamp()));
    row.ok_or_else(|| unknown(IdKind::Sale, id))
}
