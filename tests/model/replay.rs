//! What must hold of any story, whatever the rules decide: replay gives what was, a batch is one, the past stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::outside::ledger::{Ledger as _, When};
use crate::outside::model::Model;
use crate::outside::questions::{Question, moments};
use crate::outside::served::Served;
use crate::outside::workload::{NOW, Requests, workload};
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto as pb;

/// The stories that are told; others than those of the model's test.
const SEEDS: std::ops::Range<u64> = 900_001..900_009;

/// A story as the ledger took it, and the model beside it, which knows what to ask.
struct Told {
    journal: Arc<MemoryJournal>,
    served: Served,
    model: Model,
}

impl Told {
    fn begin() -> Self {
        let journal = Arc::new(MemoryJournal::new());
        Self { served: Served::in_memory(journal.clone(), NOW), journal, model: Model { now: Some(NOW), ..Model::default() } }
    }

    fn of(requests: &Requests) -> Self {
        let mut told = Self::begin();
        for request in requests {
            told.tell(request);
        }
        told
    }

    /// What the ledger answers.
    fn tell(&mut self, request: &pb::AppendRequest) -> Option<pb::AppendResponse> {
        let answer = self.served.append(request).ok();
        if let Some(response) = &answer {
            // Where the model would have refused, it only lacks something to ask about.
            let _ = self.model.record_all(request);
            assert_eq!(response.results.len(), request.events.len());
        }
        answer
    }

    /// Every answer, to the byte, for several moments.
    fn answers(&mut self) -> Vec<(Question, When, Vec<u8>)> {
        let mut answers = Vec::new();
        for when in moments(&self.model) {
            answers.extend(self.answers_at(when));
        }
        answers
    }

    fn answers_at(&mut self, when: When) -> Vec<(Question, When, Vec<u8>)> {
        let questions = Question::all(&self.model);
        questions.into_iter().map(|question| (question.clone(), when, question.exactly(&mut self.served, when))).collect()
    }
}

fn assert_answered(served: &mut Served, answers: &[(Question, When, Vec<u8>)]) {
    for (question, when, answer) in answers {
        assert!(question.exactly(served, *when) == *answer, "{question:?} {when:?} is answered otherwise");
    }
}

#[test]
fn a_replayed_ledger_answers_as_the_live_one() {
    for seed in SEEDS {
        let mut told = Told::of(&workload(seed));
        let answers = told.answers();
        let records = told.served.records();
        // The first ledger stays open and idle: closing it would close the journal.
        let mut again = Served::in_memory(told.journal.clone(), NOW);
        assert!(again.records() == records, "seed {seed}: other records");
        assert_answered(&mut again, &answers);
    }
}

#[test]
fn a_ledger_on_disk_answers_the_same_after_it_was_closed() {
    let directory = tempfile::tempdir().expect("a directory");
    let requests = workload(SEEDS.start);
    let mut served = Served::over_tcp(directory.path());
    for request in &requests {
        let _ = served.append(request);
    }
    let records = served.records();
    let mut model = Model::default();
    for record in &records {
        let event = record.event.clone().expect("a record has its event");
        let _ = model.record_all(&pb::AppendRequest { events: vec![event], expected_last_position: None });
    }
    let ask = |served: &mut Served| {
        let fixed = moments(&model).into_iter().filter(|when| when.as_of.is_some());
        let each = fixed.flat_map(|when| Question::all(&model).into_iter().map(move |question| (question, when)));
        each.map(|(question, when)| question.exactly(served, when)).collect::<Vec<_>>()
    };
    let answers = ask(&mut served);
    drop(served);
    let mut again = Served::over_tcp(directory.path());
    assert!(again.records() == records);
    assert!(ask(&mut again) == answers);
}

#[test]
fn a_refused_batch_leaves_nothing() {
    let mut refused = 0;
    for seed in SEEDS {
        let mut told = Told::begin();
        for request in workload(seed) {
            let before = told.served.records();
            let known = (request.events.len() > 1).then(|| told.answers_at(When::default()));
            if told.tell(&request).is_none() {
                refused += usize::from(request.events.len() > 1);
                assert!(told.served.records() == before, "seed {seed}: a refused request left something");
                assert_answered(&mut told.served, &known.unwrap_or_default());
            }
        }
    }
    assert!(refused > 10, "only {refused} batches were refused");
}

#[test]
fn a_batch_is_its_events_one_by_one() {
    for seed in SEEDS {
        let mut told = Told::begin();
        let mut singly = Told::begin();
        for request in workload(seed) {
            let Some(response) = told.tell(&request) else {
                continue;
            };
            for (event, result) in request.events.into_iter().zip(response.results) {
                let single = singly.tell(&pb::AppendRequest { events: vec![event], expected_last_position: None });
                assert_eq!(single.map(|response| response.results), Some(vec![result]), "seed {seed}");
            }
        }
        let answers = told.answers();
        assert_answered(&mut singly.served, &answers);
    }
}

#[test]
fn what_was_known_at_a_position_never_changes() {
    for seed in SEEDS {
        let requests = workload(seed);
        let mut told = Told::begin();
        let mut known = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            told.tell(request);
            if index % (requests.len() / 5) == 0 {
                let position = Some(told.model.last_position());
                for when in moments(&told.model).into_iter().filter(|when| when.position.is_none()) {
                    known.extend(told.answers_at(When { position, ..when }));
                }
            }
        }
        assert_answered(&mut told.served, &known);
    }
}

#[test]
fn the_trial_balance_is_zero_at_every_position() {
    for seed in SEEDS {
        let mut told = Told::of(&workload(seed));
        for position in 0..=told.model.last_position() {
            for when in [When { as_of: None, position: Some(position) }, When { as_of: Some(told.turn(position)), position: None }] {
                let request = pb::GetTrialBalanceRequest { options: Some(when.options()) };
                let answer = told.served.trial_balance(&request).expect("a position that is there");
                let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
                for account in &answer.accounts {
                    *sums.entry(&account.currency_code).or_default() += i128::from(account.balance);
                }
                assert!(answer.is_balanced && sums.values().all(|sum| *sum == 0), "seed {seed} {when:?}: {sums:?}");
            }
        }
    }
}

impl Told {
    /// When the record at a position occurred; the present for position 0.
    fn turn(&self, position: u64) -> crate::outside::model::calendar::Instant {
        self.model.known().at_position(position).map_or(NOW, |record| record.occurred)
    }
}

#[test]
fn duplicates_are_answered_as_the_first_time() {
    for seed in SEEDS {
        let mut told = Told::begin();
        let mut first: Vec<(pb::Event, pb::AppendResult)> = Vec::new();
        for request in workload(seed) {
            let results = told.tell(&request).map_or(Vec::new(), |response| response.results);
            let fresh = request.events.into_iter().zip(results).filter(|(_, result)| !result.duplicate);
            first.extend(fresh);
        }
        let before = told.served.records();
        let (events, results): (Vec<_>, Vec<_>) = first.into_iter().rev().unzip();
        // That other records have followed does not matter: nothing is to be recorded.
        let again = told.tell(&pb::AppendRequest { events, expected_last_position: Some(0) }).expect("duplicates");
        let expected: Vec<_> = results.into_iter().map(|result| pb::AppendResult { duplicate: true, ..result }).collect();
        assert_eq!(again.results, expected, "seed {seed}");
        assert!(told.served.records() == before, "seed {seed}: duplicates were recorded");
    }
}
