//! Events of sales, refunds, payments, disputes and closings.

use chrono::TimeDelta;
use partnership_ledger::proto::{self as pb, DisputeOutcome, RefundReason, Side, dispute_opened::Subject, event::Body};

use super::{NOW, World};
use crate::outside::ledger::stamp;

impl World {
    pub fn sale_recorded(&mut self) -> pb::SaleRecorded {
        let sales = self.sale_ids().len();
        let (lead_id, agreement_id) = match self.below(10) {
            0 => (None, None),
            1..4 => (None, Some(self.agreement_id())),
            _ => (Some(self.lead_id()), None),
        };
        let most = self.any(&[10, 9_999, 50_000, 50_000, 200_000]);
        let mut amount = self.money(most);
        if self.one_in(60) {
            amount.minor_units = 1_000_000_000_000_000;
        }
        pb::SaleRecorded {
            sale_id: self.new_id('s', sales),
            lead_id,
            agreement_id,
            amount: Some(amount),
            product: self.any(&["", "pro", "basic"]).to_owned(),
            collected_by: self.any(&[Side::Unspecified, Side::House, Side::House, Side::Partner]).into(),
            ..pb::SaleRecorded::default()
        }
    }

    fn sale_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::SaleRecorded(body) => Some(&body.sale_id),
            _ => None,
        })
    }

    /// Sales whose commission has moved to another holder.
    fn moved_sales(&self) -> Vec<String> {
        let lots = self.known().lots().into_iter().filter(|lot| lot.id.since != lot.id.source && lot.standing() != 0);
        lots.filter_map(|lot| lot.sale).collect()
    }

    fn refund_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::SaleRefunded(body) => Some(&body.refund_id),
            _ => None,
        })
    }

    fn payout_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::CommissionPaid(body) => Some(&body.payout_id),
            _ => None,
        })
    }

    pub fn dispute_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::DisputeOpened(body) => Some(&body.dispute_id),
            _ => None,
        })
    }

    pub fn sale_refunded(&mut self) -> pb::SaleRefunded {
        let (sales, moved) = (self.sale_ids(), self.moved_sales());
        let sale_id = if moved.is_empty() || self.one_in(2) { self.known_id(&sales) } else { self.any(&moved) };
        let refunds = self.refund_ids().len();
        let known = self.known();
        let sale = known.sale(&sale_id);
        let left = sale.map_or(100, |record| known.left_of_sale(record));
        let currency = sale.and_then(|record| match record.body() {
            Body::SaleRecorded(body) => Some(body.amount.as_ref()?.currency_code.clone()),
            _ => None,
        });
        let left = u64::try_from(left).expect("not below zero").max(1);
        let part = self.below(left) + 1;
        let minor_units = self.any(&[left, left + 1, left.div_ceil(3), part, part, 1]);
        let mut amount = self.money(1);
        amount.minor_units = i64::try_from(minor_units).expect("within 64 bits").min(1_000_000_000_000_000);
        if !self.one_in(30) {
            amount.currency_code = currency.unwrap_or(amount.currency_code);
        }
        let reason = self.any(&[RefundReason::CustomerRequest, RefundReason::Chargeback, RefundReason::Error, RefundReason::HouseFault]);
        pb::SaleRefunded {
            refund_id: self.new_id('r', refunds),
            sale_id,
            amount: Some(amount),
            reason: reason.into(),
            clamp: self.one_in(3),
            ..pb::SaleRefunded::default()
        }
    }

    pub fn sale_reinstated(&mut self) -> pb::SaleReinstated {
        let refunds = self.refund_ids();
        let taken = self.ids(|body| match body {
            Body::SaleReinstated(body) => Some(&body.reinstatement_id),
            _ => None,
        });
        pb::SaleReinstated { reinstatement_id: self.new_id('w', taken.len()), refund_id: self.known_id(&refunds) }
    }

    pub fn commission_adjusted(&mut self) -> pb::CommissionAdjusted {
        let taken = self.ids(|body| match body {
            Body::CommissionAdjusted(body) => Some(&body.adjustment_id),
            _ => None,
        });
        let mut amount = self.money(3_000);
        if self.one_in(2) {
            amount.minor_units = -amount.minor_units;
        }
        pb::CommissionAdjusted {
            adjustment_id: self.new_id('j', taken.len()),
            agreement_id: self.agreement_id(),
            amount: Some(amount),
            reason: "agreed".to_owned(),
        }
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
        let tax = i64::try_from(self.below(minor_units / 3 + 1)).expect("within 64 bits");
        let taxed = tax > 0 && self.one_in(2);
        pb::CommissionPaid {
            payout_id: self.new_id('o', payouts),
            partner_id,
            tax_withheld: taxed.then(|| pb::Money { minor_units: tax, ..amount.clone() }),
            amount: Some(amount),
            method: "bank".to_owned(),
            reference: String::new(),
            advance: self.one_in(4),
            ..pb::CommissionPaid::default()
        }
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

    pub fn payment_received(&mut self) -> pb::PaymentReceived {
        let taken = self.ids(|body| match body {
            Body::PaymentReceived(body) => Some(&body.payment_id),
            _ => None,
        });
        pb::PaymentReceived {
            payment_id: self.new_id('m', taken.len()),
            partner_id: self.partner_id(),
            amount: Some(self.money(5_000)),
            reference: String::new(),
        }
    }

    pub fn period_closed(&mut self) -> pb::PeriodClosed {
        let through = match self.below(8) {
            0 => NOW + TimeDelta::seconds(301),
            1 => self.turn(),
            _ => self.clock() - self.span(40),
        };
        pb::PeriodClosed { through: Some(stamp(through)) }
    }

    pub fn dispute_opened(&mut self) -> pb::DisputeOpened {
        let disputes = self.dispute_ids().len();
        let (sales, payouts) = (self.sale_ids(), self.payout_ids());
        let subject = match self.below(6) {
            0..3 => Subject::LeadId(self.lead_id()),
            3..5 => Subject::SaleId(self.known_id(&sales)),
            _ => Subject::PayoutId(self.known_id(&payouts)),
        };
        pb::DisputeOpened {
            dispute_id: self.new_id('d', disputes),
            opened_by: Side::Partner.into(),
            claim: String::new(),
            subject: Some(subject),
        }
    }

    pub fn dispute_resolved(&mut self) -> pb::DisputeResolved {
        let disputes = self.dispute_ids();
        pb::DisputeResolved { dispute_id: self.known_id(&disputes), outcome: DisputeOutcome::Settled.into(), resolution: String::new() }
    }
}
