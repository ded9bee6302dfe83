//! The events of sales, commission, payments, disputes and closings. Rules 6, 7.

use partnership_ledger::proto::{self as pb, EntryKind as Kind, Side, dispute_opened::Subject, event::Body};

use super::commission::Deal;
use super::decide::{At, refuse_if};
use super::lots::against;
use super::payments::{self, plain};
use super::record::{Effects, Known, Posting, Record};
use crate::outside::ledger::{Answer, Refusal, instant};

impl Known<'_> {
    pub fn sale_recorded(&self, body: &pb::SaleRecorded, at: At) -> Answer<Effects> {
        refuse_if(self.sale(&body.sale_id).is_some(), "DUPLICATE_ID")?;
        let lead = body.lead_id.as_ref().map(|id| self.known_lead(id)).transpose()?;
        if let Some(agreement) = &body.agreement_id {
            self.known_agreement(agreement)?;
        }
        let deal = Deal { at: at.occurred, lead: lead.as_deref(), agreement: body.agreement_id.as_deref(), sale: Some(body) };
        let credit = self.credit(&deal);
        let collected = body.collected_by() == Side::Partner;
        refuse_if(collected && credit.is_none(), "NO_CREDIT")?;
        let mut effects = Effects::default();
        if deal.lead.is_some() || deal.agreement.is_some() {
            let assessed = self.assess(&deal);
            effects.postings = self.accrual(&assessed, at);
            effects.assessed = Some(assessed);
        }
        if let Some(credit) = credit.filter(|_| collected) {
            let amount = body.amount.as_ref().expect("required").minor_units;
            effects.postings.extend(self.collection(&credit, body, i128::from(amount), lead.clone(), at));
        }
        effects.claim = lead.as_ref().and_then(|lead| Some(self.decision_at(lead, at.occurred)?.position));
        effects.lead = lead;
        Ok(effects)
    }

    fn collection(&self, credit: &str, sale: &pb::SaleRecorded, amount: i128, lead: Option<String>, at: At) -> [Posting; 2] {
        let partner = self.partner_of(credit).expect("credit is an agreement");
        let currency = &sale.amount.as_ref().expect("required").currency_code;
        let effective = self.effective(at.occurred);
        let leg = Posting {
            agreement: Some(credit.to_owned()),
            lead,
            sale: Some(sale.sale_id.clone()),
            ..plain(partner, currency, -amount, Kind::Collection, effective, &sale.sale_id)
        };
        let clearing = against(&leg, "house:sales-clearing", -amount);
        [leg, clearing]
    }

    pub fn sale_refunded(&self, body: &pb::SaleRefunded, at: At) -> Answer<Effects> {
        refuse_if(self.refund(&body.refund_id).is_some(), "DUPLICATE_ID")?;
        let Some(sale) = self.sale(&body.sale_id) else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        let Body::SaleRecorded(sold) = sale.body() else {
            unreachable!("found as a sale");
        };
        let (asked, price) = (body.amount.as_ref().expect("required"), sold.amount.as_ref());
        let currency = &price.expect("required").currency_code;
        refuse_if(asked.currency_code != *currency, "CURRENCY_MISMATCH")?;
        let asked = i128::from(asked.minor_units);
        let applied = asked.min(self.left_of_sale(sale));
        refuse_if(applied < asked && !body.clamp, "REFUND_EXCEEDS_SALE")?;
        let effective = self.effective(at.occurred);
        let reversal = self.reversal(sale, applied, body.reason());
        let mut postings = self.reverse(sale, reversal, effective, &body.refund_id);
        postings.extend(self.collected_back(sale, applied, at, &body.refund_id));
        Ok(Effects { postings, refund: Some((applied, asked - applied)), ..Effects::default() })
    }

    /// The collection that a refund gives back. Rules 6.10.
    fn collected_back(&self, sale: &Record, applied: i128, at: At, refund: &str) -> Vec<Posting> {
        let collection = sale.effects.postings.iter().filter(|p| p.kind == Kind::Collection);
        let back = collection.filter(|_| applied != 0).map(|posting| Posting {
            amount: -applied * posting.amount.signum(),
            effective: self.effective(at.occurred),
            reference: refund.to_owned(),
            ..posting.clone()
        });
        back.collect()
    }

    pub fn sale_reinstated(&self, body: &pb::SaleReinstated, at: At) -> Answer<Effects> {
        let id = &body.reinstatement_id;
        let known = self.has(|b| matches!(b, Body::SaleReinstated(r) if r.reinstatement_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        let Some(refund) = self.refund(&body.refund_id) else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        refuse_if(self.is_reinstated(&body.refund_id), "ALREADY_DONE")?;
        Ok(Effects { postings: Self::reinstate(refund, self.effective(at.occurred), id), ..Effects::default() })
    }

    pub fn adjusted(&self, body: &pb::CommissionAdjusted, at: At) -> Answer<Effects> {
        let id = &body.adjustment_id;
        let known = self.has(|b| matches!(b, Body::CommissionAdjusted(a) if a.adjustment_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        self.known_agreement(&body.agreement_id)?;
        let partner = self.partner_of(&body.agreement_id).expect("known");
        let money = body.amount.as_ref().expect("required");
        let (amount, effective) = (i128::from(money.minor_units), self.effective(at.occurred));
        let leg = Posting {
            agreement: Some(body.agreement_id.clone()),
            ..plain(partner, &money.currency_code, amount, Kind::Adjustment, effective, id)
        };
        let house = against(&leg, "house:adjustments", amount);
        Ok(posted(vec![leg, house]))
    }

    pub fn commission_paid(&self, body: &pb::CommissionPaid, at: At) -> Answer<Effects> {
        refuse_if(self.payout(&body.payout_id).is_some(), "DUPLICATE_ID")?;
        self.known_partner(&body.partner_id)?;
        let money = body.amount.as_ref().expect("required");
        let least = self.least_payable(&body.partner_id, &money.currency_code, at.occurred);
        let exceeds = i128::from(money.minor_units) > least;
        refuse_if(exceeds && !body.advance, "EXCEEDS_PAYABLE")?;
        Ok(posted(payments::paid(body, self.effective(at.occurred))))
    }

    pub fn payout_returned(&self, body: &pb::PayoutReturned, at: At) -> Answer<Effects> {
        let id = &body.return_id;
        let known = self.has(|b| matches!(b, Body::PayoutReturned(r) if r.return_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        let Some((_, payout)) = self.payout(&body.payout_id) else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        let paid = payout.amount.as_ref().expect("required");
        let before = self.returned(&body.payout_id);
        let left = i128::from(paid.minor_units) - before;
        let amount = match &body.amount {
            Some(amount) => {
                let same = amount.currency_code == paid.currency_code;
                refuse_if(!same, "CURRENCY_MISMATCH")?;
                i128::from(amount.minor_units)
            }
            None => left,
        };
        refuse_if(left == 0 || amount > left, "RETURN_EXCEEDS_PAYOUT")?;
        let effective = self.effective(at.occurred);
        Ok(posted(payments::returned(payout, before, amount, effective, id)))
    }

    pub fn payment_received(&self, body: &pb::PaymentReceived, at: At) -> Answer<Effects> {
        let id = &body.payment_id;
        let known = self.has(|b| matches!(b, Body::PaymentReceived(p) if p.payment_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        self.known_partner(&body.partner_id)?;
        let money = body.amount.as_ref().expect("required");
        let (amount, effective) = (i128::from(money.minor_units), self.effective(at.occurred));
        let leg = plain(&body.partner_id, &money.currency_code, amount, Kind::Receipt, effective, id);
        let cash = against(&leg, "house:cash", amount);
        Ok(posted(vec![leg, cash]))
    }

    pub fn period_closed(&self, body: &pb::PeriodClosed, at: At) -> Answer<Effects> {
        let through = instant(body.through.as_ref().expect("required"));
        refuse_if(through > at.now + super::append::TOLERANCE, "OCCURRED_IN_FUTURE")?;
        let not_later = self.last_close().is_some_and(|last| through <= last);
        refuse_if(not_later, "CLOSE_NOT_LATER")?;
        Ok(Effects::default())
    }

    pub fn dispute_opened(&self, body: &pb::DisputeOpened) -> Answer<Effects> {
        let id = &body.dispute_id;
        let known = self.has(|b| matches!(b, Body::DisputeOpened(d) if d.dispute_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        let lead = match body.subject.as_ref().expect("required") {
            Subject::LeadId(id) => Some(self.known_lead(id)?),
            Subject::SaleId(sale) => {
                refuse_if(self.sale(sale).is_none(), "UNKNOWN_ID")?;
                None
            }
            Subject::PayoutId(payout) => {
                refuse_if(self.payout(payout).is_none(), "UNKNOWN_ID")?;
                None
            }
        };
        Ok(Effects { lead, ..Effects::default() })
    }

    pub fn dispute_resolved(&self, body: &pb::DisputeResolved) -> Answer<Effects> {
        let id = &body.dispute_id;
        let known = self.has(|b| matches!(b, Body::DisputeOpened(d) if d.dispute_id == *id));
        refuse_if(!known, "UNKNOWN_ID")?;
        refuse_if(self.resolution(id).is_some(), "ALREADY_DONE")?;
        Ok(Effects::default())
    }
}

fn posted(postings: Vec<Posting>) -> Effects {
    Effects { postings, ..Effects::default() }
}
