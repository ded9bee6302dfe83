//! Payouts: what was paid to partners, and what of it came back (rules 7.2).

use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, partner_seen};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto;

/// `ListPayouts`.
pub struct ListPayouts {
    partner: Option<Id>,
    page: PageRequest,
}

impl StateQuery for ListPayouts {
    type Request = proto::ListPayoutsRequest;
    type Answer = proto::ListPayoutsResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { partner: fields.optional_id("partner_id", request.partner_id.as_deref()), page: request.page(fields) }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let partner = self.partner.as_ref().map(|id| partner_seen(view, id, seen)).transpose()?;
        let items = |state: &State, row| {
            let known = state.commissions.payouts.get(row);
            let wanted = seen.sees(known.stamp()) && partner.is_none_or(|partner| known.partner == partner);
            if wanted { vec![payout(state, row, seen)] } else { Vec::new() }
        };
        let first = self.page.first_row();
        let rows: Box<dyn Iterator<Item = Row>> = match partner {
            Some(partner) => Box::new(payouts_of(view, partner, first)),
            None => Box::new(first..Row::try_from(view.commissions.payouts.len()).unwrap_or(Row::MAX)),
        };
        let (payouts, next_page_token) = self.page.fill_from(view, seen, Some(IdKind::Payout), rows, items)?;
        Ok(proto::ListPayoutsResponse { payouts, next_page_token, position: seen.position })
    }
}

/// The payouts to a partner from a row on, in the order of recording: those of its accounts, of which there is one per currency.
fn payouts_of(state: &State, partner: Row, first: Row) -> impl Iterator<Item = Row> {
    let accounts = state.partners.get(partner).accounts.iter().map(|row| state.accounts.get(*row));
    let mut payouts: Vec<_> = accounts.map(|account| account.payouts_from(first).peekable()).collect();
    std::iter::from_fn(move || {
        let next = payouts.iter_mut().filter_map(|payouts| Some((*payouts.peek()?, payouts)));
        next.min_by_key(|(row, _)| *row)?.1.next()
    })
}

fn payout(state: &State, row: Row, seen: Seen) -> proto::Payout {
    let payout = state.commissions.payouts.get(row);
    proto::Payout {
        payout_id: state.commissions.payouts.key(row).to_string(),
        partner_id: state.partners.key(payout.partner).to_string(),
        currency_code: payout.amount.currency.to_string(),
        amount: payout.amount.minor_units,
        tax_withheld: payout.tax_withheld,
        returned: payout.returned(seen),
        occurred_at: Some(timestamp(payout.stamp().occurred_at)),
        method: payout.method.to_string(),
        reference: payout.reference.to_string(),
        advance: payout.advance,
        position: payout.stamp().position,
    }
}
