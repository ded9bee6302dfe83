//! The trial balance: every account over everything that is seen; zero in every currency (rules 7.6).

use super::{StateQuery, StateView};
use crate::domain::Seen;
use crate::domain::money::{Currency, saturating_i64};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::proto;
use std::collections::BTreeMap;

/// Accounts that are summed up between two yields to the writer.
const ACCOUNTS_AT_A_TIME: Row = 256;

/// `GetTrialBalance`.
pub struct GetTrialBalance;

impl StateQuery for GetTrialBalance {
    type Request = proto::GetTrialBalanceRequest;
    type Answer = proto::GetTrialBalanceResponse;

    fn parse(_: &Self::Request, _: &mut Fields) -> Self {
        Self
    }

    fn answer<V: StateView>(&self, view: &mut V, seen: Seen) -> Result<Self::Answer, Rejection> {
        let mut totals: BTreeMap<Currency, i128> = BTreeMap::new();
        let mut accounts = Vec::new();
        let mut row = 0;
        while (row as usize) < view.accounts.len() {
            let ((name, currency), account) = (view.accounts.key(row), view.accounts.get(row));
            let until = account.entries_until(seen.position);
            if account.first_entries(until).any(|entry| entry.effective_at <= seen.time) {
                let balance = account.sums_of_first(until, seen).balance();
                *totals.entry(*currency).or_default() += balance;
                let (account, currency_code) = (name.to_string(), currency.to_string());
                accounts.push(proto::AccountBalance { account, currency_code, balance: saturating_i64(balance) });
            }
            row += 1;
            if row.is_multiple_of(ACCOUNTS_AT_A_TIME) {
                view.yield_to_writer();
            }
        }
        accounts.sort_by(|a, b| (&a.account, &a.currency_code).cmp(&(&b.account, &b.currency_code)));
        let is_balanced = totals.values().all(|total| *total == 0);
        if !is_balanced {
            tracing::error!(?totals, position = seen.position, "the trial balance is not zero");
        }
        Ok(proto::GetTrialBalanceResponse { accounts, is_balanced, position: seen.position })
    }
}
