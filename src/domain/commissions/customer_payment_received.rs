//! A customer paid for a sale, or a payment of it bounced: commission that waits for it is released, or waits again (rules 17).

use super::part::CustomerPayment;
use super::releases::{Paid, PartLeft};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto;

/// A customer paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPaymentReceived {
    receipt: Id,
    sale: Id,
    amount: Money,
}

impl EventType for CustomerPaymentReceived {
    type Message = proto::CustomerPaymentReceived;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self {
            receipt: fields.id("receipt_id", &message.receipt_id),
            sale: fields.id("sale_id", &message.sale_id),
            amount: fields.signed_amount("amount", message.amount.as_ref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Receipt, &self.receipt))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Sale, &self.sale)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let (row, sale) = state.commissions.known_sale(&self.sale);
        state.require_not_voided(row)?;
        let expected = sale.amount().currency;
        if self.amount.currency != expected {
            return Err(Rejection::CurrencyMismatch { given: self.amount.currency, expected });
        }
        let Paid { paid, left } = state.paid_of_sale(row);
        let Some(after) = paid.checked_add(self.amount.minor_units).filter(|after| *after >= 0) else {
            return Err(Rejection::BelowZero { sale: self.sale.clone(), paid: Money::new(expected, paid) });
        };
        let parts: Vec<PartLeft> = state.parts(row).map(|part| PartLeft { holdings: part.earning.holdings(), part }).collect();
        let mut effects = Vec::new();
        state.post_releases(row, &parts, Paid { paid: after, left }, context.occurred_at, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.commissions.known_sale(&self.sale).0;
        let payment = CustomerPayment { receipt: self.receipt.clone(), stamp: stamp.into(), minor_units: self.amount.minor_units };
        state.commissions.sales.get_mut(row).details_mut().payments.push(payment);
        state.release_commission(row, stamp.occurred_at);
        let about = (IdKind::Sale, self.sale.clone());
        state.introduce(IdKind::Receipt, &self.receipt, stamp, Some(about));
    }
}
