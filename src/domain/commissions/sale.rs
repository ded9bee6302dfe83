//! A sale.

mod encoding;

use super::earning::Earning;
use super::part::{PartShare, SaleDetails};
use crate::domain::money::{Money, saturating_i64};
use crate::domain::table::{OptionalRow, Row, undo_by_copy};
use crate::domain::{Seen, Stamp, State};
use std::ops::{Deref, DerefMut};

/// A sale, with what its first part earned (rules 14.6).
#[derive(Clone, Debug)]
pub struct Sale {
    earning: Earning,
    minor_units: i64,
    lead: OptionalRow,
    next_of_lead: OptionalRow,
}

undo_by_copy!(Sale);

impl Deref for Sale {
    type Target = Earning;

    fn deref(&self) -> &Earning {
        &self.earning
    }
}

impl DerefMut for Sale {
    fn deref_mut(&mut self) -> &mut Earning {
        &mut self.earning
    }
}

impl Sale {
    /// A sale of an amount with what it earned.
    pub(super) fn new(minor_units: i64, lead: Option<Row>, earning: Earning) -> Self {
        Self { earning, minor_units, lead: lead.into(), next_of_lead: OptionalRow::NONE }
    }

    /// What was sold for.
    pub fn amount(&self) -> Money {
        Money::new(self.sold().expect("a sale is made in a currency"), self.minor_units)
    }

    /// The lead it names.
    pub fn lead(&self) -> Option<Row> {
        self.lead.get()
    }

    /// The sale that was recorded next of those that name its lead.
    pub fn next_of_lead(&self) -> Option<Row> {
        self.next_of_lead.get()
    }

    pub(in crate::domain) fn set_next_of_lead(&mut self, next: Row) {
        self.next_of_lead = Some(next).into();
    }

    /// What the first part is of the sale.
    pub fn first_share(&self) -> PartShare {
        self.details().map_or(PartShare::whole(self.minor_units), |details| details.first)
    }

    /// What few sales have.
    pub fn details(&self) -> Option<&SaleDetails> {
        self.earning.details()
    }

    pub(super) fn details_mut(&mut self) -> &mut SaleDetails {
        let minor_units = self.minor_units;
        self.earning.details_mut(|| SaleDetails::of_one(minor_units))
    }

    /// When it was voided, and by which record (rules 16.1).
    pub fn voided(&self) -> Option<Stamp> {
        self.details()?.voided()
    }

    /// Whether it counts as voided: it was, or refunds for an error have taken all of it (rules 16.2, 16.3).
    pub fn counts_as_voided(&self) -> bool {
        let is_taken = |details: &SaleDetails| self.minor_units > 0 && details.errors >= self.minor_units;
        self.details().is_some_and(|details| details.voided.is_some() || is_taken(details))
    }

    /// Whether it counts among its lead's sales: it is above zero, and does not count as voided (rules 14.5, 16.2).
    pub fn counts(&self) -> bool {
        self.minor_units > 0 && !self.counts_as_voided()
    }

    /// What of it was refunded, as seen, in minor units.
    pub fn refunded_seen(&self, seen: Seen, state: &State) -> i64 {
        let refunds = self.refunds().iter().map(|row| state.commissions.refunds.get(*row)).filter(|refund| seen.sees(refund.stamp()));
        let stand = refunds.filter(|refund| !refund.reinstated().is_some_and(|stamp| seen.sees(stamp)));
        // As of a time before they were reinstated, they may be more than the sale, as often as it was refunded.
        saturating_i64(stand.map(|refund| i128::from(refund.applied)).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_is_small() {
        assert_eq!(size_of::<Sale>(), 64);
    }
}
