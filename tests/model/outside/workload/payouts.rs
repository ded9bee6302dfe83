//! Events of payouts and holds.

use partnership_ledger::proto::{self as pb, event::Body};

use super::World;

/// Currencies that a bank may take instead.
const AT_THE_BANK: [&str; 4] = ["THB", "GBP", "USD", "JPY"];

impl World {
    pub fn payout_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::CommissionPaid(body) => Some(&body.payout_id),
            Body::PayoutInitiated(body) => Some(&body.payout_id),
            _ => None,
        })
    }

    /// A payout; mostly one that is on its way.
    fn travelling_payout(&mut self) -> String {
        let known = self.known();
        let travels = |payout: &crate::outside::model::payments::Payout<'_>| payout.paid.on_its_way && payout.arrival.is_none();
        let on_their_way: Vec<String> =
            known.payouts().into_iter().filter(travels).map(|payout| payout.terms().payout_id.clone()).collect();
        let all = self.payout_ids();
        if on_their_way.is_empty() || self.one_in(6) { self.known_id(&all) } else { self.any(&on_their_way) }
    }

    pub fn commission_paid(&mut self) -> pb::CommissionPaid {
        let partner_id = self.partner_id();
        let payouts = self.payout_ids().len();
        let mut amount = self.money(1);
        let clock = self.clock();
        let least = self.known().least_payable(&partner_id, &amount.currency_code, clock);
        let least = u64::try_from(least).unwrap_or(0).clamp(1, 1_000_000_000_000_000);
        let part = self.below(least) + 1;
        let minor_units = self.any(&[least, least, part, part, least + 1]);
        amount.minor_units = i64::try_from(minor_units).expect("within 64 bits").min(1_000_000_000_000_000);
        let mut share = |most: u64| i64::try_from(self.below(minor_units / most + 1)).expect("within 64 bits");
        let (withheld, added) = (share(3), share(5));
        let mut taxed = |tax: i64| (tax > 0 && self.one_in(2)).then(|| pb::Money { minor_units: tax, ..amount.clone() });
        pb::CommissionPaid {
            tax_withheld: taxed(withheld),
            tax_added: taxed(added),
            settled_amount: if self.one_in(6) { self.settled(&amount.currency_code) } else { None },
            document_number: self.document_number(),
            payout_id: self.new_id('o', payouts),
            partner_id,
            amount: Some(amount),
            method: self.any(&["bank", "bank", "card", ""]).to_owned(),
            reference: String::new(),
            advance: self.one_in(4),
        }
    }

    /// Mostly none, sometimes one that is taken.
    fn document_number(&mut self) -> String {
        match self.below(6) {
            0 => format!("D{}", self.below(4)),
            1 => format!("D{}", self.below(4_000)),
            _ => String::new(),
        }
    }

    /// What left the bank in another currency.
    fn settled(&mut self, currency: &str) -> Option<pb::Money> {
        let other = self.any(&AT_THE_BANK);
        let minor_units = i64::try_from(self.below(90_000) + 1).expect("small");
        (other != currency).then(|| pb::Money { currency_code: other.to_owned(), minor_units })
    }

    pub fn payout_initiated(&mut self) -> pb::PayoutInitiated {
        let paid = self.commission_paid();
        pb::PayoutInitiated {
            payout_id: paid.payout_id,
            partner_id: paid.partner_id,
            amount: paid.amount,
            tax_withheld: paid.tax_withheld,
            method: paid.method,
            reference: paid.reference,
            advance: paid.advance,
            tax_added: paid.tax_added,
            document_number: paid.document_number,
            settled_amount: paid.settled_amount,
        }
    }

    pub fn payout_settled(&mut self) -> pb::PayoutSettled {
        let payout_id = self.travelling_payout();
        let currency = self.known().payout(&payout_id).map(|payout| payout.currency().to_owned());
        let settled_amount = match currency {
            Some(currency) if self.one_in(4) => self.settled(&currency),
            _ => None,
        };
        pb::PayoutSettled { payout_id, reference: self.one_in(2).then(|| "at the bank".to_owned()), settled_amount }
    }

    pub fn payout_failed(&mut self) -> pb::PayoutFailed {
        pb::PayoutFailed { payout_id: self.travelling_payout(), reason: "account closed".to_owned() }
    }

    pub fn payout_returned(&mut self) -> pb::PayoutReturned {
        let payouts = self.payout_ids();
        let payout_id = self.known_id(&payouts);
        let taken = self.ids(|body| match body {
            Body::PayoutReturned(body) => Some(&body.return_id),
            _ => None,
        });
        let known = self.known();
        let gross = known.payout(&payout_id).and_then(|payout| payout.terms().amount.clone());
        let left = gross.as_ref().map_or(1, |gross| i128::from(gross.minor_units) - known.returned(&payout_id));
        let left = u64::try_from(left).expect("not below zero").max(1);
        let part = self.below(left) + 1;
        let minor_units = self.any(&[left, left + 1, part, part, part]);
        let amount = pb::Money {
            minor_units: i64::try_from(minor_units).expect("within 64 bits").min(1_000_000_000_000_000),
            currency_code: gross.map_or_else(|| "USD".to_owned(), |gross| gross.currency_code),
        };
        let other = pb::Money { currency_code: self.currency(), ..amount.clone() };
        let amount = if self.one_in(15) { other } else { amount };
        pb::PayoutReturned {
            return_id: self.new_id('b', taken.len()),
            payout_id,
            amount: (!self.one_in(3)).then_some(amount),
            reason: String::new(),
        }
    }

    /// A hold that is placed or, rather, lifted.
    pub fn hold_body(&mut self) -> Body {
        let holds = self.ids(|body| match body {
            Body::PartnerHoldPlaced(body) => Some(&body.hold_id),
            _ => None,
        });
        if holds.is_empty() || self.one_in(3) {
            let hold_id = self.new_id('h', holds.len());
            return Body::PartnerHoldPlaced(pb::PartnerHoldPlaced { hold_id, partner_id: self.partner_id(), reason: "papers".to_owned() });
        }
        let open: Vec<String> = holds.iter().filter(|hold| self.known().lifting(hold).is_none()).cloned().collect();
        let hold_id = if open.is_empty() || self.one_in(8) { self.known_id(&holds) } else { self.any(&open) };
        Body::PartnerHoldLifted(pb::PartnerHoldLifted { hold_id })
    }
}
