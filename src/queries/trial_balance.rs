//! The trial balance: every account over everything that is seen; zero in every currency (rules 7.6).

use super::{Reading, StateQuery};
use crate::domain::Seen;
use crate::domain::money::{Currency, saturating_i64};
use crate::domain::parse::Fields;
use crate::ledger::Error;
use crate::proto;
use std::collections::BTreeMap;

/// `GetTrialBalance`.
pub struct GetTrialBalance;

impl StateQuery for GetTrialBalance {
    type Request = proto::GetTrialBalanceRequest;
    type Answer = proto::GetTrialBalanceResponse;

    fn parse(_: &Self::Request, _: &mut Fields) -> Self {
        Self
    }

    fn options(request: &Self::Request) -> Option<&proto::ReadOptions> {
        request.options.as_ref()
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let mut totals: BTreeMap<Currency, i128> = BTreeMap::new();
        let mut accounts = Vec::new();
        for (_, (name, currency), account) in view.accounts.iter() {
            view.check()?;
            let until = account.entries_until(seen.position);
            if account.first_entries(until).any(|entry| entry.effective_at <= seen.time) {
                let balance = account.sums_of_first(until, seen).balance();
                *totals.entry(*currency).or_default() += balance;
                let (account, currency_code) = (name.to_string(), currency.to_string());
                accounts.push(proto::AccountBalance { account, currency_code, balance: saturating_i64(balance) });
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
