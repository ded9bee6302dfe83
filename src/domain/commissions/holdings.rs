//! What stands of a sale's or a qualification's commission, and with whom (rules 5.5, 6.8).

mod encoding;

use crate::domain::calendar::Time;
use crate::domain::table::Row;
use smallvec::SmallVec;

/// In place of a partner: the house, which took commission over by a reassignment. Nothing stands for that in its
/// accounts, but it is the latest holder when a refund takes commission back.
pub const HOUSE: Row = Row::MAX;

/// Commission that stands with a partner, or that the house took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The partner, or `HOUSE`.
    pub partner: Row,
    /// The agreement it came through; without meaning for the house.
    pub agreement: Row,
    /// The record that accrued it, or moved it here.
    pub position: u64,
    /// Minor units that stand.
    pub amount: i64,
    /// When it is available.
    pub available_at: Option<Time>,
    /// The entry that brought it: account and place.
    pub entry: Option<(Row, Row)>,
}

impl Holding {
    /// What a record moved to the house.
    pub fn of_house(position: u64, amount: i64, available_at: Option<Time>) -> Self {
        Self::new(HOUSE, Row::MAX, position, amount, available_at)
    }

    /// What a record accrued or moved to a partner.
    pub fn new(partner: Row, agreement: Row, position: u64, amount: i64, available_at: Option<Time>) -> Self {
        Self { partner, agreement, position, amount, available_at, entry: None }
    }
}

/// Holdings in the order in which they were acquired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings(SmallVec<[Holding; 1]>);

/// A part taken from, or given to, a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommissionPart {
    /// The partner, or `HOUSE`.
    pub partner: Row,
    /// The agreement it came through; without meaning for the house.
    pub agreement: Row,
    /// Minor units.
    pub amount: i64,
    /// The accrual's availability.
    pub available_at: Option<Time>,
}

impl Holdings {
    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Holding> {
        self.0.iter()
    }

    /// All of them by value, oldest first.
    pub fn into_all(self) -> impl Iterator<Item = Holding> {
        self.0.into_iter()
    }

    /// Links the first holding that a record brought a partner, and that has no entry yet, with its entry.
    pub fn link(&mut self, partner: Row, position: u64, entry: (Row, Row)) {
        let unlinked =
            self.0.iter_mut().find(|holding| holding.partner == partner && holding.position == position && holding.entry.is_none());
        if let Some(holding) = unlinked {
            holding.entry = Some(entry);
        }
    }

    /// What stands in all, with what the house took over.
    pub fn total(&self) -> i128 {
        self.0.iter().map(|holding| i128::from(holding.amount)).sum()
    }

    /// Commission was accrued or moved here.
    pub fn acquire(&mut self, holding: Holding) {
        self.0.push(holding);
    }

    /// From whom an amount is to be taken: the latest holder first; what nobody holds, from the first.
    /// A negative amount is given to the latest.
    pub fn parts_of(&self, amount: i128) -> Vec<CommissionPart> {
        let mut left = amount;
        let mut parts: Vec<CommissionPart> = Vec::new();
        for (index, holding) in self.0.iter().enumerate().rev() {
            let held = i128::from(holding.amount).max(0);
            let last = index == 0;
            let taken = if left < 0 || last { left } else { left.min(held) };
            if taken != 0 {
                let amount = i64::try_from(taken).expect("a reversal is within what tiers earn on amounts of 64 bits");
                parts.push(CommissionPart {
                    partner: holding.partner,
                    agreement: holding.agreement,
                    amount,
                    available_at: holding.available_at,
                });
            }
            left -= taken;
            if left == 0 {
                break;
            }
        }
        parts
    }

    /// A part was taken from a partner: from its latest holding first, the rest from its first.
    pub fn take(&mut self, partner: Row, amount: i64) {
        let mut left = amount;
        let mut own: SmallVec<[&mut Holding; 2]> = self.0.iter_mut().filter(|holding| holding.partner == partner).collect();
        for holding in own.iter_mut().rev() {
            let taken = if left < 0 { left } else { left.min(holding.amount.max(0)) };
            holding.amount -= taken;
            left -= taken;
        }
        if let Some(first) = own.first_mut() {
            first.amount -= left;
        }
    }

    /// A part was given back to a partner: to its latest holding.
    pub fn give_back(&mut self, partner: Row, amount: i64) {
        if let Some(holding) = self.0.iter_mut().rev().find(|holding| holding.partner == partner) {
            holding.amount += amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(partner: Row, amount: i64) -> Holding {
        Holding::new(partner, 0, 1, amount, None)
    }

    #[test]
    fn the_house_holds_what_it_took_over() {
        let mut holdings = Holdings::default();
        holdings.acquire(holding(1, 0));
        holdings.acquire(Holding::of_house(2, 1_000, None));
        let parts: Vec<_> = holdings.parts_of(1_000).into_iter().map(|part| (part.partner, part.amount)).collect();
        assert_eq!(parts, [(HOUSE, 1_000)]);
    }

    #[test]
    fn parts_come_from_the_latest_holder_first() {
        let mut holdings = Holdings::default();
        holdings.acquire(holding(1, 500));
        holdings.acquire(holding(2, 300));
        let parts: Vec<_> = holdings.parts_of(400).into_iter().map(|part| (part.partner, part.amount)).collect();
        assert_eq!(parts, [(2, 300), (1, 100)]);
        let beyond: Vec<_> = holdings.parts_of(1_000).into_iter().map(|part| (part.partner, part.amount)).collect();
        assert_eq!(beyond, [(2, 300), (1, 700)]);
        holdings.take(2, 300);
        holdings.take(1, 700);
        assert_eq!(holdings.total(), -200);
        holdings.give_back(1, 700);
        assert_eq!(holdings.total(), 500);
    }
}
