//! The model's answers about single sales and payouts.

use std::collections::BTreeMap;

use partnership_ledger::proto::{self as pb, Side, event::Body};

use super::record::{Known, Party, Record};
use super::wire::{self, minor, money};
use crate::outside::ledger::{Answer, Refusal, stamp};

impl Known<'_> {
    /// A sale, what was assessed, what stands of its commission and what of that counts as paid. Rules 5.5, 6.8.
    pub fn sale_answer(&self, id: &str) -> Answer<pb::ExplainSaleResponse> {
        let record = self.sale(id).ok_or_else(|| Refusal::rule("UNKNOWN_ID"))?;
        let assessed = record.effects.assessed.as_ref();
        let terms = assessed.and_then(|assessed| self.terms_recorded_at(assessed.terms_position));
        let currency = assessed.and_then(|assessed| assessed.currency.clone());
        let mut held: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        for (lot, unpaid) in self.unpaid_lots() {
            if lot.id.source == record.position && lot.id.holder != Party::House {
                let (standing, paid) = held.entry(lot.id.holder.account()).or_default();
                *standing += lot.standing;
                *paid += lot.standing.max(0) - unpaid;
            }
        }
        let left = held.values().map(|(standing, _)| standing).sum();
        // Asked for another time, a holder may have had more reversed than moved to it by then.
        let paid = held.values().map(|(standing, paid)| (*paid).min((*standing).max(0))).sum();
        Ok(pb::ExplainSaleResponse {
            sale: Some(self.sale_shown(record)),
            assessment: assessed.map(wire::assessed),
            terms: terms.cloned(),
            commission_left: currency.as_ref().map(|currency| money(currency, left)),
            paid: currency.as_ref().map(|currency| money(currency, paid)),
            ..pb::ExplainSaleResponse::default()
        })
    }

    fn terms_recorded_at(&self, position: u64) -> Option<&pb::Terms> {
        match self.at_position(position)?.body() {
            Body::AgreementSigned(body) => body.terms.as_deref(),
            Body::AgreementAmended(body) => body.terms.as_deref(),
            _ => None,
        }
    }

    fn sale_shown(&self, record: &Record) -> pb::Sale {
        let Body::SaleRecorded(body) = record.body() else {
            unreachable!("asked for a sale");
        };
        let amount = body.amount.clone().expect("required");
        let refunded = i128::from(amount.minor_units) - self.left_of_sale(record);
        let credit = record.effects.assessed.as_ref().and_then(|assessed| assessed.agreement.clone());
        pb::Sale {
            sale_id: body.sale_id.clone(),
            lead_id: record.effects.lead.clone(),
            agreement_id: credit,
            refunded: Some(money(&amount.currency_code, refunded)),
            amount: Some(amount),
            product: body.product.clone(),
            collected_by: if body.collected_by() == Side::Partner { Side::Partner } else { Side::House }.into(),
            occurred_at: Some(stamp(record.occurred)),
            position: record.position,
            ..pb::Sale::default()
        }
    }

    /// The payouts in the order of position. Rules 7.2.
    pub fn payouts_answer(&self) -> Vec<pb::Payout> {
        let payout = |record: &&Record| {
            let Body::CommissionPaid(body) = record.body() else {
                return None;
            };
            let amount = body.amount.as_ref()?;
            Some(pb::Payout {
                payout_id: body.payout_id.clone(),
                partner_id: body.partner_id.clone(),
                currency_code: amount.currency_code.clone(),
                amount: amount.minor_units,
                tax_withheld: body.tax_withheld.as_ref().map_or(0, |tax| tax.minor_units),
                returned: minor(self.returned(&body.payout_id)),
                occurred_at: Some(stamp(record.occurred)),
                method: body.method.clone(),
                reference: body.reference.clone(),
                advance: body.advance,
                position: record.position,
                ..pb::Payout::default()
            })
        };
        self.records.iter().filter_map(payout).collect()
    }
}
