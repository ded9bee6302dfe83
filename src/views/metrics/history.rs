//! The facts of a scope in the order of recording, with sums over runs of them, and over runs of runs: what a question
//! covers as a whole is added as a whole, and only the facts at its edges are looked at one by one.

use super::fact::{Fact, Value};
use super::sums::Sums;
use crate::domain::calendar::Time;
use crate::domain::{Seen, Stamp};

/// Facts of a run, and runs of a run of runs.
pub const RUN: usize = 128;

/// Which facts a question counts.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Those that occurred at or after this.
    pub from: Option<Time>,
    /// Those that occurred before this.
    pub to: Option<Time>,
    /// Those that are seen.
    pub seen: Seen,
}

/// How much of a run a question counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Covered {
    All,
    Some,
    None,
}

impl Window {
    /// Whether something that happened then counts.
    pub fn holds(&self, at: Time) -> bool {
        at <= self.seen.time && self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Whether a fact counts.
    pub fn counts(&self, stamp: Stamp) -> bool {
        stamp.position <= self.seen.position && self.holds(stamp.occurred_at)
    }

    /// Adds what of a fact counts.
    pub fn add(&self, value: &Value, sums: &mut Sums) {
        if self.counts(value.stamp) {
            sums.add(value, value.effective_at <= self.seen.time);
        }
    }

    fn covers(&self, run: &Run) -> Covered {
        let is_before = self.from.is_some_and(|from| run.latest < from);
        let is_after = self.seen.time < run.earliest || self.to.is_some_and(|to| to <= run.earliest);
        if is_before || is_after || self.seen.position < run.first {
            Covered::None
        } else if self.holds(run.earliest) && self.holds(run.latest) && run.effective_by <= self.seen.time && run.last <= self.seen.position
        {
            Covered::All
        } else {
            Covered::Some
        }
    }
}

/// What a run of facts comes to.
#[derive(Clone, Debug)]
struct Run {
    sums: Sums,
    earliest: Time,
    latest: Time,
    effective_by: Time,
    first: u64,
    last: u64,
}

impl Run {
    fn of(value: &Value) -> Self {
        let Stamp { occurred_at, position } = value.stamp;
        let mut sums = Sums::default();
        sums.add(value, true);
        Self { sums, earliest: occurred_at, latest: occurred_at, effective_by: value.effective_at, first: position, last: position }
    }

    fn add(&mut self, next: &Self) {
        self.sums.add_all(&next.sums);
        self.earliest = self.earliest.min(next.earliest);
        self.latest = self.latest.max(next.latest);
        self.effective_by = self.effective_by.max(next.effective_by);
        // Facts come in the order of their positions.
        self.last = next.last;
    }
}

/// The facts of a scope.
#[derive(Default)]
pub struct History {
    full: Vec<Box<[Fact]>>,
    open: Vec<Fact>,
    open_run: Option<Box<Run>>,
    /// Of every full run of facts; above them of every full run of those, and so on.
    levels: Vec<Vec<Run>>,
}

impl History {
    /// How many facts there are.
    pub fn len(&self) -> usize {
        self.full.len() * RUN + self.open.len()
    }

    /// Adds a fact. Facts come in the order of their positions.
    pub fn push(&mut self, fact: Fact, value: &Value) {
        let run = Run::of(value);
        self.open.push(fact);
        match &mut self.open_run {
            Some(open) => open.add(&run),
            None => self.open_run = Some(Box::new(run)),
        }
        if self.open.len() == RUN {
            self.full.push(std::mem::take(&mut self.open).into_boxed_slice());
            let full = *self.open_run.take().expect("the run has facts");
            self.add_run(0, full);
        }
    }

    fn add_run(&mut self, level: usize, run: Run) {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        let runs = &mut self.levels[level];
        runs.push(run);
        if runs.len().is_multiple_of(RUN) {
            let mut together = runs[runs.len() - RUN].clone();
            runs[runs.len() - RUN + 1..].iter().for_each(|run| together.add(run));
            self.add_run(level + 1, together);
        }
    }

    /// Adds up what a question covers as a whole; answers the facts that are left to be looked at.
    pub fn gather(&self, window: &Window, sums: &mut Sums) -> Vec<Fact> {
        let mut left = Vec::new();
        let mut runs = 0;
        while runs < self.full.len() {
            runs += self.longest_run(runs, window, sums).unwrap_or_else(|| {
                left.extend_from_slice(&self.full[runs]);
                1
            });
        }
        if let Some(open) = &self.open_run {
            match window.covers(open) {
                Covered::All => sums.add_all(&open.sums),
                Covered::Some => left.extend_from_slice(&self.open),
                Covered::None => {}
            }
        }
        left
    }

    /// Of the runs that begin here the longest that counts as a whole or not at all; how many runs of facts that is.
    fn longest_run(&self, at: usize, window: &Window, sums: &mut Sums) -> Option<usize> {
        let mut span = RUN.pow(u32::try_from(self.levels.len()).ok()?);
        for runs in self.levels.iter().rev() {
            span /= RUN;
            let Some(run) = runs.get(at / span).filter(|_| at.is_multiple_of(span)) else { continue };
            match window.covers(run) {
                Covered::All => {
                    sums.add_all(&run.sums);
                    return Some(span);
                }
                Covered::None => return Some(span),
                Covered::Some => {}
            }
        }
        None
    }
}
