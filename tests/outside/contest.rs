//! The model against the ledger on one workload.

use std::sync::Arc;

use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto as pb;

use super::compare::{self, Difference};
use super::json;
use super::ledger::Ledger;
use super::model::Model;
use super::served::Served;
use super::workload::NOW;

/// Sends the requests to both; the first difference and at which request.
pub fn first_difference(requests: &[pb::AppendRequest]) -> Option<(usize, Difference)> {
    let mut model = Model { now: Some(NOW), ..Model::default() };
    let mut served = Served::in_memory(Arc::new(MemoryJournal::new()), NOW);
    for (index, request) in requests.iter().enumerate() {
        let by_model = compare::appended(request, &model.append(request));
        let by_ledger = compare::appended(request, &served.append(request));
        if let Some(difference) = compare::difference(&by_model, &by_ledger) {
            return Some((index + 1, difference));
        }
    }
    None
}

/// The requests as numbered JSON lines, ready to be sent again.
pub fn listing(requests: &[pb::AppendRequest]) -> String {
    let mut listing = String::new();
    for (index, request) in requests.iter().enumerate() {
        listing.push_str(&format!("{:>4} {}\n", index + 1, json::line("AppendRequest", request)));
    }
    listing
}
