//! Net sales that a rule decided, by the time of the sale: what tiers add up (rules 6.5).

mod encoding;

use crate::domain::calendar::Time;
use crate::domain::money::Currency;
use crate::domain::pages::Pages;
use crate::domain::table::{Row, Undo};
use crate::encoding::{Packer, Unpacker};
use std::sync::Arc;

/// Entries per block.
const BLOCK: usize = 128;

/// Which sales: of an agreement, decided by the rule of a name, in a currency.
pub type NetSalesKey = (Row, Box<str>, Currency);

/// Sales and refunds in the order of recording, each at its sale's `occurred_at`. Full blocks of them are packed, and never
/// change.
#[derive(Clone, Default)]
pub struct NetSales {
    blocks: Pages<Arc<Block>, 32>,
    open: Vec<(Time, i64)>,
}

/// A full block: when its first and its last sale was, what all come to, and each as its difference to the one before.
struct Block {
    first: Time,
    last: Time,
    sum: i128,
    entries: Box<[u8]>,
}

impl Block {
    fn of(entries: &[(Time, i64)]) -> Self {
        let mut packer = Packer::default();
        for (time, minor_units) in entries {
            packer.time(*time);
            packer.signed(*minor_units);
        }
        let first = entries.iter().map(|(time, _)| *time).min().unwrap_or_default();
        let last = entries.iter().map(|(time, _)| *time).max().unwrap_or_default();
        Self { first, last, sum: sum_of(entries.iter().copied(), |_| true), entries: packer.finish() }
    }

    fn entries(&self) -> impl Iterator<Item = (Time, i64)> {
        let mut unpacker = Unpacker::new(&self.entries);
        std::iter::from_fn(move || (!unpacker.is_done()).then(|| (unpacker.time(), unpacker.signed())))
    }
}

impl Undo for NetSales {
    type Mark = usize;

    fn mark(&self) -> usize {
        self.blocks.len() * BLOCK + self.open.len()
    }

    fn undo(&mut self, mark: usize) {
        if let Some(block) = self.blocks.get(mark / BLOCK) {
            self.open = block.entries().collect();
            self.blocks.truncate(mark / BLOCK);
        }
        self.open.truncate(mark % BLOCK);
    }
}

impl NetSales {
    /// A sale (above zero) or a refund (below zero) of a sale at a time.
    pub fn add(&mut self, sold_at: Time, minor_units: i64) {
        self.open.push((sold_at, minor_units));
        if self.open.len() == BLOCK {
            self.blocks.push(Arc::new(Block::of(&self.open)));
            self.open.clear();
        }
    }

    /// The sum of the sales in [start, end), or of all.
    pub fn total(&self, bounds: Option<(Time, Time)>) -> i128 {
        let within = |time: Time| bounds.is_none_or(|(start, end)| (start..end).contains(&time));
        let of_block = |block: &Arc<Block>| match bounds {
            _ if within(block.first) && within(block.last) => block.sum,
            Some((start, end)) if block.last < start || end <= block.first => 0,
            _ => sum_of(block.entries(), within),
        };
        self.blocks.iter().map(of_block).sum::<i128>() + sum_of(self.open.iter().copied(), within)
    }
}

fn sum_of(entries: impl Iterator<Item = (Time, i64)>, within: impl Fn(Time) -> bool) -> i128 {
    entries.filter(|(time, _)| within(*time)).map(|(_, amount)| i128::from(amount)).sum()
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
