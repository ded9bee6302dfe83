//! A payout that was sent did not arrive: all of it is given back (rules 19.1).

use super::disbursed::Passage;
use super::payout::{PayoutReturn, Transit};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind};

/// The money did not reach the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutFailed {
    payout: Id,
}

impl EventType for PayoutFailed {
    type Message = proto::PayoutFailed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("reason", &message.reason);
        Self { payout: fields.id("payout_id", &message.payout_id) }
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Payout, &self.payout)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let payout = state.commissions.payouts.by_key(&self.payout).expect("the payout is known");
        payout.check_underway(&self.payout)?;
        let partner = state.partners.key(payout.partner);
        let passage = Passage {
            kind: EntryKind::PaymentReturn,
            partner,
            effective_at: state.commissions.effective_after(payout, context.occurred_at),
            currency: payout.amount.currency,
        };
        let mut effects = Vec::with_capacity(2);
        passage.post(AccountName::Partner(partner.clone()), -payout.amount.minor_units, &mut effects);
        passage.post(AccountName::HousePayoutsInTransit, payout.amount.minor_units, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.commissions.payouts.find(&self.payout).expect("decide found the payout");
        let returned = PayoutReturn::of(None, stamp, effects).expect("a payout is above zero");
        let effective_at = returned.effective_at;
        state.give_back(row, returned);
        state.commissions.payouts.get_mut(row).set_transit(Transit::Failed(stamp, effective_at));
        state.note_end_of_transit(row, stamp, effective_at);
    }
}
