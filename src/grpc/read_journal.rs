//! Questions whose answer needs more than the state: records from the journal, an index, a projection. The state is never
//! held while those are read.

use super::read::{parsed, seen_by};
use crate::ledger::{Error, Ledger};
use crate::proto;
use crate::queries::explain::ExplainSale;
use crate::queries::metrics::GetMetrics;
use crate::queries::statement::ListEntries;
use std::collections::BTreeMap;

/// Positions that are read for nothing rather than starting anew.
const MAX_GAP: u64 = 8;
/// Positions that are read at a time.
const MAX_RUN: u64 = 512;
/// Bytes that are read at a time.
const READ_BYTES: usize = 4 << 20;

/// A page of a statement (rules 7.1).
///
/// # Errors
/// `Malformed`, `POSITION_NOT_REACHED`, `UNKNOWN_ID`; `Damaged` if records cannot be read.
pub fn list_entries(ledger: &Ledger, request: &proto::ListEntriesRequest) -> Result<proto::ListEntriesResponse, Error> {
    let options = request.options.as_ref();
    let question = parsed(options, |fields| ListEntries::parse(request, fields))?;
    let seen = seen_by(ledger, options, Some(&question.page))?;
    let subject = question.subject(&ledger.view_at(seen), seen)?;
    let among = ledger.index(|index| subject.positions(index, seen));
    question.answer(
        seen,
        &subject,
        |from, limit| Ok(question.lines(&mut ledger.view_at(seen), seen, &subject, among.as_deref(), from, limit)),
        |positions| records_at(ledger, positions),
    )
}

/// How a sale's commission came about (rules 6.2).
///
/// # Errors
/// As `list_entries`.
pub fn explain_sale(ledger: &Ledger, request: &proto::ExplainSaleRequest) -> Result<proto::ExplainSaleResponse, Error> {
    let options = request.options.as_ref();
    let question = parsed(options, |fields| ExplainSale::parse(request, fields))?;
    let seen = seen_by(ledger, options, None)?;
    let position = question.position(&ledger.view_at(seen), seen)?;
    let record = ledger.record(position)?;
    Ok(question.answer(&ledger.view_at(seen), seen, &record)?)
}

/// Figures (rules 11).
///
/// # Errors
/// `Malformed`, `POSITION_NOT_REACHED`, `UNKNOWN_ID`.
pub fn get_metrics(ledger: &Ledger, request: &proto::GetMetricsRequest) -> Result<proto::GetMetricsResponse, Error> {
    let options = request.options.as_ref();
    let question = parsed(options, |fields| GetMetrics::parse(request, fields))?;
    let seen = seen_by(ledger, options, None)?;
    let subject = question.subject(&ledger.view_at(seen), seen)?;
    let gathered = ledger.metrics(|projection| subject.gather(projection));
    Ok(subject.answer(&mut ledger.view_at(seen), gathered))
}

/// The records at positions, rising.
fn records_at(ledger: &Ledger, positions: &[u64]) -> Result<BTreeMap<u64, proto::Record>, Error> {
    let mut records = BTreeMap::new();
    for (first, last) in runs(positions) {
        let mut next = first;
        while next <= last {
            let read = ledger.records(next, usize::try_from(last - next + 1).unwrap_or(usize::MAX), READ_BYTES)?;
            let Some(reached) = read.last().map(|record| record.position) else {
                return Err(Error::Damaged(format!("the journal does not give record {next}")));
            };
            next = reached + 1;
            records.extend(read.into_iter().map(|record| (record.position, record)));
        }
    }
    records.retain(|position, _| positions.binary_search(position).is_ok());
    Ok(records)
}

/// Positions that lie close together, as first and last of what is read at once.
fn runs(positions: &[u64]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &position in positions {
        match runs.last_mut() {
            Some((first, last)) if position - *last <= MAX_GAP && position - *first < MAX_RUN => *last = position,
            _ => runs.push((position, position)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_together_if_they_lie_together() {
        assert_eq!(runs(&[1, 2, 9, 40, 41]), [(1, 9), (40, 41)]);
        assert_eq!(runs(&[]), []);
        let long: Vec<u64> = (1..=2 * MAX_RUN).collect();
        assert_eq!(runs(&long), [(1, MAX_RUN), (MAX_RUN + 1, 2 * MAX_RUN)]);
    }
}
