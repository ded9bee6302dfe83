//! The model against the ledger on one workload.

use std::sync::Arc;

use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto as pb;

use super::compare::{self, Difference};
use super::json;
use super::ledger::{Ledger, When};
use super::model::Model;
use super::questions::{self, Question};
use super::served::Served;
use super::workload::NOW;

/// Where a difference showed.
#[derive(Clone, Debug)]
pub enum Place {
    /// The answer to a request, counted from 1.
    Request(usize),
    /// The answer to a question in the end.
    Question(Question, When),
}

/// A difference, and where it showed.
pub type Found = (Place, Difference);

/// Sends the requests to both, until they differ, and asks both about all of it in the end.
pub fn first_difference(requests: &[pb::AppendRequest]) -> Option<Found> {
    let mut contest = Contest::new();
    contest.append_until_differing(requests).or_else(|| contest.ask().into_iter().next())
}

/// Sends all requests to both, also after they differ.
pub fn all_differences(requests: &[pb::AppendRequest]) -> Vec<Found> {
    let mut contest = Contest::new();
    let all = requests.iter().enumerate();
    let mut found: Vec<Found> = all.filter_map(|(index, request)| Some((Place::Request(index + 1), contest.append(request)?))).collect();
    found.extend(contest.ask());
    found
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

    /// Sends requests to both; the first difference.
    pub fn append_until_differing(&mut self, requests: &[pb::AppendRequest]) -> Option<Found> {
        let mut all = requests.iter().enumerate();
        all.find_map(|(index, request)| Some((Place::Request(index + 1), self.append(request)?)))
    }

    /// Asks both one question.
    pub fn ask_one(&mut self, question: &Question, when: When) -> Option<Difference> {
        let by_model = question.ask(&mut self.model, when);
        let by_ledger = question.ask(&mut self.served, when);
        compare::difference(&by_model, &by_ledger)
    }

    /// Asks both everything at several moments.
    pub fn ask(&mut self) -> Vec<Found> {
        let mut found = Vec::new();
        for when in questions::moments(&self.model) {
            for question in Question::all(&self.model) {
                if let Some(difference) = self.ask_one(&question, when) {
                    found.push((Place::Question(question, when), difference));
                }
            }
        }
        found
    }
}

/// The requests as numbered JSON lines, ready to be sent again.
pub fn listing(requests: &[pb::AppendRequest]) -> String {
    let lines = requests.iter().enumerate().map(|(index, request)| format!("{:>4} {}", index + 1, json::line("AppendRequest", request)));
    lines.collect::<Vec<_>>().join("\n")
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
