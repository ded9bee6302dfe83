//! The facts of a scope in the order of recording, in blocks with sums, and blocks of blocks (a summary tree): a question
//! adds the sums of whole blocks, and only the facts at its edges are looked at one by one.

mod encoding;

use super::fact::{Fact, Value};
use super::sums::Sums;
use crate::domain::calendar::Time;
use crate::domain::pages::Pages;
use crate::domain::{Seen, Stamp};
use crate::encoding::{Packer, Unpacker};
use std::sync::Arc;

/// Facts in a block, and blocks in a block of the next level.
pub const BLOCK: usize = 128;

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

/// How much of a block a question counts.
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

    fn covers(&self, block: &Block) -> Covered {
        let is_before = self.from.is_some_and(|from| block.latest < from);
        let is_after = self.seen.time < block.earliest || self.to.is_some_and(|to| to <= block.earliest);
        if is_before || is_after || self.seen.position < block.first {
            Covered::None
        } else if self.holds(block.earliest)
            && self.holds(block.latest)
            && block.effective_by <= self.seen.time
            && block.last <= self.seen.position
        {
            Covered::All
        } else {
            Covered::Some
        }
    }
}

/// The summary of a block of facts: their sums, and the least and the largest of what a window compares.
#[derive(Clone, Debug)]
struct Block {
    sums: Sums,
    earliest: Time,
    latest: Time,
    effective_by: Time,
    first: u64,
    last: u64,
}

impl Block {
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
    /// Full blocks, packed: each fact as its difference to the last one of its kind.
    full: Pages<Arc<[u8]>, 32>,
    open: Vec<Fact>,
    open_block: Option<Box<Block>>,
    /// Summaries of the full blocks of facts; on each further level those of the full blocks of the level below.
    levels: Vec<Pages<Block, 8>>,
}

impl History {
    /// How many facts there are.
    pub fn len(&self) -> usize {
        self.full.len() * BLOCK + self.open.len()
    }

    /// Adds a fact. Facts come in the order of their positions.
    pub fn push(&mut self, fact: Fact, value: &Value) {
        let block = Block::of(value);
        self.open.push(fact);
        match &mut self.open_block {
            Some(open) => open.add(&block),
            None => self.open_block = Some(Box::new(block)),
        }
        if self.open.len() == BLOCK {
            self.full.push(packed(&self.open));
            self.open.clear();
            let full = *self.open_block.take().expect("the block has facts");
            self.add_block(0, full);
        }
    }

    fn add_block(&mut self, level: usize, block: Block) {
        if self.levels.len() == level {
            self.levels.push(Pages::default());
        }
        let blocks = &mut self.levels[level];
        blocks.push(block);
        if blocks.len().is_multiple_of(BLOCK) {
            let last = (blocks.len() - BLOCK..blocks.len()).filter_map(|index| blocks.get(index));
            let together = last.cloned().reduce(|mut together, block| {
                together.add(&block);
                together
            });
            self.add_block(level + 1, together.expect("there are blocks"));
        }
    }

    /// Adds the sums of the blocks that a window covers whole; returns the facts of those that it covers in part.
    pub fn gather(&self, window: &Window, sums: &mut Sums) -> Vec<Fact> {
        let mut left = Vec::new();
        let mut blocks = 0;
        while let Some(block) = self.full.get(blocks) {
            blocks += self.longest_block(blocks, window, sums).unwrap_or_else(|| {
                left.extend(unpacked(block));
                1
            });
        }
        if let Some(open) = &self.open_block {
            match window.covers(open) {
                Covered::All => sums.add_all(&open.sums),
                Covered::Some => left.extend_from_slice(&self.open),
                Covered::None => {}
            }
        }
        left
    }

    /// Finds the longest block beginning here that a window covers whole or not at all, and adds its sums if whole. Returns its
    /// length in blocks of facts.
    fn longest_block(&self, at: usize, window: &Window, sums: &mut Sums) -> Option<usize> {
        let mut span = BLOCK.pow(u32::try_from(self.levels.len()).ok()?);
        for blocks in self.levels.iter().rev() {
            span /= BLOCK;
            let Some(block) = blocks.get(at / span).filter(|_| at.is_multiple_of(span)) else { continue };
            match window.covers(block) {
                Covered::All => {
                    sums.add_all(&block.sums);
                    return Some(span);
                }
                Covered::None => return Some(span),
                Covered::Some => {}
            }
        }
        None
    }
}

/// Kinds of numbers that facts have: rows of leads referred, leads qualified, sales and refunds, and places of kept values.
const NUMBERINGS: usize = 5;

/// Returns the kind of a fact in three bits, the kind of its number, and the number.
fn to_parts(fact: Fact) -> (u64, usize, u32) {
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

fn from_parts(what: u64, before: &mut [u32; NUMBERINGS], difference: i64) -> Fact {
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
    let (mut packer, mut before) = (Packer::default(), [0; NUMBERINGS]);
    for fact in facts {
        let (what, by, number) = to_parts(*fact);
        let difference = i64::from(number) - i64::from(before[by]);
        // Mostly numbers rise: one more bit says when they do not.
        packer.number(difference.unsigned_abs() << 4 | u64::from(difference < 0) << 3 | what);
        before[by] = number;
    }
    packer.finish().into()
}

fn unpacked(bytes: &[u8]) -> impl Iterator<Item = Fact> {
    let (mut unpacker, mut before) = (Unpacker::new(bytes), [0; NUMBERINGS]);
    std::iter::from_fn(move || {
        if unpacker.is_done() {
            return None;
        }
        let number = unpacker.number();
        let difference = (number >> 4).cast_signed();
        Some(from_parts(number & 7, &mut before, if number & 8 == 0 { difference } else { -difference }))
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
        fn packed_facts_are_the_same_facts(facts in prop::collection::vec((0_u64..7, any::<u32>(), any::<bool>()), 0..BLOCK)) {
            let facts: Vec<Fact> = facts.into_iter().map(|(what, number, is_near)| {
                let number = if is_near { number % 1_000 } else { number };
                from_parts(what, &mut [0; NUMBERINGS], i64::from(number))
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
        assert_eq!(looked_at(None, None, 1 << 40, 20_000), BLOCK, "as known at a position inside of a block");
        assert_eq!(looked_at(Some(5_000), Some(30_000), 1 << 40, u64::MAX), 2 * BLOCK);
    }
}
