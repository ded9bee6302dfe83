//! Net sales that a rule decided, by the time of the sale: what tiers add up (rules 6.5).

mod encoding;

use crate::domain::calendar::Time;
use crate::domain::money::Currency;
use crate::domain::table::{Row, Undo};
use crate::domain::timeline::{Point, Timeline};
use chrono::TimeDelta;

/// How many are added to the timeline at once.
const OPEN: usize = 64;

/// Which sales: of an agreement, decided by the rule of a name, in a currency.
pub type NetSalesKey = (Row, Box<str>, Currency);

/// Sales and refunds, each at its sale's `occurred_at`: in order of time, and the last recorded ones as they came.
#[derive(Clone, Default)]
pub struct NetSales {
    timeline: Timeline,
    open: Vec<(Time, i64)>,
}

impl Undo for NetSales {
    type Mark = Self;

    fn mark(&self) -> Self {
        self.clone()
    }

    fn undo(&mut self, mark: Self) {
        *self = mark;
    }
}

impl NetSales {
    /// A sale (above zero) or a refund (below zero) of a sale at a time.
    pub fn add(&mut self, sold_at: Time, minor_units: i64) {
        self.open.push((sold_at, minor_units));
        if self.open.len() == OPEN {
            self.timeline.add(self.open.drain(..).map(|(at, minor_units)| Point { at, amount: minor_units.into(), held: 0 }).collect());
        }
    }

    /// The sum of the sales in [start, end), or of all.
    pub fn total(&self, bounds: Option<(Time, Time)>) -> i128 {
        let within = |time: Time| bounds.is_none_or(|(start, end)| (start..end).contains(&time));
        let open: i128 = self.open.iter().filter(|(time, _)| within(*time)).map(|(_, minor_units)| i128::from(*minor_units)).sum();
        // A timeline is asked for what comes after a time, up to and with another one.
        let before = |time: Time| time - TimeDelta::nanoseconds(1);
        open + self.timeline.between(bounds.map(|(start, _)| before(start)), bounds.map(|(_, end)| before(end))).amount
    }
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
