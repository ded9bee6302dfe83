//! A payout came back, in whole or in part, with its part of the withheld tax (rules 7.2, 13).

use super::posting::PartnerEntry;
use super::{Payout, PayoutReturn};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, PostingSubject};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Money, round_half_away, saturating_i64};
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
        let returned = self.returned(payout)?;
        let before = payout.returned(Seen::ALL);
        let tax = tax_of(payout, before + returned) - tax_of(payout, before);
        let mut effects = Vec::with_capacity(3);
        let entry = PartnerEntry {
            kind: EntryKind::PaymentReturn,
            amount: Money::new(payout.amount.currency, returned),
            effective_at: state.commissions.effective_at(context.occurred_at),
            available_at: None,
            subject: PostingSubject { partner: Some(state.partners.key(payout.partner).clone()), ..PostingSubject::default() },
        };
        entry.post(&[(AccountName::HouseCash, returned - tax), (AccountName::HouseTaxWithheld, tax)], &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let returned = effects.iter().find_map(|effect| match effect {
            Effect::Posting(posting) if posting.account.is_partner() => {
                Some(PayoutReturn { stamp, effective_at: posting.effective_at, minor_units: -posting.amount.minor_units })
            }
            _ => None,
        });
        let row = state.commissions.payouts.find(&self.payout).expect("decide found the payout");
        let returned = returned.expect("a return is above zero");
        let payout = state.commissions.payouts.get_mut(row);
        payout.returns.push(returned);
        let (partner, currency) = (state.partners.key(payout.partner).clone(), payout.amount.currency);
        let account = state.accounts.find(&(AccountName::Partner(partner), currency)).expect("a payout was posted to the account");
        state.accounts.get_mut(account).return_payout(row, returned.minor_units);
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

/// The withheld tax that a cumulative return restores, in proportion (rules 13).
fn tax_of(payout: &Payout, returned: i64) -> i64 {
    saturating_i64(round_half_away(i128::from(payout.tax_withheld) * i128::from(returned), i128::from(payout.amount.minor_units)))
}
