//! The events of sales, commission, payments, disputes and closings. Rules 6, 7, 14, 16, 17, 19.

use partnership_ledger::proto::{self as pb, EntryKind as Kind, Side, dispute_opened::Subject, event::Body};

use super::commission::Deal;
use super::decide::{At, refuse_if};
use super::lots::against;
use super::payments::plain;
use super::record::{Arrival, Assessed, Effects, Known, PaidOut, Posting, Record, Refunded};
use super::sales::{Line, lines, own_parts, price, sold};
use super::shares::split;
use crate::outside::ledger::{Answer, Refusal, instant};

impl Known<'_> {
    pub fn sale_recorded(&self, body: &pb::SaleRecorded, at: At) -> Answer<Effects> {
        refuse_if(self.sale(&body.sale_id).is_some(), "DUPLICATE_ID")?;
        let lead = body.lead_id.as_ref().map(|id| self.known_lead(id)).transpose()?;
        for agreement in body.agreement_id.iter().chain(body.splits.iter().map(|split| &split.agreement_id)) {
            self.known_agreement(agreement)?;
        }
        let earners = self.earners(body, lead.as_deref(), at.occurred);
        let collected = body.collected_by() == Side::Partner;
        refuse_if(collected && earners.is_empty(), "NO_CREDIT")?;
        let deal = Deal { at: at.occurred, lead: lead.as_deref(), sale: Some(body) };
        let mut effects = Effects { assessed: self.assess_sale(&deal, &earners), ..Effects::default() };
        for assessed in &effects.assessed {
            effects.postings.extend(self.accrual(assessed, at.position, at.occurred));
        }
        if let Some(first) = earners.first().filter(|_| collected && price(body).1 != 0) {
            effects.postings.extend(self.collection(&first.agreement, body, lead.clone(), at));
        }
        effects.claim = lead.as_ref().and_then(|lead| Some(self.decision_at(lead, at.occurred)?.position));
        effects.credit = lead.as_ref().and_then(|lead| self.credit_at(lead, at.occurred));
        effects.effective = Some(self.effective(at.occurred));
        effects.lead = lead;
        Ok(effects)
    }

    fn collection(&self, credit: &str, sale: &pb::SaleRecorded, lead: Option<String>, at: At) -> [Posting; 2] {
        let partner = self.partner_of(credit).expect("credit is an agreement");
        let (currency, amount) = price(sale);
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

    pub fn sale_refunded(&self, body: &pb::SaleRefunded, event: &pb::Event, at: At) -> Answer<Effects> {
        refuse_if(self.refund(&body.refund_id).is_some(), "DUPLICATE_ID")?;
        let sale = self.known_sale(&body.sale_id)?;
        let sold = sold(sale).expect("found as a sale");
        let lines = lines(sold);
        let has_line = |line: &pb::RefundLine| lines.iter().any(|own| own.id == Some(line.line_id.as_str()));
        refuse_if(!body.lines.iter().all(has_line), "UNKNOWN_ID")?;
        refuse_if(self.void_of(&body.sale_id).is_some(), "SALE_VOIDED")?;
        let money = body.amount.as_ref().expect("required");
        refuse_if(money.currency_code != price(sold).0, "CURRENCY_MISMATCH")?;
        let asked = i128::from(money.minor_units);
        let left = self.left_of_lines(sale);
        let of_lines: Vec<i128> = if body.lines.is_empty() {
            let applied = asked.min(left.iter().sum());
            if applied == 0 { vec![0; left.len()] } else { split(applied, &left) }
        } else {
            let asked_of = |line: &Line<'_>| {
                let named = body.lines.iter().find(|named| Some(named.line_id.as_str()) == line.id);
                named.and_then(|named| named.amount.as_ref()).map_or(0, |amount| i128::from(amount.minor_units))
            };
            lines.iter().zip(&left).map(|(line, left)| asked_of(line).min(*left)).collect()
        };
        let applied: i128 = of_lines.iter().sum();
        refuse_if(applied < asked && !body.clamp, "REFUND_EXCEEDS_SALE")?;
        let (lines, parts) = self.spread(sale, of_lines);
        let refunded = Refunded {
            sale: body.sale_id.clone(),
            applied,
            cut_off: asked - applied,
            reason: body.reason(),
            lines,
            parts,
            line_ids: sold.lines.iter().map(|line| line.line_id.clone()).collect(),
            parts_of: own_parts(sale).into_iter().map(part_of).collect(),
        };
        let mut draft = at.draft(event, Effects { refund: Some(refunded.clone()), ..Effects::default() });
        let mut postings = self.refund_postings(&self.with(&draft), sale, &refunded, at.occurred, &body.refund_id);
        postings.extend(self.collected_back(sale, applied, at.occurred, &body.refund_id));
        draft.effects.postings = postings;
        Ok(self.and_releases(draft, sale, &body.refund_id))
    }

    /// The effects of a draft, with what it releases of commission. Rules 17.3.
    fn and_releases(&self, mut draft: Record, sale: &Record, reference: &str) -> Effects {
        let releases = self.with(&draft).releases(sale, draft.occurred, reference);
        draft.effects.postings.extend(releases);
        draft.effects
    }

    pub fn known_sale(&self, sale: &str) -> Answer<&Record> {
        self.sale(sale).ok_or_else(|| Refusal::rule("UNKNOWN_ID"))
    }

    pub fn sale_reinstated(&self, body: &pb::SaleReinstated, event: &pb::Event, at: At) -> Answer<Effects> {
        let id = &body.reinstatement_id;
        let known = self.has(|b| matches!(b, Body::SaleReinstated(r) if r.reinstatement_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        let Some(refund) = self.refund(&body.refund_id) else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        refuse_if(self.is_reinstated(&body.refund_id), "ALREADY_DONE")?;
        let of = &refund.effects.refund.as_ref().expect("a refund").sale;
        refuse_if(self.void_of(of).is_some(), "SALE_VOIDED")?;
        let sale = self.known_sale(of)?;
        let effects = Effects {
            postings: self.reinstate(sale, refund, at.occurred, id),
            reinstates: Some(body.refund_id.clone()),
            ..Effects::default()
        };
        Ok(self.and_releases(at.draft(event, effects), sale, id))
    }

    pub fn sale_voided(&self, body: &pb::SaleVoided, at: At) -> Answer<Effects> {
        let sale = self.known_sale(&body.sale_id)?;
        refuse_if(self.void_of(&body.sale_id).is_some(), "ALREADY_DONE")?;
        let left = self.left_of_sale(sale);
        let mut postings = self.void_postings(sale, at.occurred);
        postings.extend(self.collected_back(sale, left, at.occurred, &body.sale_id));
        Ok(Effects {
            postings,
            voided: Some((body.sale_id.clone(), price(sold(sale).expect("a sale")).0.to_owned(), left)),
            ..Effects::default()
        })
    }

    pub fn customer_payment_received(&self, body: &pb::CustomerPaymentReceived, event: &pb::Event, at: At) -> Answer<Effects> {
        let id = &body.receipt_id;
        refuse_if(self.has(|b| matches!(b, Body::CustomerPaymentReceived(p) if p.receipt_id == *id)), "DUPLICATE_ID")?;
        let sale = self.known_sale(&body.sale_id)?;
        refuse_if(self.void_of(&body.sale_id).is_some(), "SALE_VOIDED")?;
        let money = body.amount.as_ref().expect("required");
        refuse_if(money.currency_code != price(sold(sale).expect("a sale")).0, "CURRENCY_MISMATCH")?;
        let amount = i128::from(money.minor_units);
        refuse_if(self.paid_by_customer(sale) + amount < 0, "BELOW_ZERO")?;
        let effects = Effects { customer_paid: Some((body.sale_id.clone(), amount)), ..Effects::default() };
        Ok(self.and_releases(at.draft(event, effects), sale, &body.receipt_id))
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
        self.paid_out(&PaidOut { terms: body.clone(), on_its_way: false }, at)
    }

    pub fn payout_initiated(&self, body: &pb::PayoutInitiated, at: At) -> Answer<Effects> {
        let terms = pb::CommissionPaid {
            payout_id: body.payout_id.clone(),
            partner_id: body.partner_id.clone(),
            amount: body.amount.clone(),
            tax_withheld: body.tax_withheld.clone(),
            method: body.method.clone(),
            reference: body.reference.clone(),
            advance: body.advance,
            tax_added: body.tax_added.clone(),
            document_number: body.document_number.clone(),
            settled_amount: body.settled_amount.clone(),
        };
        self.paid_out(&PaidOut { terms, on_its_way: true }, at)
    }

    fn paid_out(&self, paid: &PaidOut, at: At) -> Answer<Effects> {
        let terms = &paid.terms;
        refuse_if(self.payout(&terms.payout_id).is_some(), "DUPLICATE_ID")?;
        refuse_if(self.is_document(&terms.partner_id, &terms.document_number), "DUPLICATE_ID")?;
        self.known_partner(&terms.partner_id)?;
        refuse_if(self.is_on_hold(&terms.partner_id, at.occurred), "PARTNER_ON_HOLD")?;
        let money = terms.amount.as_ref().expect("required");
        let least = self.least_payable(&terms.partner_id, &money.currency_code, at.occurred);
        let exceeds = i128::from(money.minor_units) > least;
        refuse_if(exceeds && !terms.advance, "EXCEEDS_PAYABLE")?;
        Ok(Effects { payout: Some(paid.clone()), ..posted(self.paid(paid, at.occurred)) })
    }

    pub fn payout_settled(&self, body: &pb::PayoutSettled, at: At) -> Answer<Effects> {
        self.arrives(
            Arrival {
                payout: body.payout_id.clone(),
                failed: false,
                reference: body.reference.clone(),
                settled_amount: body.settled_amount.clone(),
            },
            at,
        )
    }

    pub fn payout_failed(&self, body: &pb::PayoutFailed, at: At) -> Answer<Effects> {
        self.arrives(Arrival { payout: body.payout_id.clone(), failed: true, reference: None, settled_amount: None }, at)
    }

    fn arrives(&self, arrival: Arrival, at: At) -> Answer<Effects> {
        let Some(payout) = self.payout(&arrival.payout) else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        refuse_if(!payout.paid.on_its_way || payout.arrival.is_some(), "ALREADY_DONE")?;
        let postings = self.arrived(&payout, &arrival, at.occurred);
        Ok(Effects { arrival: Some(arrival), ..posted(postings) })
    }

    pub fn payout_returned(&self, body: &pb::PayoutReturned, at: At) -> Answer<Effects> {
        let id = &body.return_id;
        let known = self.has(|b| matches!(b, Body::PayoutReturned(r) if r.return_id == *id));
        refuse_if(known, "DUPLICATE_ID")?;
        let Some(payout) = self.payout(&body.payout_id) else {
            return Err(Refusal::rule("UNKNOWN_ID"));
        };
        refuse_if(payout.settlement().is_none(), "PAYOUT_NOT_SETTLED")?;
        let before = self.returned(&body.payout_id);
        let left = payout.gross() - before;
        let amount = match &body.amount {
            Some(amount) => {
                refuse_if(amount.currency_code != payout.currency(), "CURRENCY_MISMATCH")?;
                i128::from(amount.minor_units)
            }
            None => left,
        };
        refuse_if(left == 0 || amount > left, "RETURN_EXCEEDS_PAYOUT")?;
        Ok(posted(self.brought_back(&payout, before, amount, at.occurred, id)))
    }

    pub fn hold_placed(&self, body: &pb::PartnerHoldPlaced) -> Answer<Effects> {
        let taken = self.records.iter().any(|record| record.effects.hold.as_ref().is_some_and(|hold| hold.hold_id == body.hold_id));
        refuse_if(taken, "DUPLICATE_ID")?;
        self.known_partner(&body.partner_id)?;
        Ok(Effects { hold: Some(body.clone()), ..Effects::default() })
    }

    pub fn hold_lifted(&self, body: &pb::PartnerHoldLifted) -> Answer<Effects> {
        let known = self.records.iter().any(|record| record.effects.hold.as_ref().is_some_and(|hold| hold.hold_id == body.hold_id));
        refuse_if(!known, "UNKNOWN_ID")?;
        refuse_if(self.lifting(&body.hold_id).is_some(), "ALREADY_DONE")?;
        Ok(Effects { lifted: Some(body.hold_id.clone()), ..Effects::default() })
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

/// A part's number, line and agreement.
fn part_of(part: &Assessed) -> (u32, Option<String>, String) {
    (part.part, part.line_id.clone(), part.agreement.clone().expect("it has an earner"))
}

fn posted(postings: Vec<Posting>) -> Effects {
    Effects { postings, ..Effects::default() }
}
