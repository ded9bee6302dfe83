//! A payout came back, in whole or in part, with its part of the taxes (rules 7.2, 13, 19.3, 19.4).

use super::Payout;
use super::disbursed::{Parts, Passage};
use super::payout::PayoutReturn;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto::{self, EntryKind};
use smallvec::smallvec;

/// A bank sent money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutReturned {
    payout_return: Id,
    payout: Id,
    amount: Option<Money>,
}

impl EventType for PayoutReturned {
    type Message = proto::PayoutReturned;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("reason", &message.reason);
        Self {
            payout_return: fields.id("return_id", &message.return_id),
            payout: fields.id("payout_id", &message.payout_id),
            amount: fields.optional_amount("amount", message.amount.as_ref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::PayoutReturn, &self.payout_return))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Payout, &self.payout)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let payout = state.commissions.payouts.by_key(&self.payout).expect("the payout is known");
        if payout.settled(Seen::ALL).is_none() {
            return Err(Rejection::PayoutNotSettled { payout: self.payout.clone(), failed: payout.failed(Seen::ALL).is_some() });
        }
        let returned = self.returned(payout)?;
        let restored = payout.parts_of_return(payout.returned(Seen::ALL), returned, Seen::ALL);
        let parts = Parts {
            gross: restored.gross,
            tax_withheld: restored.tax_withheld,
            tax_added: restored.tax_added,
            settled: payout.settled_amount(Seen::ALL).map(|settled| Money::new(settled.currency, restored.settled)),
        };
        let passage = Passage {
            kind: EntryKind::PaymentReturn,
            partner: state.partners.key(payout.partner),
            effective_at: state.commissions.effective_after(payout, context.occurred_at),
            currency: payout.amount.currency,
        };
        let mut effects = Vec::with_capacity(3);
        passage.pay_back(&parts, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.commissions.payouts.find(&self.payout).expect("decide found the payout");
        let returned = PayoutReturn::of(Some(&self.payout_return), stamp, effects).expect("a return is above zero");
        state.give_back(row, returned);
        let about = (IdKind::Payout, self.payout.clone());
        state.introduce(IdKind::PayoutReturn, &self.payout_return, stamp, Some(about));
    }
}

impl PayoutReturned {
    /// How much comes back: what is named, or all that is left.
    fn returned(&self, payout: &Payout) -> Result<i64, Rejection> {
        let left = payout.amount.minor_units - payout.returned(Seen::ALL);
        let amount = self.amount.unwrap_or(Money::new(payout.amount.currency, left));
        if amount.currency != payout.amount.currency {
            return Err(Rejection::CurrencyMismatch { given: amount.currency, expected: payout.amount.currency });
        }
        if left == 0 || amount.minor_units > left {
            return Err(Rejection::ReturnExceedsPayout { payout: self.payout.clone(), left: Money::new(payout.amount.currency, left) });
        }
        Ok(amount.minor_units)
    }
}
