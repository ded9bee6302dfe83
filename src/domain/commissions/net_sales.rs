//! Net sales that a rule decided, by the time of the sale: what tiers add up (rules 6.5).

mod saved;

use crate::domain::calendar::Time;
use crate::domain::money::Currency;
use crate::domain::table::{Row, Undo};

/// Entries a block sums up.
const BLOCK: usize = 256;

/// Which sales: of an agreement, decided by the rule of a name, in a currency.
pub type NetSalesKey = (Row, Box<str>, Currency);

/// Sales and refunds in the order of recording, each at its sale's `occurred_at`.
#[derive(Clone, Default)]
pub struct NetSales {
    entries: Vec<(Time, i64)>,
    blocks: Vec<Block>,
}

#[derive(Clone)]
struct Block {
    first: Time,
    last: Time,
    sum: i128,
}

impl Undo for NetSales {
    type Mark = usize;

    fn mark(&self) -> usize {
        self.entries.len()
    }

    fn undo(&mut self, mark: usize) {
        self.entries.truncate(mark);
        self.blocks.truncate(mark / BLOCK);
    }
}

impl NetSales {
    /// A sale (above zero) or a refund (below zero) of a sale at a time.
    pub fn add(&mut self, sold_at: Time, minor_units: i64) {
        self.entries.push((sold_at, minor_units));
        if self.entries.len().is_multiple_of(BLOCK) {
            let run = &self.entries[self.entries.len() - BLOCK..];
            let first = run.iter().map(|(time, _)| *time).min().unwrap_or_default();
            let last = run.iter().map(|(time, _)| *time).max().unwrap_or_default();
            self.blocks.push(Block { first, last, sum: sum_of(run, |_| true) });
        }
    }

    /// The sum of the sales in [start, end), or of all.
    pub fn total(&self, bounds: Option<(Time, Time)>) -> i128 {
        let within = |time: Time| bounds.is_none_or(|(start, end)| (start..end).contains(&time));
        let mut total = 0;
        for (index, run) in self.entries.chunks(BLOCK).enumerate() {
            total += match self.blocks.get(index) {
                Some(block) if within(block.first) && within(block.last) => block.sum,
                Some(block) if bounds.is_some_and(|(start, end)| block.last < start || end <= block.first) => 0,
                _ => sum_of(run, within),
            };
        }
        total
    }
}

fn sum_of(run: &[(Time, i64)], within: impl Fn(Time) -> bool) -> i128 {
    run.iter().filter(|(time, _)| within(*time)).map(|(_, amount)| i128::from(*amount)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_add_up_to_what_the_entries_say(
            entries in prop::collection::vec((0_i64..100, -50_i64..100), 0..700), start in 0_i64..100, length in 0_i64..100, undo in 0_usize..700,
        ) {
            let at = |seconds| Time::from_timestamp(seconds, 0).expect("a time");
            let mut sales = NetSales::default();
            for (index, (time, amount)) in entries.iter().enumerate() {
                if index == undo {
                    let mark = sales.mark();
                    (0..300).for_each(|_| sales.add(at(*time), 1));
                    sales.undo(mark);
                }
                sales.add(at(*time), *amount);
            }
            let naive: i128 = entries.iter().filter(|(time, _)| (start..start + length).contains(time)).map(|(_, amount)| i128::from(*amount)).sum();
            prop_assert_eq!(sales.total(Some((at(start), at(start + length)))), naive);
            prop_assert_eq!(sales.total(None), entries.iter().map(|(_, amount)| i128::from(*amount)).sum::<i128>());
        }
    }
}
