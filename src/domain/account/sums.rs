//! What entries of an account come to.

use super::Entry;
use crate::domain::Seen;
use crate::proto::EntryKind;

/// How many kinds of entries there are, with the unspecified one.
pub const KINDS: usize = 14;

/// Sums by kind of entry, in minor units, debit above zero; commission that is not yet available apart;
/// transfers split by direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub(super) by_kind: [i128; KINDS],
    pub(super) transferred_in: i128,
    pub(super) pending: i128,
    /// What of that waits for the customer's payment.
    pub(super) awaiting: i128,
}

impl Sums {
    pub(super) fn add(&mut self, entry: &Entry) {
        self.add_amount(entry.kind, entry.amount);
        self.awaiting += if entry.awaits { i128::from(entry.amount) } else { 0 };
    }

    /// Adds an amount of a kind, debit above zero.
    pub fn add_amount(&mut self, kind: EntryKind, amount: i64) {
        self.by_kind[kind as usize] += i128::from(amount);
        // A transfer in credits the partner: its posting is below zero.
        if kind == EntryKind::Transfer && amount < 0 {
            self.transferred_in += i128::from(amount);
        }
    }

    /// Whether the account's balance and, of a partner's account, every field of a balance fit 64 bits (rules 3.4).
    pub fn fit(&self, is_partner: bool) -> bool {
        let accrued = self.owed(EntryKind::Accrual) + self.transferred_in();
        let reversed = self.transferred_out() - self.owed(EntryKind::Reversal) - self.owed(EntryKind::Reinstatement);
        let within = |value: i128| value.abs() <= i128::from(i64::MAX);
        let fields = || self.by_kind.iter().all(|sum| within(*sum)) && within(accrued) && within(reversed);
        within(self.balance()) && (!is_partner || fields())
    }

    /// Whether they certainly fit, whatever entries of that much in all are added, debit or credit; in minor units. Every balance
    /// and every field of one is a sum of some of them.
    pub fn have_room_for(&self, minor_units: i128) -> bool {
        let kinds: u128 = self.by_kind.iter().map(|sum| sum.unsigned_abs()).sum();
        let taken = kinds + 2 * self.transferred_in.unsigned_abs() + 2 * minor_units.unsigned_abs();
        taken <= i64::MAX.unsigned_abs().into()
    }

    /// Adds what is effective by then, and counts what is pending then.
    pub(super) fn add_seen(&mut self, entry: &Entry, seen: Seen) {
        if entry.effective_at <= seen.time {
            self.add(entry);
            if entry.awaits || entry.settles_at() > seen.time {
                self.pending += i128::from(entry.amount);
            }
        }
    }

    /// What is owed to the account's holder by entries of a kind: credits above zero.
    pub fn owed(&self, kind: EntryKind) -> i128 {
        -self.by_kind[kind as usize]
    }

    /// Transfers in, credits above zero.
    pub fn transferred_in(&self) -> i128 {
        -self.transferred_in
    }

    /// Transfers out, debits above zero.
    pub fn transferred_out(&self) -> i128 {
        self.by_kind[EntryKind::Transfer as usize] - self.transferred_in
    }

    /// The account's balance, debit above zero.
    pub fn balance(&self) -> i128 {
        self.by_kind.iter().sum()
    }

    /// Of what is pending, commission that waits for the customer's payment, credits above zero (rules 17).
    pub fn awaiting(&self) -> i128 {
        -self.awaiting
    }

    /// Commission owed that is not yet available, credits above zero.
    pub fn pending(&self) -> i128 {
        -self.pending
    }
}
