//! The ledger over a simulated journal and clock: a seed decides who goes on next, what becomes of every sync and where
//! the clock stands, on one thread, so that the same seed is the same story again.
//!
//! `SIMULATION_SEED=N SIMULATION_COUNT=1` plays one schedule again and prints it; a larger count plays more.

mod asking;
mod clients;
mod disk;
mod oracle;
#[path = "../outside/mod.rs"]
mod outside;
mod readers;
mod schedule;
mod world;

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use disk::Defect;
use schedule::play;

/// Schedules that are played unless `SIMULATION_COUNT` says otherwise.
const COUNT: u64 = 2_400;
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

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

fn no_promise_is_broken(seeds: std::ops::Range<u64>) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    for seed in seeds {
        let played = play(seed, None);
        if let Some(why) = played.broken {
            panic!("SIMULATION_SEED={seed} SIMULATION_COUNT=1 shows this again:\n{}\n{why}", played.trace);
        }
        reached.extend(played.reached);
    }
    reached
}

#[test]
fn whatever_happens_no_promise_is_broken() {
    let (first, count) = (setting("SIMULATION_SEED", FIRST_SEED), setting("SIMULATION_COUNT", COUNT));
    println!("schedules {first} to {}", first + count - 1);
    if count == 1 {
        println!("{}", play(first, None).trace);
    }
    let started = std::time::Instant::now();
    let middle = first + count / 2;
    let other = std::thread::spawn(move || no_promise_is_broken(middle..first + count));
    let mut reached = no_promise_is_broken(first..middle);
    reached.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    println!("{count} schedules in {:?}; reached {reached:#?}", started.elapsed());
    let missing: Vec<_> = TO_BE_REACHED.iter().filter(|name| !reached.contains(*name)).collect();
    assert!(count < COUNT || missing.is_empty(), "the schedules never come to {missing:?}");
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in 1..=40 {
        let (one, other) = (play(seed, None), play(seed, None));
        assert!(one.trace == other.trace, "seed {seed} is told in two ways:\n{}\n{}", one.trace, other.trace);
        assert_eq!(one.root, other.root, "seed {seed} leaves other bytes");
    }
}
