//! Events of sales: what they are made of, refunds, voids, and what customers pay.

use partnership_ledger::proto::{self as pb, RefundReason, Side, event::Body};

use super::World;
use crate::outside::model::sales::{lines, price, sold};

/// The most that an amount may be.
const MOST: i64 = 1_000_000_000_000_000;

impl World {
    pub fn sale_recorded(&mut self) -> pb::SaleRecorded {
        let sales = self.sale_ids().len();
        let mut splits = Vec::new();
        let (lead_id, agreement_id) = match self.below(16) {
            0 => (None, None),
            1..4 => (None, Some(self.agreement_id())),
            4 | 5 => (Some(self.lead_id()), Some(self.agreement_id())),
            6..9 => {
                splits = self.splits();
                ((!self.one_in(3)).then(|| self.lead_id()), None)
            }
            _ => (Some(self.lead_id()), None),
        };
        let most = self.any(&[10, 9_999, 50_000, 50_000, 200_000]);
        let mut amount = self.money(most);
        match self.below(60) {
            0 => amount.minor_units = MOST,
            1..5 => amount.minor_units = 0,
            _ => {}
        }
        let lines = if self.one_in(3) { self.lines(&amount) } else { Vec::new() };
        let product = self.product();
        let commissionable = (lines.is_empty() && self.one_in(5)).then(|| self.at_most(&amount));
        pb::SaleRecorded {
            sale_id: self.new_id('s', sales),
            lead_id,
            agreement_id,
            product: if lines.is_empty() { product } else { String::new() },
            collected_by: self.any(&[Side::Unspecified, Side::House, Side::House, Side::Partner]).into(),
            splits,
            lines,
            commissionable,
            coupon: self.any(&["", "", "C1", "C2"]).to_owned(),
            amount: Some(amount),
        }
    }

    fn product(&mut self) -> String {
        self.any(&["", "pro", "basic"]).to_owned()
    }

    /// Zero to an amount; mostly less than it.
    fn at_most(&mut self, amount: &pb::Money) -> pb::Money {
        let most = u64::try_from(amount.minor_units).expect("not below zero");
        let minor_units = match self.below(6) {
            0 => 0,
            1 => most,
            _ => self.below(most + 1),
        };
        pb::Money { minor_units: i64::try_from(minor_units).expect("within 64 bits"), ..amount.clone() }
    }

    /// Two or three agreements, or none if there are not so many.
    fn splits(&mut self) -> Vec<pb::SaleSplit> {
        let mut agreements: Vec<String> = Vec::new();
        for _ in 0..self.any(&[3, 3, 5]) {
            let agreement = self.agreement_id();
            if !agreements.contains(&agreement) {
                agreements.push(agreement);
            }
        }
        if agreements.len() < 2 {
            return Vec::new();
        }
        let mut left = 10_000;
        let mut splits = Vec::new();
        let count = u32::try_from(agreements.len()).expect("few");
        for (agreement_id, others) in agreements.into_iter().zip((0..count).rev()) {
            let share_bps = match self.below(5) {
                _ if others == 0 => left,
                0 => 1,
                1 => left - others,
                2 => 10_000 / count,
                _ => u32::try_from(self.below(u64::from(left - others))).expect("small") + 1,
            };
            let share_bps = share_bps.min(left - others);
            left -= share_bps;
            splits.push(pb::SaleSplit { agreement_id, share_bps });
        }
        splits
    }

    /// One to four lines that add up to an amount; some of nothing.
    fn lines(&mut self, amount: &pb::Money) -> Vec<pb::SaleLine> {
        let mut left = amount.minor_units;
        let mut lines = Vec::new();
        for others in (0..=self.below(4)).rev() {
            let most = pb::Money { minor_units: left, ..amount.clone() };
            let own = match self.below(6) {
                _ if others == 0 => most,
                0 => pb::Money { minor_units: 0, ..most },
                _ => self.at_most(&most),
            };
            left -= own.minor_units;
            lines.push(pb::SaleLine {
                line_id: format!("n{others}"),
                product: self.product(),
                commissionable: self.one_in(4).then(|| self.at_most(&own)),
                amount: Some(own),
            });
        }
        lines
    }

    pub fn sale_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::SaleRecorded(body) => Some(&body.sale_id),
            _ => None,
        })
    }

    /// Sales whose commission has moved to another holder, or waits for the customer.
    fn moved_sales(&self) -> Vec<String> {
        let moved = |lot: &crate::outside::model::lots::Lot| (lot.id.since != lot.id.source && lot.standing() != 0) || lot.awaiting != 0;
        self.known().lots().into_iter().filter(moved).filter_map(|lot| lot.sale).collect()
    }

    fn refund_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::SaleRefunded(body) => Some(&body.refund_id),
            _ => None,
        })
    }

    /// A sale; often one whose commission is still on its way.
    fn some_sale(&mut self) -> String {
        let (sales, moved) = (self.sale_ids(), self.moved_sales());
        if moved.is_empty() || self.one_in(2) { self.known_id(&sales) } else { self.any(&moved) }
    }

    pub fn sale_refunded(&mut self) -> pb::SaleRefunded {
        let sale_id = self.some_sale();
        let refunds = self.refund_ids().len();
        let known = self.known();
        let record = known.sale(&sale_id);
        let (currency, of_lines) = record.map_or((None, Vec::new()), |record| {
            let sale = sold(record).expect("found as a sale");
            let ids = lines(sale).into_iter().filter_map(|line| line.id.map(str::to_owned)).collect::<Vec<_>>();
            (Some(price(sale).0.to_owned()), ids.into_iter().zip(known.left_of_lines(record)).collect())
        });
        let left = record.map_or(100, |record| known.left_of_sale(record));
        let by_line = !of_lines.is_empty() && self.one_in(2);
        let mut amount = self.money(1);
        if !self.one_in(30) {
            amount.currency_code = currency.unwrap_or(amount.currency_code);
        }
        let lines = if by_line { self.refund_lines(of_lines, &amount.currency_code) } else { Vec::new() };
        amount.minor_units = if lines.is_empty() {
            self.part_of(left)
        } else {
            lines.iter().filter_map(|line| line.amount.as_ref()).map(|amount| amount.minor_units).sum()
        };
        let reason = self.any(&[
            RefundReason::CustomerRequest,
            RefundReason::Chargeback,
            RefundReason::Error,
            RefundReason::Error,
            RefundReason::HouseFault,
        ]);
        pb::SaleRefunded {
            refund_id: self.new_id('r', refunds),
            sale_id,
            amount: Some(amount),
            reason: reason.into(),
            clamp: self.one_in(3),
            lines,
        }
    }

    /// All of it, a part of it, or a little more; at least 1.
    fn part_of(&mut self, left: i128) -> i64 {
        let left = u64::try_from(left).expect("not below zero").max(1);
        let part = self.below(left) + 1;
        let minor_units = self.any(&[left, left, left + 1, left.div_ceil(3), part, part, 1]);
        i64::try_from(minor_units).expect("within 64 bits").min(MOST)
    }

    /// Some of the lines, mostly with what is left of them or less.
    fn refund_lines(&mut self, of_lines: Vec<(String, i128)>, currency: &str) -> Vec<pb::RefundLine> {
        let mut lines = Vec::new();
        for (line_id, left) in of_lines {
            if (left == 0 && !self.one_in(8)) || self.one_in(3) {
                continue;
            }
            let line_id = if self.one_in(60) { "nobody".to_owned() } else { line_id };
            let amount = pb::Money { currency_code: currency.to_owned(), minor_units: self.part_of(left) };
            lines.push(pb::RefundLine { line_id, amount: Some(amount) });
        }
        let total: i64 = lines.iter().filter_map(|line| line.amount.as_ref()).map(|amount| amount.minor_units).sum();
        if total > MOST { Vec::new() } else { lines }
    }

    pub fn sale_reinstated(&mut self) -> pb::SaleReinstated {
        let refunds = self.refund_ids();
        let taken = self.ids(|body| match body {
            Body::SaleReinstated(body) => Some(&body.reinstatement_id),
            _ => None,
        });
        pb::SaleReinstated { reinstatement_id: self.new_id('w', taken.len()), refund_id: self.known_id(&refunds) }
    }

    pub fn sale_voided(&mut self) -> pb::SaleVoided {
        pb::SaleVoided { sale_id: self.some_sale(), reason: "typed wrong".to_owned() }
    }

    pub fn customer_payment_received(&mut self) -> pb::CustomerPaymentReceived {
        let sale_id = self.some_sale();
        let taken = self.ids(|body| match body {
            Body::CustomerPaymentReceived(body) => Some(&body.receipt_id),
            _ => None,
        });
        let known = self.known();
        let record = known.sale(&sale_id);
        let (left, paid) = record.map_or((100, 0), |record| (known.left_of_sale(record), known.paid_by_customer(record)));
        let currency = record.and_then(sold).map(|sale| price(sale).0.to_owned());
        let bounces = if paid > 0 { self.one_in(3) } else { self.one_in(20) };
        let minor_units = if bounces { -self.part_of(paid) } else { self.part_of((left - paid).max(0)) };
        let other = self.currency();
        pb::CustomerPaymentReceived {
            receipt_id: self.new_id('y', taken.len()),
            sale_id,
            amount: Some(pb::Money { currency_code: currency.filter(|_| !self.one_in(40)).unwrap_or(other), minor_units }),
        }
    }
}
