//! What stands of a sale's or a qualification's commission, and with whom (rules 5.5, 6.8).

mod encoding;

use crate::domain::calendar::Time;
use crate::domain::money::{Currency, Money};
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
    /// The record that accrued it, or transferred it to this holder.
    pub position: u64,
    /// The record of the sale or qualification that earned it.
    pub source: u64,
    /// Its currency.
    pub currency: Currency,
    /// Minor units that stand.
    pub amount: i64,
    /// What of that waits for the customer's payment (rules 17).
    pub awaiting: i64,
    /// When it is available; of what waited, the latest availability of its releases.
    pub available_at: Option<Time>,
    /// The entry that brought it: account and place.
    pub entry: Option<(Row, Row)>,
}

impl Holding {
    /// What a sale or qualification at a position accrued to a partner.
    pub fn accrued(partner: Row, agreement: Row, position: u64, amount: Money, available_at: Option<Time>) -> Self {
        let Money { currency, minor_units } = amount;
        Self { partner, agreement, position, source: position, currency, amount: minor_units, awaiting: 0, available_at, entry: None }
    }

    /// The same, all of which waits for the customer's payment.
    #[must_use]
    pub fn waiting(self) -> Self {
        Self { awaiting: self.amount, available_at: None, ..self }
    }

    /// What a record moved to a partner, or to the house.
    pub fn moved(part: &CommissionPart, position: u64, source: u64) -> Self {
        let &CommissionPart { partner, agreement, currency, amount, available_at, awaits, .. } = part;
        let awaiting = if awaits { amount } else { 0 };
        Self { partner, agreement, position, source, currency, amount, awaiting, available_at, entry: None }
    }

    /// Whether a part may be of it: one partner, currency and agreement; one availability, or it waits as the part does.
    fn is_like(&self, part: &CommissionPart) -> bool {
        let is_known = part.partner != HOUSE && part.agreement != Row::MAX && self.agreement != Row::MAX;
        let is_as_available = if part.awaits { self.awaiting != 0 } else { self.available_at == part.available_at };
        self.is_held_by(part) && (part.partner == HOUSE || is_as_available) && (!is_known || self.agreement == part.agreement)
    }

    /// What of it does not wait.
    fn released(&self) -> i64 {
        self.amount - self.awaiting
    }

    /// Adds what is given back, or taken if below zero.
    fn add(&mut self, minor_units: i64, awaits: bool) {
        self.amount += minor_units;
        self.awaiting += if awaits { minor_units } else { 0 };
    }

    /// Returns a part of it of an amount: of what waits, or of what does not.
    pub fn part(&self, amount: i64, awaits: bool) -> CommissionPart {
        let &Self { partner, agreement, position, currency, available_at, .. } = self;
        let available_at = available_at.filter(|_| !awaits);
        CommissionPart { partner, agreement, position, currency, amount, available_at, awaits, number: 0, entry: self.entry }
    }

    fn as_source(&self) -> TakenFrom {
        TakenFrom { position: self.position, source: self.source, entry: self.entry }
    }

    fn is_held_by(&self, part: &CommissionPart) -> bool {
        self.partner == part.partner && self.currency == part.currency
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
    /// The agreement it came through; `Row::MAX` for the house, and where it is not known.
    pub agreement: Row,
    /// The record that brought the holding it was taken from; 0 before that is known.
    pub position: u64,
    /// Its currency.
    pub currency: Currency,
    /// Minor units.
    pub amount: i64,
    /// The accrual's availability.
    pub available_at: Option<Time>,
    /// Whether it waits for the customer's payment (rules 17).
    pub awaits: bool,
    /// Of which part of the sale it is (rules 14.6).
    pub number: u32,
    /// The entry that brought the holding, where that is known: account and place.
    pub entry: Option<(Row, Row)>,
}

/// Where a part was taken from: the holding that the first of it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenFrom {
    /// The record that brought it.
    pub position: u64,
    /// The record that earned it.
    pub source: u64,
    /// The entry that brought it: account and place.
    pub entry: Option<(Row, Row)>,
}

/// What a transfer took last: what waits of a holding is posted first, then what does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastMoved(Option<(TakenFrom, bool)>);

impl LastMoved {
    /// Notes where something was taken from, and whether it waits. Returns whether it is the rest of a holding of which what
    /// waited was taken just before.
    pub fn is_rest(&mut self, from: Option<TakenFrom>, awaits: bool) -> bool {
        let before = std::mem::replace(&mut self.0, from.map(|from| (from, awaits)));
        !awaits && from.is_some() && before == from.map(|from| (from, true))
    }

    /// The record that earned what was taken last.
    pub fn source(self) -> Option<u64> {
        self.0.map(|(from, _)| from.source)
    }
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

    /// Links the first holding that a record brought a partner in a currency, and that has no entry yet, with its entry.
    pub fn link(&mut self, partner: Row, currency: Currency, position: u64, entry: (Row, Row)) {
        let unlinked = self.0.iter_mut().find(|holding| {
            (holding.partner, holding.currency, holding.position) == (partner, currency, position) && holding.entry.is_none()
        });
        if let Some(holding) = unlinked {
            holding.entry = Some(entry);
        }
    }

    /// Returns the sum of all holdings, in minor units, with what the house took over.
    pub fn total(&self) -> i128 {
        self.0.iter().map(|holding| i128::from(holding.amount)).sum()
    }

    /// Adds commission that was accrued, or transferred to a holder.
    pub fn acquire(&mut self, holding: Holding) {
        self.0.push(holding);
    }

    /// Adds what a transfer moved of a holding. What waited and what did not are posted apart, in this order, and are one holding
    /// again (rules 17.4): `is_rest` says that it is the second of them.
    pub fn acquire_moved(&mut self, moved: Holding, is_rest: bool) {
        match self.0.last_mut().filter(|last| is_rest && last.position == moved.position && last.partner == moved.partner) {
            Some(first) => {
                first.amount += moved.amount;
                first.awaiting += moved.awaiting;
                first.available_at = moved.available_at;
            }
            None => self.acquire(moved),
        }
    }

    /// From whom an amount is to be taken: the latest holder first; what nobody holds, from the first.
    /// A negative amount is given to the latest.
    pub fn parts_of(&self, amount: i128) -> Vec<CommissionPart> {
        let mut left = amount;
        let mut parts: Vec<CommissionPart> = Vec::new();
        for (index, holding) in self.0.iter().enumerate().rev() {
            let is_last = index == 0;
            for (awaits, held) in [(true, holding.awaiting), (false, holding.released())] {
                let all_that_is_left = !awaits && (left < 0 || is_last);
                let taken = if all_that_is_left { left } else { left.min(i128::from(held)).max(0) };
                if taken != 0 {
                    let amount = i64::try_from(taken).expect("a reversal is within what tiers earn on amounts of 64 bits");
                    parts.push(holding.part(amount, awaits));
                }
                left -= taken;
            }
            if left == 0 {
                break;
            }
        }
        parts
    }

    /// What is taken of the house, as `parts_of` takes it: of the latest holding first, of each first what waits. Minor units, and
    /// whether they wait; what the house does not hold does not wait.
    pub fn of_house(&self, currency: Currency, minor_units: i64) -> SmallVec<[(i64, bool); 2]> {
        let mut left = minor_units;
        let mut parts = SmallVec::new();
        for holding in self.0.iter().rev().filter(|holding| holding.partner == HOUSE && holding.currency == currency) {
            for (awaits, held) in [(true, holding.awaiting), (false, holding.released())] {
                let taken = left.min(held).max(0);
                parts.push((taken, awaits));
                left -= taken;
            }
        }
        parts.push((left, false));
        parts.retain(|(taken, _)| *taken != 0);
        parts
    }

    /// Takes a part from its holder: from the latest holding like it first, what none of them has from the first. Returns
    /// the holding that the first of it was taken from; `None` if the holder has none.
    pub fn take(&mut self, part: &CommissionPart) -> Option<TakenFrom> {
        let is_there = self.0.iter().any(|holding| holding.is_like(part));
        let is_meant = |holding: &&mut Holding| if is_there { holding.is_like(part) } else { holding.is_held_by(part) };
        let mut own: SmallVec<[&mut Holding; 2]> = self.0.iter_mut().filter(is_meant).collect();
        let (mut left, mut from) = (part.amount, None);
        for holding in own.iter_mut().rev() {
            let held = if part.awaits { holding.awaiting } else { holding.released() };
            let taken = if left < 0 { left } else { left.min(held.max(0)) };
            holding.add(-taken, part.awaits);
            left -= taken;
            from = from.or((taken != 0).then(|| holding.as_source()));
        }
        let first = own.first_mut()?;
        first.add(-left, part.awaits);
        from.or(Some(first.as_source()))
    }

    /// Gives a part back to the holding that it was taken from; if that is not known, to the latest like it.
    pub fn give_back(&mut self, part: &CommissionPart) {
        let place = |is_meant: &dyn Fn(&Holding) -> bool| self.0.iter().rposition(is_meant);
        let place = place(&|holding| part.entry.is_some() && holding.entry == part.entry)
            .or_else(|| place(&|holding| holding.is_like(part) && holding.position == part.position))
            .or_else(|| place(&|holding| holding.is_held_by(part) && holding.position == part.position))
            .or_else(|| place(&|holding| holding.is_like(part)))
            .or_else(|| place(&|holding| holding.is_held_by(part)));
        if let Some(place) = place {
            self.0[place].add(part.amount, part.awaits);
        }
    }

    /// What waits of all of them, in minor units.
    pub fn awaiting(&self) -> i64 {
        self.0.iter().map(|holding| holding.awaiting).sum()
    }

    /// Releases of what waits, so that as much as a target does not: by whom it is held, and how much; below zero it waits
    /// again. What waits is released from the earliest holder first, and taken back from the latest (rules 17.3).
    pub fn releases(&self, target: i128) -> Vec<(usize, i64)> {
        let mut left = target - self.0.iter().map(|holding| i128::from(holding.released())).sum::<i128>();
        let waits = self.0.iter().enumerate().map(|(place, holding)| (place, holding.awaiting));
        let released = self.0.iter().enumerate().rev().map(|(place, holding)| (place, holding.released()));
        let most: Vec<(usize, i64)> = if left > 0 { waits.collect() } else { released.collect() };
        let releases = most.into_iter().map(|(place, most)| {
            let most = i128::from(most.max(0));
            let released = left.clamp(-most, most);
            left -= released;
            (place, i64::try_from(released).expect("it is within what is held"))
        });
        releases.filter(|(_, released)| *released != 0).collect()
    }

    /// Releases an amount of what waits of a holding from a time on; below zero it waits again.
    pub fn release(&mut self, place: usize, minor_units: i64, available_at: Time) {
        let holding = &mut self.0[place];
        holding.awaiting -= minor_units;
        holding.available_at = holding.available_at.max(Some(available_at));
    }

    /// Releases what a posting says: an amount of a partner's from a time on; below zero it waits again.
    pub fn release_of(&mut self, part: &CommissionPart) {
        let is_meant = |holding: &Holding| {
            let most = if part.amount > 0 { holding.awaiting } else { holding.released() };
            holding.is_held_by(part) && most >= part.amount.abs()
        };
        let place = if part.amount > 0 { self.0.iter().position(is_meant) } else { self.0.iter().rposition(is_meant) };
        if let (Some(place), Some(available_at)) = (place, part.available_at) {
            self.release(place, part.amount, available_at);
        }
    }

    /// The holding at a place.
    pub fn at(&self, place: usize) -> &Holding {
        &self.0[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(minor_units: i64) -> Money {
        Money::new(Currency::from_code("USD").expect("listed"), minor_units)
    }

    fn holding(partner: Row, amount: i64) -> Holding {
        Holding::accrued(partner, 0, 1, usd(amount), None)
    }

    fn part(partner: Row, amount: i64) -> CommissionPart {
        CommissionPart {
            partner,
            agreement: 0,
            position: 0,
            currency: usd(0).currency,
            amount,
            available_at: None,
            awaits: false,
            number: 0,
            entry: None,
        }
    }

    #[test]
    fn the_house_holds_what_it_took_over() {
        let mut holdings = Holdings::default();
        holdings.acquire(holding(1, 0));
        holdings.acquire(Holding::moved(&part(HOUSE, 1_000), 2, 1));
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
        holdings.take(&part(2, 300));
        holdings.take(&part(1, 700));
        assert_eq!(holdings.total(), -200);
        holdings.give_back(&part(1, 700));
        assert_eq!(holdings.total(), 500);
    }

    #[test]
    fn currencies_do_not_mix() {
        let mut holdings = Holdings::default();
        holdings.acquire(holding(1, 500));
        let euros = Money::new(Currency::from_code("EUR").expect("listed"), 700);
        holdings.acquire(Holding::accrued(1, 0, 2, euros, None));
        assert_eq!(holdings.take(&part(1, 500)), Some(TakenFrom { position: 1, source: 1, entry: None }));
        assert_eq!(holdings.iter().map(|holding| holding.amount).collect::<Vec<_>>(), [0, 700]);
    }

    #[test]
    fn what_a_refund_took_goes_back_to_where_it_was_taken_from() {
        let mut holdings = Holdings::default();
        holdings.acquire(holding(1, 40));
        holdings.acquire(Holding::moved(&CommissionPart { agreement: 7, ..part(1, 60) }, 3, 1));
        let before = holdings.clone();
        let mut parts = holdings.parts_of(100);
        for part in &mut parts {
            part.position = holdings.take(part).expect("it is held").position;
        }
        assert_eq!(parts.iter().map(|part| (part.agreement, part.position, part.amount)).collect::<Vec<_>>(), [(7, 3, 60), (0, 1, 40)]);
        parts.iter().for_each(|part| holdings.give_back(part));
        assert_eq!(holdings, before);
    }
}
