//! The ledger over a simulated journal and clock: a seed decides who goes on next, what becomes of every sync and where
//! the clock stands, on one thread, so that the same seed is the same story again.
//!
//! `SIMULATION_SEED=N SIMULATION_COUNT=1` plays one schedule again and prints it; a larger count plays more.

mod asking;
mod clients;
mod disk;
mod oracle;
mod readers;
mod schedule;
mod world;

use std::collections::BTreeMap;
use std::ops::Range;

use self::disk::Defect;
use self::schedule::play;

/// Schedules that are played unless `SIMULATION_COUNT` says otherwise.
const COUNT: u64 = 3_000;
/// The first seed, unless `SIMULATION_SEED` says otherwise.
const FIRST_SEED: u64 = 1;

/// What the schedules must come to: others would test little.
const TO_BE_REACHED: [&str; 20] = [
    "a batch",
    "a batch refused for a later event",
    "a call abandoned in the queue",
    "a call abandoned when it was decided",
    "a call that was answered with the failure",
    "a clock that went back",
    "a commit that was full",
    "a crash after the commit was there",
    "a crash before the commit was there",
    "a deadline that passed",
    "a failed sync of what is not there",
    "a failed sync of what is there",
    "a ledger that was closed",
    "a read during a sync",
    "a reader who asked for what is not durable",
    "a single event",
    "a stream that waited for room",
    "an answer to what was recorded before",
    "another position was expected",
    "overload",
];

/// What may be wrong with a journal.
const DEFECTS: [Defect; 6] = [
    Defect::AcknowledgesEarly,
    Defect::DropsSecondHalf,
    Defect::DeliversTwice,
    Defect::TearsCommits,
    Defect::ForgivesFailedSyncs,
    Defect::Reorders,
];

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

type Reached = BTreeMap<&'static str, u64>;

fn no_promise_is_broken(seeds: Range<u64>) -> Reached {
    let mut reached = Reached::new();
    for seed in seeds {
        let played = play(seed, None);
        if let Some(why) = played.broken {
            panic!("SIMULATION_SEED={seed} SIMULATION_COUNT=1 shows this again:\n{}\n{why}", played.trace);
        }
        played.reached.into_iter().for_each(|(what, count)| *reached.entry(what).or_default() += count);
    }
    reached
}

#[test]
fn whatever_happens_no_promise_is_broken() {
    let (first, count) = (setting("SIMULATION_SEED", FIRST_SEED), setting("SIMULATION_COUNT", COUNT));
    println!("seeds {first} to {}", first + count - 1);
    if count == 1 {
        println!("{}", play(first, None).trace);
    }
    let middle = first + count / 2;
    let other = std::thread::spawn(move || no_promise_is_broken(middle..first + count));
    let mut reached = no_promise_is_broken(first..middle);
    let others = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    others.into_iter().for_each(|(what, count)| *reached.entry(what).or_default() += count);
    println!("{count} schedules, none of which breaks a promise; they came to {reached:#?}");
    let missing: Vec<_> = TO_BE_REACHED.iter().filter(|name| !reached.contains_key(*name)).collect();
    assert!(count < COUNT || missing.is_empty(), "the schedules never come to {missing:?}");
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in 1..=30 {
        let (one, other) = (play(seed, None), play(seed, None));
        assert!(one.trace == other.trace, "seed {seed} is told in two ways:\n{}\n{}", one.trace, other.trace);
        assert_eq!(one.root, other.root, "seed {seed} leaves other bytes");
    }
}

/// A journal that breaks its promises is found out: the schedules can tell.
#[test]
fn every_planted_defect_is_found() {
    for defect in DEFECTS {
        let found = (1..=COUNT).find_map(|seed| Some((seed, play(seed, Some(defect)).broken?)));
        let (seed, why) = found.unwrap_or_else(|| panic!("{COUNT} schedules do not find {defect:?}"));
        println!("{defect:?} is found by seed {seed}: {why}");
    }
}
