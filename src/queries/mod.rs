//! Answers to questions, as of a time and a position: from the state in memory and the journal.
//!
//! Every answer is a pure function of the state, of what is seen and of the question: the same for the present, the
//! past and the future. What is absent, on purpose: a clock, and any value that holds more than what is seen.

pub mod agreements;
pub mod alerts;
pub mod balances;
pub mod campaigns;
pub mod disputes;
pub mod explain;
pub mod leads;
pub mod metrics;
pub mod page;
pub mod partners;
pub mod payables;
pub mod payouts;
mod reasons;
mod relationship;
pub mod statement;
pub mod trial_balance;
mod words;

use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto;
use page::Page;
use std::ops::Deref;

/// A state that is read. Long answers let the writer in between their parts.
pub trait Reading: Deref<Target = State> {
    /// Lets a waiting writer in. What is seen stays the same; rows that are not seen may come and go.
    fn yield_to_writer(&mut self);
}

impl Reading for &State {
    fn yield_to_writer(&mut self) {}
}

/// A checked question that the state alone can answer.
pub trait Question: Sized {
    /// The message it comes in.
    type Request;
    /// The message that answers it.
    type Answer;

    /// The question of a request; bad fields go to `fields`.
    fn parse(request: &Self::Request, fields: &mut Fields) -> Self;

    /// As of when and as known at which position the request asks.
    fn options(request: &Self::Request) -> Option<&proto::ReadOptions>;

    /// Where the page begins, if it asks for a list.
    fn page(&self) -> Option<&Page> {
        None
    }

    /// The answer.
    ///
    /// # Errors
    /// `UnknownId` for what no record seen has introduced.
    fn answer<R: Reading>(&self, reading: &mut R, seen: Seen) -> Result<Self::Answer, Rejection>;
}

/// A record does not say what the state says that it did: damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The record.
    pub position: u64,
}

/// Checks the options of a request, so that all bad fields are found at once.
pub fn check_options(options: Option<&proto::ReadOptions>, fields: &mut Fields) {
    if let Some(options) = options {
        fields.within("options", |fields| fields.optional_time("as_of", options.as_of.as_ref()));
    }
}

fn unknown(kind: IdKind, id: &Id) -> Rejection {
    Rejection::UnknownId { kind, id: id.clone() }
}

/// The partner of an id, if it is seen.
fn partner_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.partners.find(id).filter(|row| seen.sees(state.partners.get(*row).registered()));
    row.ok_or_else(|| unknown(IdKind::Partner, id))
}

/// The agreement of an id, if it is seen.
fn agreement_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.agreements.by_id.find(id).filter(|row| state.agreements.by_id.get(*row).is_seen(seen));
    row.ok_or_else(|| unknown(IdKind::Agreement, id))
}

/// The campaign of an id, if its plan is seen.
fn campaign_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.campaigns.by_id.find(id).filter(|row| seen.sees(state.campaigns.by_id.get(*row).planned));
    row.ok_or_else(|| unknown(IdKind::Campaign, id))
}

/// The lead of an id or alias, if it is seen.
fn lead_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    state.leads.find_seen(id, seen).ok_or_else(|| unknown(IdKind::Lead, id))
}

/// The sale of an id, if it is seen.
fn sale_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let row = state.commissions.sales.find(id).filter(|row| seen.sees(state.commissions.sales.get(*row).stamp()));
    row.ok_or_else(|| unknown(IdKind::Sale, id))
}
