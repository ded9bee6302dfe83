//! The facts of a scope in the order of recording, with sums over runs of them, and over runs of runs: what a question
//! covers as a whole is added as a whole, and only the facts at its edges are looked at one by one.

mod encoding;

use super::fact::{Fact, Value};
use super::sums::Sums;
use crate::domain::calendar::Time;
use crate::domain::pages::Pages;
use crate::domain::{Seen, Stamp};
use crate::encoding::{Packer, Unpacker};
use std::sync::Arc;

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
#[derive(Clone, Default)]
pub struct History {
    /// Full runs, packed: each fact as its difference to the last one of its kind.
    full: Pages<Arc<[u8]>, 32>,
    open: Vec<Fact>,
    open_run: Option<Box<Run>>,
    /// Of every full run of facts; above them of every full run of those, and so on.
    levels: Vec<Pages<Run, 8>>,
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
            self.full.push(packed(&self.open));
            self.open.clear();
            let full = *self.open_run.take().expect("the run has facts");
            self.add_run(0, full);
        }
    }

    fn add_run(&mut self, level: usize, run: Run) {
        if self.levels.len() == level {
            self.levels.push(Pages::default());
        }
        let runs = &mut self.levels[level];
        runs.push(run);
        if runs.len().is_multiple_of(RUN) {
            let last = (runs.len() - RUN..runs.len()).filter_map(|index| runs.get(index));
            let together = last.cloned().reduce(|mut together, run| {
                together.add(&run);
                together
            });
            self.add_run(level + 1, together.expect("there are runs"));
        }
    }

    /// Adds up what a question covers as a whole; answers the facts that are left to be looked at.
    pub fn gather(&self, window: &Window, sums: &mut Sums) -> Vec<Fact> {
        let mut left = Vec::new();
        let mut runs = 0;
        while let Some(run) = self.full.get(runs) {
            runs += self.longest_run(runs, window, sums).unwrap_or_else(|| {
                left.extend(unpacked(run));
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

/// How many things facts are numbered by: leads referred, leads qualified, sales, refunds, what is kept.
const NUMBERED: usize = 5;

/// What a fact is, in three bits; by what it is numbered, and its number.
fn taken_apart(fact: Fact) -> (u64, usize, u32) {
    match fact {
        Fact::Introduced(row) => (0, 0, row),
        Fact::Qualified(row) => (1, 1, row),
        Fact::Sold(row) => (2, 2, row),
        Fact::FirstSold(row) => (3, 2, row),
        Fact::Refunded(row) => (4, 3, row),
        Fact::Reinstated(row) => (5, 3, row),
        Fact::Kept(place) => (6, 4, place),
    }
}

fn put_together(what: u64, before: &mut [u32; NUMBERED], difference: i64) -> Fact {
    let mut next = |by: usize| {
        before[by] = u32::try_from(i64::from(before[by]) + difference).expect("a number of 32 bits was written");
        before[by]
    };
    match what {
        0 => Fact::Introduced(next(0)),
        1 => Fact::Qualified(next(1)),
        2 => Fact::Sold(next(2)),
        3 => Fact::FirstSold(next(2)),
        4 => Fact::Refunded(next(3)),
        5 => Fact::Reinstated(next(3)),
        _ => Fact::Kept(next(4)),
    }
}

fn packed(facts: &[Fact]) -> Arc<[u8]> {
    let (mut packer, mut before) = (Packer::default(), [0; NUMBERED]);
    for fact in facts {
        let (what, by, number) = taken_apart(*fact);
        let difference = i64::from(number) - i64::from(before[by]);
        // Mostly numbers rise: one more bit says when they do not.
        packer.number(difference.unsigned_abs() << 4 | u64::from(difference < 0) << 3 | what);
        before[by] = number;
    }
    packer.finish().into()
}

fn unpacked(bytes: &[u8]) -> impl Iterator<Item = Fact> {
    let (mut unpacker, mut before) = (Unpacker::new(bytes), [0; NUMBERED]);
    std::iter::from_fn(move || {
        if unpacker.is_done() {
            return None;
        }
        let number = unpacker.number();
        let difference = (number >> 4).cast_signed();
        Some(put_together(number & 7, &mut before, if number & 8 == 0 { difference } else { -difference }))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fact::Change;
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    /// A fact that occurred some seconds off its place, counts from some seconds later on, and is worth its place.
    fn value(place: usize, (off, later): (i64, i64)) -> Value {
        let number = i64::try_from(place).expect("few");
        let stamp = Stamp { occurred_at: at(1_000 + number + off), position: place as u64 + 1 };
        let currency = crate::domain::money::Currency::from_code("USD").expect("a currency");
        let mut value = Value::new(stamp, Change::Commission(currency, number));
        value.changes.extend([Change::Lead, Change::Revenue(currency, 1)]);
        value.effective_at += chrono::Duration::seconds(later);
        value
    }

    fn filled(values: &[Value]) -> History {
        let mut history = History::default();
        for (place, value) in values.iter().enumerate() {
            history.push(Fact::Kept(u32::try_from(place).expect("few")), value);
        }
        history
    }

    /// The sums of a window, and how many facts had to be looked at.
    fn asked(history: &History, values: &[Value], window: &Window) -> (Sums, usize) {
        let mut sums = Sums::default();
        let left = history.gather(window, &mut sums);
        for fact in &left {
            let Fact::Kept(place) = fact else { unreachable!("all are kept") };
            window.add(&values[*place as usize], &mut sums);
        }
        (sums, left.len())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn packed_facts_are_the_same_facts(facts in prop::collection::vec((0_u64..7, any::<u32>(), any::<bool>()), 0..RUN)) {
            let facts: Vec<Fact> = facts.into_iter().map(|(what, number, is_near)| {
                let number = if is_near { number % 1_000 } else { number };
                put_together(what, &mut [0; NUMBERED], i64::from(number))
            }).collect();
            prop_assert_eq!(unpacked(&packed(&facts)).collect::<Vec<_>>(), facts);
        }

        #[test]
        fn runs_add_up_to_what_their_facts_say(
            count in 0_usize..1_000, scale in 0_usize..30, offs in prop::collection::vec((-300_i64..300, 0_i64..40), 1..40),
            bounds in (prop::option::of(0_i64..30_000), prop::option::of(0_i64..30_000)), time in 0_i64..35_000, position in 0_u64..32_000,
        ) {
            let values: Vec<Value> = (0..count * (scale + 1)).map(|place| value(place, offs[place % offs.len()])).collect();
            let window = Window { from: bounds.0.map(at), to: bounds.1.map(at), seen: Seen { time: at(time), position } };
            let mut expected = Sums::default();
            values.iter().for_each(|value| window.add(value, &mut expected));
            prop_assert_eq!(asked(&filled(&values), &values, &window).0, expected);
        }
    }

    #[test]
    fn of_many_facts_only_those_at_the_edges_are_looked_at() {
        let values: Vec<Value> = (0..40_000).map(|place| value(place, (0, 0))).collect();
        let history = filled(&values);
        assert_eq!((history.len(), history.levels.len()), (40_000, 2));
        let looked_at = |from: Option<i64>, to: Option<i64>, time: i64, position: u64| {
            let window = Window { from: from.map(at), to: to.map(at), seen: Seen { time: at(time), position } };
            asked(&history, &values, &window).1
        };
        assert_eq!(looked_at(None, None, 1 << 40, u64::MAX), 0);
        assert_eq!(looked_at(None, None, 1 << 40, 20_000), RUN, "as known at a position inside of a run");
        assert_eq!(looked_at(Some(5_000), Some(30_000), 1 << 40, u64::MAX), 2 * RUN);
    }
}
