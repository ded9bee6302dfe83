//! Events of adjustments, money from partners, disputes and closings.

use chrono::TimeDelta;
use partnership_ledger::proto::{self as pb, DisputeOutcome, Side, dispute_opened::Subject, event::Body};

use super::{NOW, World};
use crate::outside::ledger::stamp;

impl World {
    pub fn dispute_ids(&self) -> Vec<String> {
        self.ids(|body| match body {
            Body::DisputeOpened(body) => Some(&body.dispute_id),
            _ => None,
        })
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
