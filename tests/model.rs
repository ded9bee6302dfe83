//! The ledger against a naive model of it, written from the rules alone.

mod outside;

use std::collections::BTreeMap;

use outside::contest;
use outside::ledger::Ledger as _;
use outside::model::Model;
use outside::scenario;
use outside::shrink::shrink;
use outside::typed::ByName;
use outside::workload::{NOW, workload};

/// What the model leaves out: malformed input, and sections 8 to 11 of the rules.
const BEYOND_THE_MODEL: [&str; 6] = [
    "campaign-booth-costs",
    "campaign-joint-leads",
    "campaign-webinar-metrics",
    "delivery-malformed",
    "integration-marketplace",
    "venture-distribution",
];

/// The model itself tells every story as the scenarios do.
#[test]
fn the_model_plays_the_scenarios() {
    let mut played = 0;
    for name in scenario::names() {
        if BEYOND_THE_MODEL.contains(&name.as_str()) {
            continue;
        }
        let scenario = scenario::load(&name);
        let failures = scenario::play(&scenario.steps, &mut ByName(Model::default()));
        assert!(failures.is_empty(), "{name}: {failures:#?}");
        played += 1;
    }
    assert!(played > 30, "only {played} scenarios were found");
}

/// Cases that are played unless `MODEL_CASES` says otherwise.
const CASES: u64 = 40;

/// The first seed, unless `MODEL_SEED` says otherwise.
const FIRST_SEED: u64 = 1;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// The ledger does what the model does, event by event and question by question.
#[test]
fn the_ledger_agrees_with_the_model() {
    let first = setting("MODEL_SEED", FIRST_SEED);
    for seed in first..first + setting("MODEL_CASES", CASES) {
        let requests = workload(seed);
        if contest::first_difference(&requests).is_none() {
            continue;
        }
        let (least, (place, difference)) = shrink(requests);
        let listing = contest::listing(&least);
        panic!("MODEL_SEED={seed} MODEL_CASES=1 shows this again:\n{listing}{place:?}\n{}", difference.text);
    }
}

/// Plays the JSON lines in the file that `MODEL_STORY` names and says all differences.
#[test]
fn a_story_is_told_again() {
    let Ok(path) = std::env::var("MODEL_STORY") else {
        return;
    };
    let story = std::fs::read_to_string(path).expect("a file of JSON lines");
    let found = contest::all_differences(&contest::requests(&story));
    let told: Vec<String> = found.iter().map(|(place, difference)| format!("{place:?}\n{}", difference.text)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Workloads that are mostly refused would test little.
#[test]
fn most_events_of_the_workloads_are_accepted() {
    let (mut accepted, mut sent) = (0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..=10 {
        let mut model = Model { now: Some(NOW), ..Model::default() };
        for request in workload(seed) {
            sent += request.events.len();
            if let Err(refusal) = model.append(&request) {
                *reasons.entry(refusal.reason).or_default() += 1;
            }
        }
        accepted += model.records.len();
    }
    println!("{accepted} of {sent}; refused: {reasons:?}");
    assert!(accepted * 100 > sent * 70, "{accepted} of {sent}; refused: {reasons:?}");
}
