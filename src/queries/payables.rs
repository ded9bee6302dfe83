//! The payout proposal: what should be paid to whom (rules 7.3, 19.2, 19.5).

use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, partner_seen, partners_by_id};
use crate::domain::ids::Id;
use crate::domain::money::saturating_i64;
use crate::domain::parse::Fields;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto;

/// `ListPayables`.
pub struct ListPayables {
    include_below_minimum: bool,
    include_on_hold: bool,
    partner: Option<Id>,
    page: PageRequest,
}

impl StateQuery for ListPayables {
    type Request = proto::ListPayablesRequest;
    type Answer = proto::ListPayablesResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            include_below_minimum: request.include_below_minimum,
            include_on_hold: request.include_on_hold,
            partner: fields.optional_id("partner_id", request.partner_id.as_deref()),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let partners = match &self.partner {
            Some(id) => vec![partner_seen(view, id, seen)?],
            None => partners_by_id(view, seen),
        };
        let items = |state: &State, place: Row| {
            let wanted = |payable: &proto::Payable| {
                (self.include_below_minimum || !payable.below_minimum) && (self.include_on_hold || !payable.on_hold)
            };
            payables(state, partners[place as usize], seen).into_iter().filter(wanted).collect()
        };
        let (payables, next_page_token) = self.page.fill(view, seen, None, |_| partners.len(), items)?;
        Ok(proto::ListPayablesResponse { payables, next_page_token, position: seen.position })
    }
}

/// What is payable to a partner, above zero, by currency code.
fn payables(state: &State, partner: Row, seen: Seen) -> Vec<proto::Payable> {
    let on_hold = state.running_hold(partner, seen.time, seen).is_some();
    let payable = state.balances(partner, seen).into_iter().filter(|balance| balance.payable > 0);
    payable
        .map(|balance| {
            let minimum = state.minimum_payout(partner, balance.currency, balance.pending, seen.time, seen);
            proto::Payable {
                partner_id: state.partners.key(partner).to_string(),
                currency_code: balance.currency.to_string(),
                payable: saturating_i64(balance.payable),
                minimum_payout: minimum,
                below_minimum: balance.payable < i128::from(minimum),
                on_hold,
            }
        })
        .collect()
}
