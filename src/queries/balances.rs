//! Balances: what partners are owed, as of a time (rules 7.1).

use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, SubjectQuery, partner_seen};
use crate::domain::account::Account;
use crate::domain::commissions::balance::Balance;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Currency, saturating_i64};
use crate::domain::parse::Fields;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto;

/// `GetBalance`.
pub struct GetBalance {
    partner: Id,
}

/// Entries of a partner that are summed up in less than a millisecond.
const FEW_ENTRIES: usize = 16_384;

impl SubjectQuery for GetBalance {
    fn is_long(state: &State, request: &proto::GetBalanceRequest, seen: Seen) -> bool {
        let partner = Id::new(&request.partner_id).and_then(|id| state.partners.by_key(&id));
        let accounts = partner.into_iter().flat_map(|partner| &partner.accounts).map(|row| state.accounts.get(*row));
        // Of accounts of which all is seen the sums are kept, and what is on its way where its last change is.
        accounts.filter(|account| !account.is_all_seen(seen) || account.in_transit(seen).is_none()).map(Account::len).sum::<usize>()
            > FEW_ENTRIES
    }
}

impl StateQuery for GetBalance {
    type Request = proto::GetBalanceRequest;
    type Answer = proto::GetBalanceResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { partner: fields.id("partner_id", &request.partner_id) }
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let row = partner_seen(view, &self.partner, seen)?;
        let balances = view.balances(row, seen).iter().map(balance).collect();
        Ok(proto::GetBalanceResponse { balances, position: seen.position })
    }
}

/// `ListBalances`.
pub struct ListBalances {
    currency: Option<Currency>,
    page: PageRequest,
}

impl StateQuery for ListBalances {
    type Request = proto::ListBalancesRequest;
    type Answer = proto::ListBalancesResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            currency: request.currency_code.as_ref().and_then(|code| fields.currency("currency_code", code)),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let items = |state: &State, row| {
            if !seen.sees(state.partners.get(row).registered()) {
                return Vec::new();
            }
            let balances: Vec<_> = state.balances_in(row, self.currency, seen).iter().map(balance).collect();
            let partner_id = state.partners.key(row).to_string();
            if balances.is_empty() { Vec::new() } else { vec![proto::PartnerBalances { partner_id, balances }] }
        };
        let (partners, next_page_token) = self.page.fill(view, seen, Some(IdKind::Partner), |state| state.partners.len(), items)?;
        Ok(proto::ListBalancesResponse { partners, next_page_token, position: seen.position })
    }
}

fn balance(balance: &Balance) -> proto::Balance {
    proto::Balance {
        currency_code: balance.currency.to_string(),
        accrued: saturating_i64(balance.accrued),
        reversed: saturating_i64(balance.reversed),
        adjusted: saturating_i64(balance.adjusted),
        cost_share: saturating_i64(balance.cost_share),
        distributed: saturating_i64(balance.distributed),
        collected: saturating_i64(balance.collected),
        paid: saturating_i64(balance.paid),
        in_transit: saturating_i64(balance.in_transit),
        returned: saturating_i64(balance.returned),
        received: saturating_i64(balance.received),
        net: saturating_i64(balance.net),
        pending: saturating_i64(balance.pending),
        disputed: saturating_i64(balance.disputed),
        payable: saturating_i64(balance.payable),
        awaiting_customer: saturating_i64(balance.awaiting_customer),
    }
}
