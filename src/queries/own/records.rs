//! Records as they are stored: a partner is shown those that are about it and about nobody else. They are shown whole or not
//! at all.

use super::belongings::Own;
use super::redaction::Redaction;
use crate::domain::calendar::LATEST;
use crate::domain::ids::IdKind;
use crate::domain::table::Row;
use crate::domain::{Record, Seen, State};
use crate::journal::StoredRecord;
use crate::ledger::{Cancellation, Error, decode};
use crate::proto;
use prost::Message as _;

/// Returns those of some records that a partner is shown.
///
/// # Errors
/// `Damaged` if one cannot be decoded.
pub fn shown(records: Vec<StoredRecord>, state: &State, partner: Row) -> Result<Vec<StoredRecord>, Error> {
    let mut shown = Vec::with_capacity(records.len());
    for stored in records {
        if is_own(&decode(&stored)?, state, partner) && is_clean(&stored.bytes, stored.position, state, partner) {
            shown.push(stored);
        }
    }
    Ok(shown)
}

/// Whether a partner is shown a record.
pub fn is_shown(record: &proto::Record, state: &State, partner: Row) -> bool {
    is_own(record, state, partner) && is_clean(&record.encode_to_vec(), record.position, state, partner)
}

/// Whether a record is about a partner, and all whom it is about are its own.
fn is_own(message: &proto::Record, state: &State, partner: Row) -> bool {
    let Ok(record) = Record::from_message(message) else { return false };
    let subjects = state.subjects(&record);
    let own = own_at(message.position, state, partner);
    subjects.partners.as_slice() == [partner]
        && subjects.agreements.iter().all(|row| own.has_row(IdKind::Agreement, *row))
        && subjects.leads.iter().all(|row| own.has_row(IdKind::Lead, *row))
}

/// Whether nothing in a record's bytes names what is another's, nor what this release does not know.
fn is_clean(bytes: &[u8], position: u64, state: &State, partner: Row) -> bool {
    Redaction::new(&own_at(position, state, partner), &Cancellation::NEVER).leaves_as_it_is("Record", bytes)
}

/// What was the partner's own when a record was recorded.
fn own_at(position: u64, state: &State, partner: Row) -> Own<'_> {
    Own { state, partner, seen: Seen { time: LATEST, position } }
}
