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

/// A difference and at which request.
pub type Found = (usize, Difference);

/// Sends the requests to both, until they differ.
pub fn first_difference(requests: &[pb::AppendRequest]) -> Option<Found> {
    let mut contest = Contest::new();
    requests.iter().enumerate().find_map(|(index, request)| Some((index + 1, contest.append(request)?)))
}

/// Sends all requests to both, also after they differ.
pub fn all_differences(requests: &[pb::AppendRequest]) -> Vec<Found> {
    let mut contest = Contest::new();
    let all = requests.iter().enumerate();
    all.filter_map(|(index, request)| Some((index + 1, contest.append(request)?))).collect()
}

/// The model and the ledger, with the same records as long as they agree.
pub struct Contest {
    pub model: Model,
    pub served: Served,
}

impl Contest {
    /// Both empty, at the workloads' present.
    pub fn new() -> Self {
        Self { model: Model { now: Some(NOW), ..Model::default() }, served: Served::in_memory(Arc::new(MemoryJournal::new()), NOW) }
    }

    /// Sends one request to both.
    pub fn append(&mut self, request: &pb::AppendRequest) -> Option<Difference> {
        let by_model = compare::appended(request, &self.model.append(request));
        let by_ledger = compare::appended(request, &self.served.append(request));
        compare::difference(&by_model, &by_ledger)
    }
}

/// The requests as numbered JSON lines, ready to be sent again.
pub fn listing(requests: &[pb::AppendRequest]) -> String {
    let mut listing = String::new();
    for (index, request) in requests.iter().enumerate() {
        listing.push_str(&format!("{:>4} {}\n", index + 1, json::line("AppendRequest", request)));
    }
    listing
}

/// Requests from numbered JSON lines.
pub fn requests(listing: &str) -> Vec<pb::AppendRequest> {
    let lines = listing.lines().filter_map(|line| line.find('{').map(|start| &line[start..]));
    let request = |line: &str| {
        let json = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        json::read(json::message("AppendRequest"), &json).transcode_to().expect("generated from the same contract")
    };
    lines.map(request).collect()
}
