//! Figures of payouts over a time: what was paid to whom, and what of it came back (rules 19.6).

use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, partner_seen, partners_by_id};
use crate::domain::calendar::Time;
use crate::domain::commissions::Payout;
use crate::domain::ids::Id;
use crate::domain::money::{Currency, saturating_i64};
use crate::domain::parse::Fields;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto;
use std::collections::BTreeMap;

/// `GetPayoutSummary`.
pub struct GetPayoutSummary {
    partner: Option<Id>,
    from: Option<Time>,
    to: Option<Time>,
    by_method: bool,
    page: PageRequest,
}

/// The sums of a row, in minor units.
#[derive(Default)]
struct Sums {
    gross: i128,
    tax_withheld: i128,
    tax_added: i128,
    returned: i128,
    tax_withheld_returned: i128,
    tax_added_returned: i128,
    count: i64,
}

impl StateQuery for GetPayoutSummary {
    type Request = proto::GetPayoutSummaryRequest;
    type Answer = proto::GetPayoutSummaryResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        let (from, to) = fields.optional_period(request.from.as_ref(), request.to.as_ref());
        Self {
            partner: fields.optional_id("partner_id", request.partner_id.as_deref()),
            from,
            to,
            by_method: request.by_method,
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
        let items = |state: &State, place: Row| self.rows(state, partners[place as usize], seen);
        let (rows, next_page_token) = self.page.fill(view, seen, None, |_| partners.len(), items)?;
        Ok(proto::GetPayoutSummaryResponse { rows, next_page_token, position: seen.position })
    }
}

impl GetPayoutSummary {
    /// The rows of a partner, by currency code, then method.
    fn rows(&self, state: &State, partner: Row, seen: Seen) -> Vec<proto::PayoutSummaryRow> {
        let mut rows: BTreeMap<(Currency, &str), Sums> = BTreeMap::new();
        for account in &state.partners.get(partner).accounts {
            let payouts = state.accounts.get(*account).payouts().map(|row| state.commissions.payouts.get(row));
            for payout in payouts.filter(|payout| seen.sees(payout.stamp())) {
                let method = if self.by_method { payout.method.as_str() } else { "" };
                self.add(payout, seen, rows.entry((payout.amount.currency, method)).or_default());
            }
        }
        let partner_id = state.partners.key(partner).as_str();
        let wanted = rows.into_iter().filter(|(_, sums)| !sums.are_zero());
        wanted.map(|((currency, method), sums)| sums.into_row(partner_id, currency, method)).collect()
    }

    /// Adds what of a payout lies within the time asked for: the payout by its settlement, its returns by their own times.
    fn add(&self, payout: &Payout, seen: Seen, sums: &mut Sums) {
        // What is on its way as seen does not count, nor what came back of it, told with an earlier date.
        let Some(settled) = payout.settled(seen) else { return };
        if self.is_within(settled.occurred_at) {
            sums.gross += i128::from(payout.amount.minor_units);
            sums.tax_withheld += i128::from(payout.tax_withheld);
            sums.tax_added += i128::from(payout.tax_added());
            sums.count += 1;
        }
        for parts in payout.returns(seen).filter(|parts| self.is_within(parts.stamp.occurred_at)) {
            sums.returned += i128::from(parts.gross);
            sums.tax_withheld_returned += i128::from(parts.tax_withheld);
            sums.tax_added_returned += i128::from(parts.tax_added);
        }
    }

    fn is_within(&self, time: Time) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

impl Sums {
    /// Whether there is nothing to tell: what is restored of taxes is restored of a gross.
    fn are_zero(&self) -> bool {
        self.count == 0 && self.returned == 0
    }

    fn into_row(self, partner_id: &str, currency: Currency, method: &str) -> proto::PayoutSummaryRow {
        proto::PayoutSummaryRow {
            partner_id: partner_id.to_owned(),
            currency_code: currency.to_string(),
            method: method.to_owned(),
            gross: saturating_i64(self.gross),
            tax_withheld: saturating_i64(self.tax_withheld),
            tax_added: saturating_i64(self.tax_added),
            returned: saturating_i64(self.returned),
            tax_withheld_returned: saturating_i64(self.tax_withheld_returned),
            tax_added_returned: saturating_i64(self.tax_added_returned),
            count: self.count,
        }
    }
}
