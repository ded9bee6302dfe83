//! The parts of a sale (rules 14.6): one for each line and earner, then those of overrides. The first part is in the sale's row,
//! further ones have rows of their own, so that a sale of one part has nothing more than its row.

mod encoding;

use super::earning::Earning;
use crate::domain::State;
use crate::domain::account::About;
use crate::domain::ids::Id;
use crate::domain::money::saturating_i64;
use crate::domain::stamp::CompactStamp;
use crate::domain::table::{Row, undo_by_copy};
use crate::domain::{Seen, Stamp};

/// What a part is of its sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartShare {
    /// Its share of the line's amount, in minor units; 0 of an override.
    pub amount: i64,
    /// Its share of the line's base, in minor units; 0 of an override.
    pub base: i64,
    /// The place of its line; 0 of a sale without lines.
    pub line: u32,
    /// What an override part is an override of; `None` of an own part.
    pub over: Option<Over>,
}

/// What an override part is an override of (rules 15.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// The number of the part below.
    pub part: u32,
    /// How many levels above it.
    pub level: u32,
}

/// A part after the first.
#[derive(Clone, Debug)]
pub struct Part {
    /// The sale.
    pub sale: Row,
    /// What it is of the sale.
    pub share: PartShare,
    /// What it earned.
    pub earning: Earning,
}

undo_by_copy!(Part);

/// What few sales have.
#[derive(Clone, Debug)]
pub struct SaleDetails {
    /// The lines; none of a sale that is one line.
    pub lines: Vec<Line>,
    /// What the first part is of the sale.
    pub first: PartShare,
    /// The row of the part after the first, if there is one; the others follow it.
    pub more: Option<Row>,
    /// How many parts there are.
    pub count: u32,
    /// How many of them are own parts: those come first.
    pub own: u32,
    /// When it was voided (rules 16).
    pub voided: Option<CompactStamp>,
    /// Refunds for an error less those that were reinstated, in minor units (rules 16.3).
    pub errors: i64,
    /// What the customer paid, as recorded, in the order of recording (rules 17.2).
    pub payments: Vec<CustomerPayment>,
}

/// A line of a sale (rules 14.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id, unique in the sale.
    pub id: Id,
    /// What it was sold for, in minor units.
    pub amount: i64,
}

/// A payment of a customer, or one that bounced.
#[derive(Clone, Debug)]
pub struct CustomerPayment {
    /// Its id.
    pub receipt: Id,
    /// When it happened, and by which record.
    pub stamp: CompactStamp,
    /// Minor units; below zero it bounced.
    pub minor_units: i64,
}

impl SaleDetails {
    /// Those of a sale that is one line with one part.
    pub(super) fn of_one(minor_units: i64) -> Self {
        Self {
            lines: Vec::new(),
            first: PartShare::whole(minor_units),
            more: None,
            count: 1,
            own: 1,
            voided: None,
            errors: 0,
            payments: Vec::new(),
        }
    }

    /// What the customer paid of it, in minor units.
    pub fn paid(&self) -> i64 {
        self.payments.iter().map(|payment| payment.minor_units).sum()
    }

    /// The same, as seen, cut to 64 bits: those of a time may come to more than all do. `None` if no payment is seen.
    pub fn paid_seen(&self, seen: Seen) -> Option<i64> {
        let payments = self.payments.iter().filter(|payment| seen.sees(payment.stamp.into()));
        payments.map(|payment| i128::from(payment.minor_units)).reduce(|sum, next| sum + next).map(saturating_i64)
    }

    /// When it was voided, and by which record.
    pub fn voided(&self) -> Option<Stamp> {
        self.voided.map(Stamp::from)
    }
}

impl PartShare {
    /// That of the one part of a sale.
    pub(super) fn whole(minor_units: i64) -> Self {
        Self { amount: minor_units, base: minor_units, line: 0, over: None }
    }

    /// Whether it is an own part, not one of an override.
    pub fn is_own(&self) -> bool {
        self.over.is_none()
    }
}

/// A part of a sale, wherever it is kept.
#[derive(Clone, Copy)]
pub struct PartOf<'a> {
    /// Which part, 0 the first.
    pub number: u32,
    /// As entries are about it.
    pub about: About,
    /// What it is of the sale.
    pub share: PartShare,
    /// What it earned.
    pub earning: &'a Earning,
}

impl PartOf<'_> {
    /// What is left of its amount, in minor units.
    pub fn left(&self) -> i64 {
        self.share.amount - self.earning.refunded()
    }
}

impl State {
    /// The parts of a sale, in their order; one of a sale that nobody has the credit of too.
    pub fn parts(&self, sale: Row) -> impl Iterator<Item = PartOf<'_>> {
        let known = self.commissions.sales.get(sale);
        let first = PartOf { number: 0, about: About::Sale(sale), share: known.first_share(), earning: known };
        let more = known.details().and_then(|details| details.more.map(|row| (row, details.count - 1)));
        let rows = more.map_or(0..0, |(row, count)| row..row + count);
        std::iter::once(first).chain(rows.zip(1..).map(|(row, number)| self.part(row, number)))
    }

    /// The own parts of a sale (rules 14.6).
    pub fn own_parts(&self, sale: Row) -> impl Iterator<Item = PartOf<'_>> {
        self.parts(sale).take_while(|part| part.share.is_own())
    }

    fn part(&self, row: Row, number: u32) -> PartOf<'_> {
        let part = self.commissions.parts.get(row);
        PartOf { number, about: About::Part(row), share: part.share, earning: &part.earning }
    }

    /// A part of a sale by its number, as entries are about it.
    pub(in crate::domain) fn about_part(&self, sale: Row, number: u32) -> About {
        let more = || self.commissions.sales.get(sale).details()?.more;
        match number.checked_sub(1) {
            None => About::Sale(sale),
            Some(after) => About::Part(more().expect("only a sale of several parts has further ones") + after),
        }
    }

    /// The sale that entries are about, and which part of it.
    pub fn sale_of(&self, about: About) -> Option<(Row, u32)> {
        match about {
            About::Sale(row) => Some((row, 0)),
            About::Part(row) => {
                let sale = self.commissions.parts.get(row).sale;
                let first = self.commissions.sales.get(sale).details().and_then(|details| details.more).unwrap_or(row);
                Some((sale, row - first + 1))
            }
            About::Lead(_) | About::Nothing => None,
        }
    }

    /// The line of a part that entries are about; `None` of a sale without lines.
    pub fn line_of(&self, about: About) -> Option<&Id> {
        let (sale, number) = self.sale_of(about)?;
        let details = self.commissions.sales.get(sale).details()?;
        let share = self.share_of_part(sale, number);
        details.lines.get(share.line as usize).map(|line| &line.id)
    }

    /// How many levels above entries are that are about an override part; `None` of an own part.
    pub fn level_of(&self, about: About) -> Option<u32> {
        let (sale, number) = self.sale_of(about)?;
        self.share_of_part(sale, number).over.map(|over| over.level)
    }

    fn share_of_part(&self, sale: Row, number: u32) -> PartShare {
        match self.about_part(sale, number) {
            About::Part(row) => self.commissions.parts.get(row).share,
            _ => self.commissions.sales.get(sale).first_share(),
        }
    }

    /// What is left of a sale, in minor units: its amount less refunds that were not reinstated.
    pub fn left_of_sale(&self, sale: Row) -> i64 {
        self.commissions.sales.get(sale).amount().minor_units - self.refunded_of_sale(sale)
    }

    /// What of a sale was refunded and not reinstated, in minor units.
    pub fn refunded_of_sale(&self, sale: Row) -> i64 {
        self.own_parts(sale).map(|part| part.earning.refunded()).sum()
    }
}
