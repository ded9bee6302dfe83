//! Payments, their returns, and money from partners. Rules 7.2.

use partnership_ledger::proto::{self as pb, EntryKind as Kind, event::Body};

use super::calendar::Instant;
use super::record::{Known, Posting, Record};
use super::tiers::rounded;

impl<'a> Known<'a> {
    pub fn payout(&self, payout: &str) -> Option<(&'a Record, &'a pb::CommissionPaid)> {
        self.records.iter().find_map(|record| match record.body() {
            Body::CommissionPaid(body) if body.payout_id == payout => Some((*record, body)),
            _ => None,
        })
    }

    /// What of the gross of a payout has come back.
    pub fn returned(&self, payout: &str) -> i128 {
        let mut sum = 0;
        for record in &self.records {
            if matches!(record.body(), Body::PayoutReturned(b) if b.payout_id == payout) {
                let legs = record.effects.postings.iter();
                let partner = legs.filter(|posting| posting.account.starts_with("partner:"));
                sum -= partner.map(|posting| posting.amount).sum::<i128>();
            }
        }
        sum
    }

    /// The least payable at `from` or at any later time known.
    pub fn least_payable(&self, partner: &str, currency: &str, from: Instant) -> i128 {
        let account = format!("partner:{partner}");
        let mut turns = vec![from];
        for record in &self.records {
            if matches!(record.body(), Body::DisputeOpened(_) | Body::DisputeResolved(_)) {
                turns.push(record.occurred);
            }
        }
        for (_, posting) in self.postings() {
            if posting.account == account && posting.currency == currency {
                turns.push(posting.effective);
                turns.extend(posting.available);
            }
        }
        turns.retain(|turn| *turn >= from);
        turns.sort_unstable();
        turns.dedup();
        let payables = turns.into_iter().map(|turn| self.payable(partner, currency, turn));
        payables.min().expect("one turn at least")
    }
}

/// The legs of a payout.
pub fn paid(body: &pb::CommissionPaid, effective: Instant) -> Vec<Posting> {
    let money = body.amount.as_ref().expect("accepted with an amount");
    let gross = i128::from(money.minor_units);
    let tax = body.tax_withheld.as_ref().map_or(0, |tax| i128::from(tax.minor_units));
    let leg = plain(&body.partner_id, &money.currency_code, -gross, Kind::Payment, effective, &body.payout_id);
    cash_and_tax(leg, -(gross - tax), -tax)
}

/// The legs of a return of `amount` after `before` had come back.
pub fn returned(payout: &pb::CommissionPaid, before: i128, amount: i128, effective: Instant, reference: &str) -> Vec<Posting> {
    let money = payout.amount.as_ref().expect("accepted with an amount");
    let gross = i128::from(money.minor_units);
    let tax = payout.tax_withheld.as_ref().map_or(0, |tax| i128::from(tax.minor_units));
    let restored = |returned: i128| rounded(tax * returned, gross);
    let tax_part = restored(before + amount) - restored(before);
    let leg = plain(&payout.partner_id, &money.currency_code, amount, Kind::PaymentReturn, effective, reference);
    cash_and_tax(leg, amount - tax_part, tax_part)
}

/// A partner's leg that is not commission; `amount` is from the partner's point of view.
pub fn plain(partner: &str, currency: &str, amount: i128, kind: Kind, effective: Instant, reference: &str) -> Posting {
    Posting {
        account: format!("partner:{partner}"),
        currency: currency.to_owned(),
        amount: -amount,
        effective,
        available: None,
        kind,
        agreement: None,
        lead: None,
        sale: None,
        campaign: None,
        lot: None,
        reference: reference.to_owned(),
    }
}

fn cash_and_tax(leg: Posting, cash: i128, tax: i128) -> Vec<Posting> {
    let mut legs = vec![leg];
    for (account, amount) in [("house:cash", cash), ("house:tax-withheld", tax)] {
        if amount != 0 {
            legs.push(super::lots::against(&legs[0], account, amount));
        }
    }
    legs
}
