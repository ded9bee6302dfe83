//! A sale.

mod encoding;

use super::earning::Earning;
use crate::domain::money::Money;
use crate::domain::table::{OptionalRow, Row, undo_by_copy};
use crate::domain::{Seen, State};
use std::ops::{Deref, DerefMut};

/// A sale, with what it earned.
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

    /// What of it was refunded, as seen, in minor units.
    pub fn refunded_seen(&self, seen: Seen, state: &State) -> i64 {
        let refunds = self.refunds().iter().map(|row| state.commissions.refunds.get(*row)).filter(|refund| seen.sees(refund.stamp()));
        refunds.filter(|refund| !refund.reinstated().is_some_and(|stamp| seen.sees(stamp))).map(|refund| refund.applied).sum()
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
