//! Commission was paid out, within what is payable unless it is an advance (rules 7.2).

use super::Payout;
use super::posting::PartnerEntry;
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, PostingSubject};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Currency, MAX_AMOUNT, Money};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, EntryKind};
use ecow::EcoVec;
use smallvec::smallvec;

/// A partner was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommissionPaid {
    payout: Id,
    partner: Id,
    amount: Money,
    tax_withheld: i64,
    method: Box<str>,
    reference: Box<str>,
    advance: bool,
}

impl EventType for CommissionPaid {
    type Message = proto::CommissionPaid;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("method", &message.method);
        fields.text("reference", &message.reference);
        let amount = fields.amount("amount", message.amount.as_ref());
        let tax_withheld = fields.optional_amount("tax_withheld", message.tax_withheld.as_ref());
        if let (Some(gross), Some(tax)) = (&message.amount, &message.tax_withheld) {
            fields.within("tax_withheld", |fields| {
                if tax.currency_code != gross.currency_code && Currency::from_code(&tax.currency_code).is_some() {
                    fields.bad("currency_code", "must be the currency of amount, of which the tax is a part");
                }
                if tax.minor_units > gross.minor_units && (1..=MAX_AMOUNT).contains(&tax.minor_units) {
                    fields.bad("minor_units", "must not be more than amount, of which the tax is a part");
                }
            });
        }
        Self {
            payout: fields.id("payout_id", &message.payout_id),
            partner: fields.id("partner_id", &message.partner_id),
            amount,
            tax_withheld: tax_withheld.map_or(0, |tax| tax.minor_units),
            method: message.method.as_str().into(),
            reference: message.reference.as_str().into(),
            advance: message.advance,
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Payout, &self.payout))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Partner, &self.partner)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        if !self.advance {
            let (payable, at) = state.least_payable_from(&self.partner, self.amount.currency, context.occurred_at);
            if i128::from(self.amount.minor_units) > payable {
                let payable = Money::new(self.amount.currency, crate::domain::money::saturating_i64(payable));
                return Err(Rejection::ExceedsPayable { partner: self.partner.clone(), payable, at });
            }
        }
        let mut effects = Vec::with_capacity(3);
        let entry = PartnerEntry {
            kind: EntryKind::Payment,
            amount: Money::new(self.amount.currency, -self.amount.minor_units),
            effective_at: state.commissions.effective_at(context.occurred_at),
            available_at: None,
            subject: PostingSubject { partner: Some(self.partner.clone()), ..PostingSubject::default() },
        };
        let cash = (AccountName::HouseCash, self.tax_withheld - self.amount.minor_units);
        entry.post(&[cash, (AccountName::HouseTaxWithheld, -self.tax_withheld)], &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let partner = state.partners.find(&self.partner).expect("decide found the partner");
        let payout = Payout {
            stamp: stamp.into(),
            partner,
            amount: self.amount,
            tax_withheld: self.tax_withheld,
            method: (*self.method).into(),
            reference: (*self.reference).into(),
            advance: self.advance,
            returns: EcoVec::new(),
        };
        state.commissions.payouts.insert(self.payout.clone(), payout);
    }
}
