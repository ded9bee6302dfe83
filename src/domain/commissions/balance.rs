//! Balances: what a partner is owed, what of it is pending, disputed and payable (rules 7.1–7.3).

use super::{DisputeSubject, Payout};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::ids::Id;
use crate::domain::money::Currency;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::EntryKind;

/// A partner's balance in one currency, in minor units (rules 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The currency.
    pub currency: Currency,
    /// Commission accrued, with transfers in.
    pub accrued: i128,
    /// Commission reversed less reinstated, with transfers out.
    pub reversed: i128,
    /// Adjustments.
    pub adjusted: i128,
    /// Shares of costs, paid for the house less owed to it.
    pub cost_share: i128,
    /// Distributions of ventures.
    pub distributed: i128,
    /// Sales that the partner collected.
    pub collected: i128,
    /// Paid to the partner.
    pub paid: i128,
    /// What of it was sent and has neither settled nor failed (rules 19.1).
    pub in_transit: i128,
    /// Payouts that came back.
    pub returned: i128,
    /// Received from the partner.
    pub received: i128,
    /// The sum: what the house owes.
    pub net: i128,
    /// Of that, commission not yet available.
    pub pending: i128,
    /// Of what is pending, commission that waits for the customer to pay (rules 17).
    pub awaiting_customer: i128,
    /// Of that, commission held by open disputes.
    pub disputed: i128,
    /// What can be paid now; it may be negative.
    pub payable: i128,
}

impl State {
    /// A partner's balances at a time, by currency code; only currencies in which something is seen.
    pub fn balances(&self, partner: Row, seen: Seen) -> Vec<Balance> {
        self.balances_in(partner, None, seen)
    }

    /// Those of them in a currency, if one is named.
    pub fn balances_in(&self, partner: Row, currency: Option<Currency>, seen: Seen) -> Vec<Balance> {
        let wanted = |row: &&Row| currency.is_none_or(|currency| self.accounts.key(**row).1 == currency);
        let accounts = self.partners.get(partner).accounts.iter().filter(wanted);
        let mut balances: Vec<Balance> = accounts.filter_map(|row| self.balance(*row, seen)).collect();
        balances.sort_by_key(|balance| balance.currency);
        balances
    }

    /// The least payout that is proposed to a partner in a currency at a time, as seen, where so much is pending: nothing for
    /// the last balance (rules 7.3, 19.5).
    pub fn minimum_payout(&self, partner: Row, currency: Currency, pending: i128, at: Time, seen: Seen) -> i64 {
        let is_last = pending == 0 && self.earns_no_more(partner, at, seen);
        if is_last { 0 } else { self.agreed_minimum(partner, currency, at, seen) }
    }

    /// Whether all signed agreements of a partner have ended by a time and are out of their tails, as seen; also if there is
    /// none (rules 19.5).
    pub fn earns_no_more(&self, partner: Row, at: Time, seen: Seen) -> bool {
        let agreements = self.partners.get(partner).agreements.iter().map(|row| self.agreements.by_id.get(*row));
        let mut signed = agreements.filter(|agreement| agreement.signature_seen(seen).is_some_and(|signed| signed.stamp.occurred_at <= at));
        signed.all(|agreement| agreement.out_of_tail_at(seen, self).is_some_and(|out| out <= at))
    }

    /// The largest minimum in a currency among the terms in force at a time, or at the end, of a partner's signed agreements,
    /// as seen; 0 if there is none (rules 7.3).
    pub fn agreed_minimum(&self, partner: Row, currency: Currency, at: Time, seen: Seen) -> i64 {
        let agreements = self.partners.get(partner).agreements.iter().map(|row| self.agreements.by_id.get(*row));
        let terms = agreements.filter_map(|agreement| agreement.terms_applying(at, seen, self));
        let minimums = terms.flat_map(|version| version.terms.minimum_payouts.iter()).filter(|minimum| minimum.currency == currency);
        minimums.map(|minimum| minimum.minor_units).max().unwrap_or(0)
    }

    /// The balance of a partner's account; `None` if nothing is seen of it.
    pub fn balance(&self, row: Row, seen: Seen) -> Option<Balance> {
        let (_, currency) = self.accounts.key(row);
        let account = self.accounts.get(row);
        let count = account.entries_until(seen.position);
        if !account.is_any_seen(count, seen) {
            return None;
        }
        let sums = account.sums_of_first(count, seen);
        let net = -sums.balance();
        let disputed = self.disputed(row, seen);
        Some(Balance {
            currency: *currency,
            accrued: sums.owed(EntryKind::Accrual) + sums.transferred_in(),
            reversed: sums.transferred_out() - sums.owed(EntryKind::Reversal) - sums.owed(EntryKind::Reinstatement),
            adjusted: sums.owed(EntryKind::Adjustment),
            cost_share: sums.owed(EntryKind::CostShare),
            distributed: sums.owed(EntryKind::Distribution),
            collected: -sums.owed(EntryKind::Collection),
            paid: -sums.owed(EntryKind::Payment),
            in_transit: self.in_transit(row, seen),
            returned: sums.owed(EntryKind::PaymentReturn),
            received: sums.owed(EntryKind::Receipt),
            net,
            pending: sums.pending(),
            awaiting_customer: sums.awaiting(),
            disputed,
            payable: net - sums.pending() - disputed,
        })
    }

    /// What of the payouts of an account was sent, and neither settled nor failed by what is posted then.
    fn in_transit(&self, row: Row, seen: Seen) -> i128 {
        let account = self.accounts.get(row);
        account.in_transit(seen).unwrap_or_else(|| {
            let sent = account.sent_payouts().map(|row| self.commissions.payouts.get(row));
            let known = sent.take_while(|payout| payout.stamp().position <= seen.position);
            let counts = |payout: &&Payout| self.commissions.payout_effective_at(payout) <= seen.time && payout.is_without_posted_end(seen);
            known.filter(counts).map(|payout| i128::from(payout.amount.minor_units)).sum()
        })
    }

    /// Commission held by open disputes: what is available of their leads and sales, each once, not below zero (rules 7.1).
    pub fn disputed(&self, row: Row, seen: Seen) -> i128 {
        let account = self.accounts.get(row);
        if account.disputed().is_empty() {
            return 0;
        }
        // For a position in the past by the account's own entries: a lead's and a sale's others may be many.
        let past = || self.disputed_changes(row, seen).iter().map(|(_, change)| change).sum();
        account.held(seen).unwrap_or_else(past).max(0)
    }

    /// What is available of the commission of a dispute's subject, by account, in minor units; it may be below zero.
    pub fn available(&self, subject: DisputeSubject, seen: Seen) -> Vec<(Row, i128)> {
        let mut entries: Vec<(Row, Row)> = self.commission_entries(subject).collect();
        entries.sort_unstable();
        let accounts = entries.chunk_by(|one, next| one.0 == next.0).map(|of_account| {
            let account = of_account[0].0;
            let entries = self.accounts.get(account).entries_at(of_account.iter().map(|(_, place)| *place));
            let available = entries.filter(|entry| !entry.awaits && entry.position <= seen.position && entry.settles_at() <= seen.time);
            (account, -available.map(|entry| i128::from(entry.amount)).sum::<i128>())
        });
        accounts.collect()
    }

    /// Returns the lowest payable from a time on, in minor units, and when it is reached (rules 7.2).
    pub fn least_payable_from(&self, partner: &Id, currency: Currency, from: Time) -> (i128, Time) {
        let row = self.accounts.find(&(AccountName::Partner(partner.clone()), currency));
        row.map_or((0, from), |row| self.accounts.get(row).least_payable_from(from))
    }
}
