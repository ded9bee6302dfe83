//! What a rule decided, by the time of the sale: net sales, which tiers add up (rules 6.5), and the number of sales (rules 14.12).

mod encoding;

use crate::domain::calendar::Time;
use crate::domain::money::Currency;
use crate::domain::table::{Row, Undo};
use crate::domain::timeline::{Point, Timeline};
use chrono::TimeDelta;
use hashbrown::Equivalent;
use smallvec::SmallVec;

/// How many are added to the timeline at once.
const OPEN: usize = 64;

/// Which rule: of an agreement, by its name.
pub type RuleKey = (Row, Box<str>);

/// A rule by a name that is borrowed.
#[derive(Hash)]
pub struct RuleOf<'a>(pub Row, pub &'a str);

impl Equivalent<RuleKey> for RuleOf<'_> {
    fn equivalent(&self, (agreement, name): &RuleKey) -> bool {
        self.0 == *agreement && *self.1 == **name
    }
}

/// What a rule decided, by currency; mostly there is one.
#[derive(Clone, Default)]
pub struct RuleSales {
    by_currency: SmallVec<[(Currency, NetSales); 1]>,
}

/// Sales and refunds, each at its sale's `occurred_at`: in order of time, and the last recorded ones as they came.
#[derive(Clone, Default)]
pub struct NetSales {
    timeline: Timeline,
    open: Vec<Sold>,
}

/// By how much a sale, a refund or a void changes what a rule decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sold {
    /// When the sale was made.
    pub at: Time,
    /// Net sales, in minor units; below zero for a refund.
    pub minor_units: i64,
    /// Sales that count: one more, one less, or none.
    pub count: i8,
}

impl Undo for RuleSales {
    type Mark = Self;

    fn mark(&self) -> Self {
        self.clone()
    }

    fn undo(&mut self, mark: Self) {
        *self = mark;
    }
}

impl RuleSales {
    /// Adds a sale, a refund or a void, in a currency.
    pub fn add(&mut self, currency: Currency, sold: Sold) {
        let place = self.by_currency.iter().position(|(known, _)| *known == currency).unwrap_or_else(|| {
            self.by_currency.push((currency, NetSales::default()));
            self.by_currency.len() - 1
        });
        self.by_currency[place].1.add(sold);
    }

    /// Net sales in a currency of the sales in [start, end), or of all, in minor units.
    pub fn net(&self, currency: Currency, bounds: Option<(Time, Time)>) -> i128 {
        self.by_currency.iter().find(|(known, _)| *known == currency).map_or(0, |(_, sales)| sales.total(bounds).0)
    }

    /// How many of the sales in [start, end), or of all, count, in whatever currency.
    pub fn count(&self, bounds: Option<(Time, Time)>) -> i128 {
        self.by_currency.iter().map(|(_, sales)| sales.total(bounds).1).sum()
    }
}

impl NetSales {
    fn add(&mut self, sold: Sold) {
        self.open.push(sold);
        if self.open.len() == OPEN {
            let points =
                self.open.drain(..).map(|Sold { at, minor_units, count }| Point { at, amount: minor_units.into(), held: count.into() });
            self.timeline.add(points.collect());
        }
    }

    /// The sum of the sales in [start, end), or of all, and how many count.
    fn total(&self, bounds: Option<(Time, Time)>) -> (i128, i128) {
        let within = |time: Time| bounds.is_none_or(|(start, end)| (start..end).contains(&time));
        let open = self.open.iter().filter(|sold| within(sold.at));
        let (amount, count) =
            open.fold((0, 0), |(amount, count), sold| (amount + i128::from(sold.minor_units), count + i128::from(sold.count)));
        // A timeline is asked for what comes after a time, up to and with another one.
        let before = |time: Time| time - TimeDelta::nanoseconds(1);
        let kept = self.timeline.between(bounds.map(|(start, _)| before(start)), bounds.map(|(_, end)| before(end)));
        (amount + kept.amount, count + kept.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_add_up_to_what_the_entries_say(
            entries in prop::collection::vec((0_i64..100, -50_i64..100, -1_i8..2, any::<bool>()), 0..700), start in 0_i64..100, length in 0_i64..100, undo in 0_usize..700,
        ) {
            let at = |seconds| Time::from_timestamp(seconds, 0).expect("a time");
            let currency = |is_other| Currency::from_code(if is_other { "THB" } else { "USD" }).expect("listed");
            let mut sales = RuleSales::default();
            for (index, &(time, minor_units, count, is_other)) in entries.iter().enumerate() {
                if index == undo {
                    let mark = sales.mark();
                    (0..300).for_each(|_| sales.add(currency(is_other), Sold { at: at(time), minor_units: 1, count: 1 }));
                    sales.undo(mark);
                }
                sales.add(currency(is_other), Sold { at: at(time), minor_units, count });
            }
            let bounds = Some((at(start), at(start + length)));
            for is_other in [false, true] {
                let of_currency = || entries.iter().filter(|entry| entry.3 == is_other);
                let within = of_currency().filter(|entry| (start..start + length).contains(&entry.0));
                prop_assert_eq!(sales.net(currency(is_other), bounds), within.map(|entry| i128::from(entry.1)).sum::<i128>());
                prop_assert_eq!(sales.net(currency(is_other), None), of_currency().map(|entry| i128::from(entry.1)).sum::<i128>());
            }
            let within = entries.iter().filter(|entry| (start..start + length).contains(&entry.0));
            prop_assert_eq!(sales.count(bounds), within.map(|entry| i128::from(entry.2)).sum::<i128>());
            prop_assert_eq!(sales.count(None), entries.iter().map(|entry| i128::from(entry.2)).sum::<i128>());
        }
    }
}
