//! The payouts of a partner's account.

use super::Account;
use crate::domain::table::Row;

impl Account {
    /// The payouts from a row on, in the order of recording.
    pub fn payouts_from(&self, row: Row) -> impl Iterator<Item = Row> {
        self.partner.as_deref().into_iter().flat_map(move |sums| {
            let first = sums.payouts.partition_point(|known| *known < row);
            sums.payouts.iter_from(first).copied()
        })
    }
}
