//! The model's answers about single sales and payouts.

use std::collections::BTreeMap;

use partnership_ledger::proto::{self as pb, PayoutState, Side, event::Body};

use super::calendar::Instant;
use super::lots::Unpaid;
use super::payments::Payout;
use super::record::{Assessed, Known, Party, Record};
use super::sales::{lines, own_parts, price, sold};
use super::wire::{self, minor, money};
use crate::outside::ledger::{Answer, Refusal, stamp};

/// What partners hold of a part's commission.
#[derive(Clone, Copy, Default)]
struct Held {
    left: i128,
    paid: i128,
    awaiting: i128,
}

impl Known<'_> {
    /// A sale, what was assessed, what stands of its commission and what of that counts as paid. Rules 5.5, 6.8, 14.6.
    pub fn sale_answer(&self, id: &str) -> Answer<pb::ExplainSaleResponse> {
        let record = self.sale(id).ok_or_else(|| Refusal::rule("UNKNOWN_ID"))?;
        let unpaid = self.unpaid_lots();
        let first = record.effects.assessed.first();
        let currency = first.and_then(|assessed| assessed.currency.clone());
        let in_currency = |part: &&Assessed| part.currency == currency;
        let held: Vec<Held> =
            record.effects.assessed.iter().filter(in_currency).map(|part| held_of(&unpaid, record, Some(part.part))).collect();
        let parts = record.effects.assessed.iter().filter(|part| part.agreement.is_some());
        Ok(pb::ExplainSaleResponse {
            sale: Some(self.sale_shown(record)),
            assessment: first.map(wire::assessed),
            terms: first.and_then(|first| self.terms_recorded_at(first.terms_position)).cloned(),
            commission_left: currency.as_ref().map(|currency| money(currency, held.iter().map(|held| held.left).sum())),
            paid: currency.as_ref().map(|currency| money(currency, held.iter().map(|held| held.paid).sum())),
            parts: parts.map(|part| self.part_shown(record, part, &unpaid)).collect(),
            ..pb::ExplainSaleResponse::default()
        })
    }

    fn part_shown(&self, record: &Record, part: &Assessed, unpaid: &[Unpaid]) -> pb::ExplainPart {
        let (sale_currency, _) = price(sold(record).expect("a sale"));
        let held = held_of(unpaid, record, Some(part.part));
        // An override is no share of the sale's amount.
        let refunded = if part.level.is_none() { part.part_amount - self.left_of_part(record, part) } else { 0 };
        let earned = |amount: i128| part.currency.as_ref().filter(|_| amount != 0).map(|currency| money(currency, amount));
        pb::ExplainPart {
            part: part.part,
            line_id: part.line_id.clone(),
            agreement_id: part.agreement.clone().unwrap_or_default(),
            level: part.level,
            downline_agreement_id: part.downline.clone(),
            amount: Some(money(sale_currency, part.part_amount)),
            base: part.base.as_ref().map(|(currency, base)| money(currency, *base)),
            share_bps: part.share_bps,
            assessment: Some(wire::assessed(part)),
            terms: self.terms_recorded_at(part.terms_position).cloned(),
            refunded: Some(money(sale_currency, refunded)),
            commission_left: earned(held.left),
            paid: earned(held.paid),
            awaiting: earned(held.awaiting),
        }
    }

    fn terms_recorded_at(&self, position: u64) -> Option<&pb::Terms> {
        let record = self.at_position(position)?;
        match record.body() {
            Body::AgreementSigned(body) => body.terms.as_deref(),
            Body::AgreementAmended(body) => body.terms.as_deref(),
            _ => record.effects.programme.as_ref().map(|version| &version.terms),
        }
    }

    fn sale_shown(&self, record: &Record) -> pb::Sale {
        let body = sold(record).expect("asked for a sale");
        let amount = body.amount.clone().expect("required");
        let currency = &amount.currency_code;
        let refunded = i128::from(amount.minor_units) - self.left_of_sale(record);
        let void = self.void_of(&body.sale_id);
        let was_paid = self.records.iter().any(|r| r.effects.customer_paid.as_ref().is_some_and(|(sale, _)| *sale == body.sale_id));
        let left = self.left_of_lines(record);
        let shown = lines(body).into_iter().zip(left).map(|(line, left)| pb::SaleLineLeft {
            line_id: line.id.unwrap_or_default().to_owned(),
            product: line.product.to_owned(),
            amount: Some(money(currency, line.amount)),
            commissionable: Some(money(currency, line.base)),
            refunded: Some(money(currency, line.amount - left)),
        });
        pb::Sale {
            sale_id: body.sale_id.clone(),
            lead_id: record.effects.lead.clone(),
            agreement_id: own_parts(record).first().filter(|_| body.splits.is_empty()).and_then(|part| part.agreement.clone()),
            refunded: Some(money(currency, refunded)),
            product: body.product.clone(),
            collected_by: if body.collected_by() == Side::Partner { Side::Partner } else { Side::House }.into(),
            occurred_at: Some(stamp(record.occurred)),
            position: record.position,
            lines: if body.lines.is_empty() { Vec::new() } else { shown.collect() },
            splits: body.splits.clone(),
            commissionable: body.commissionable.clone(),
            coupon: body.coupon.clone(),
            paid_by_customer: was_paid.then(|| money(currency, self.paid_by_customer(record))),
            voided_at: void.map(|void| stamp(void.occurred)),
            voided_position: void.map(|void| void.position),
            amount: Some(amount),
        }
    }

    /// The payouts in the order of position. Rules 7.2, 19.
    pub fn payouts_answer(&self) -> Vec<pb::Payout> {
        self.payouts().iter().map(|payout| self.payout_shown(payout)).collect()
    }

    fn payout_shown(&self, payout: &Payout<'_>) -> pb::Payout {
        let terms = payout.terms();
        let returns = self.returns(&terms.payout_id);
        let brought_back: i128 = returns.iter().map(|(_, _, amount)| amount).sum();
        let shown = |(record, body, amount): &(&Record, &pb::PayoutReturned, i128)| pb::PayoutReturn {
            return_id: body.return_id.clone(),
            amount: minor(*amount),
            occurred_at: Some(stamp(record.occurred)),
            position: record.position,
        };
        let state = match (payout.failed(), payout.settlement()) {
            (true, _) => PayoutState::Failed,
            (false, Some(_)) => PayoutState::Settled,
            (false, None) => PayoutState::InTransit,
        };
        let settled_amount = payout.settled_amount().cloned();
        let settled = settled_amount.as_ref().map_or(0, |money| i128::from(money.minor_units));
        let reference = payout.arrival.and_then(|(_, arrival)| arrival.reference.clone());
        pb::Payout {
            payout_id: terms.payout_id.clone(),
            partner_id: terms.partner_id.clone(),
            currency_code: payout.currency().to_owned(),
            amount: minor(payout.gross()),
            tax_withheld: minor(payout.withheld()),
            returned: minor(if payout.failed() { payout.gross() } else { brought_back }),
            occurred_at: Some(stamp(payout.record.occurred)),
            method: terms.method.clone(),
            reference: reference.unwrap_or_else(|| terms.reference.clone()),
            advance: terms.advance,
            position: payout.record.position,
            state: state.into(),
            settled_at: payout.settlement().map(|record| stamp(record.occurred)),
            failed_at: payout.arrival.filter(|_| payout.failed()).map(|(record, _)| stamp(record.occurred)),
            tax_added: minor(payout.added()),
            document_number: terms.document_number.clone(),
            settled_amount,
            settled_returned: minor(payout.restored(settled, brought_back)),
            tax_withheld_returned: minor(payout.restored(payout.withheld(), brought_back)),
            tax_added_returned: minor(payout.restored(payout.added(), brought_back)),
            returns: returns.iter().map(shown).collect(),
            entries_left_out: 0,
        }
    }

    /// The figures of payouts over a time. Rules 19.6.
    pub fn payout_summary(
        &self,
        partner: Option<&str>,
        (from, to): (Option<Instant>, Option<Instant>),
        by_method: bool,
    ) -> Vec<pb::PayoutSummaryRow> {
        let is_in = |at: Instant| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to);
        let mut rows: BTreeMap<(String, String, String), [i128; 7]> = BTreeMap::new();
        let payouts = self.payouts();
        for payout in payouts.iter().filter(|payout| partner.is_none_or(|partner| partner == payout.terms().partner_id)) {
            let Some(settlement) = payout.settlement() else {
                continue;
            };
            let method = if by_method { payout.terms().method.clone() } else { String::new() };
            let row = rows.entry((payout.terms().partner_id.clone(), payout.currency().to_owned(), method)).or_default();
            if is_in(settlement.occurred) {
                row[0] += payout.gross();
                row[1] += payout.withheld();
                row[2] += payout.added();
                row[6] += 1;
            }
            let mut before = 0;
            for (record, _, amount) in self.returns(&payout.terms().payout_id) {
                let after = before + amount;
                let part = |whole: i128| payout.restored(whole, after) - payout.restored(whole, before);
                if is_in(record.occurred) {
                    row[3] += amount;
                    row[4] += part(payout.withheld());
                    row[5] += part(payout.added());
                }
                before = after;
            }
        }
        let row = |((partner_id, currency_code, method), figures): ((String, String, String), [i128; 7])| pb::PayoutSummaryRow {
            partner_id,
            currency_code,
            method,
            gross: minor(figures[0]),
            tax_withheld: minor(figures[1]),
            tax_added: minor(figures[2]),
            returned: minor(figures[3]),
            tax_withheld_returned: minor(figures[4]),
            tax_added_returned: minor(figures[5]),
            count: minor(figures[6]),
        };
        rows.into_iter().filter(|(_, figures)| figures.iter().any(|figure| *figure != 0)).map(row).collect()
    }
}

/// What partners hold of a part of a sale, or of all its parts.
fn held_of(unpaid: &[Unpaid], sale: &Record, part: Option<u32>) -> Held {
    let mut by_holder: BTreeMap<String, Held> = BTreeMap::new();
    for Unpaid { lot, awaiting, free } in unpaid {
        let is_of = lot.id.source == sale.position && part.is_none_or(|part| part == lot.id.part);
        if is_of && lot.id.holder != Party::House {
            let held = by_holder.entry(lot.id.holder.account()).or_default();
            held.left += lot.standing();
            held.paid += lot.awaiting.max(0) - awaiting + lot.free.max(0) - free;
            held.awaiting += lot.awaiting;
        }
    }
    by_holder.values().fold(Held::default(), |sum, held| Held {
        left: sum.left + held.left,
        // Asked for another time, a holder may have had more reversed than moved to it by then.
        paid: sum.paid + held.paid.min(held.left.max(0)),
        awaiting: sum.awaiting + held.awaiting,
    })
}
