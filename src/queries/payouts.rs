//! Payouts: what was paid to partners, and what of it came back (rules 7.2, 19).

use super::fitting::Subject as _;
use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, partner_seen, unknown};
use crate::domain::calendar::Time;
use crate::domain::commissions::ReturnedParts;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::{Fields, timestamp};
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use crate::ledger::Error;
use crate::proto::{self, PayoutState};

/// `ListPayouts`.
pub struct ListPayouts {
    partner: Option<Id>,
    payout: Option<Id>,
    state: PayoutState,
    from: Option<Time>,
    to: Option<Time>,
    page: PageRequest,
}

impl StateQuery for ListPayouts {
    type Request = proto::ListPayoutsRequest;
    type Answer = proto::ListPayoutsResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        let (from, to) = fields.optional_period(request.from.as_ref(), request.to.as_ref());
        Self {
            partner: fields.optional_id("partner_id", request.partner_id.as_deref()),
            payout: fields.optional_id("payout_id", request.payout_id.as_deref()),
            state: fields.enum_or("state", request.state, PayoutState::Unspecified),
            from,
            to,
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let partner = self.partner.as_ref().map(|id| partner_seen(view, id, seen)).transpose()?;
        let payout_row = self.payout.as_ref().map(|id| payout_seen(view, id, seen)).transpose()?;
        let items = |state: &State, row| {
            let known = state.commissions.payouts.get(row);
            let at = known.stamp().occurred_at;
            let wanted = seen.sees(known.stamp())
                && partner.is_none_or(|partner| known.partner == partner)
                && self.from.is_none_or(|from| from <= at)
                && self.to.is_none_or(|to| at < to)
                && (self.state == PayoutState::Unspecified || self.state == known.state(seen));
            if wanted { vec![payout(state, row, seen)] } else { Vec::new() }
        };
        let first = self.page.first_row();
        let rows: Box<dyn Iterator<Item = Row>> = match (payout_row, partner) {
            (Some(row), _) => Box::new(row.max(first)..row + 1),
            (None, Some(partner)) => Box::new(payouts_of(view, partner, first)),
            (None, None) => Box::new(first..Row::try_from(view.commissions.payouts.len()).unwrap_or(Row::MAX)),
        };
        let (payouts, next_page_token) = self.page.fill_from(view, seen, Some(IdKind::Payout), rows, items)?;
        Ok(proto::ListPayoutsResponse { payouts, next_page_token, position: seen.position })
    }
}

/// The payout of an id, if it is seen.
fn payout_seen(state: &State, id: &Id, seen: Seen) -> Result<Row, Rejection> {
    let payouts = &state.commissions.payouts;
    let row = payouts.find(id).filter(|row| seen.sees(payouts.get(*row).stamp()));
    row.ok_or_else(|| unknown(IdKind::Payout, id))
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
    let returns: Vec<ReturnedParts> = payout.returns(seen).collect();
    let sum = |part: fn(&ReturnedParts) -> i64| returns.iter().map(part).sum();
    let at = |stamp: Stamp| timestamp(stamp.occurred_at);
    let message = proto::Payout {
        payout_id: state.commissions.payouts.key(row).to_string(),
        partner_id: state.partners.key(payout.partner).to_string(),
        currency_code: payout.amount.currency.to_string(),
        amount: payout.amount.minor_units,
        tax_withheld: payout.tax_withheld,
        returned: payout.returned(seen),
        occurred_at: Some(at(payout.stamp())),
        method: payout.method.to_string(),
        reference: payout.reference(seen).to_string(),
        advance: payout.advance,
        position: payout.stamp().position,
        state: payout.state(seen).into(),
        settled_at: payout.settled(seen).map(at),
        failed_at: payout.failed(seen).map(at),
        tax_added: payout.tax_added(),
        document_number: payout.document_number().to_owned(),
        settled_amount: payout.settled_amount(seen).map(Money::to_message),
        settled_returned: sum(|parts| parts.settled),
        tax_withheld_returned: sum(|parts| parts.tax_withheld),
        tax_added_returned: sum(|parts| parts.tax_added),
        returns: returns.iter().map(returned).collect(),
        entries_left_out: 0,
    };
    message.fitted()
}

fn returned(parts: &ReturnedParts) -> proto::PayoutReturn {
    proto::PayoutReturn {
        return_id: parts.id.map(ToString::to_string).unwrap_or_default(),
        amount: parts.gross,
        occurred_at: Some(timestamp(parts.stamp.occurred_at)),
        position: parts.stamp.position,
    }
}
