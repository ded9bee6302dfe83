//! A payout that was sent arrived: it goes on to cash and taxes (rules 19.1, 19.4).

use super::disbursed::{Parts, Passage};
use super::payout::{Settlement, Transit};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto::{self, EntryKind};

/// The money reached the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutSettled {
    payout: Id,
    reference: Option<Box<str>>,
    settled_amount: Option<Money>,
}

impl EventType for PayoutSettled {
    type Message = proto::PayoutSettled;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        if let Some(reference) = &message.reference {
            fields.text("reference", reference);
        }
        Self {
            payout: fields.id("payout_id", &message.payout_id),
            reference: message.reference.as_deref().map(Into::into),
            settled_amount: fields.optional_amount("settled_amount", message.settled_amount.as_ref()),
        }
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Payout, &self.payout)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let payout = state.commissions.payouts.by_key(&self.payout).expect("the payout is known");
        if self.settled_amount.is_some_and(|settled| settled.currency == payout.amount.currency) {
            let description = format!("must be another currency than the payout's {}, or settled_amount left out", payout.amount.currency);
            return Err(Rejection::Malformed { field: "payout_settled.settled_amount.currency_code", description });
        }
        payout.check_underway(&self.payout)?;
        let parts = Parts {
            gross: payout.amount.minor_units,
            tax_withheld: payout.tax_withheld,
            tax_added: payout.tax_added(),
            settled: self.settled_amount.or(payout.settled_amount(Seen::ALL)),
        };
        let mut effects = Vec::with_capacity(3);
        let passage = Passage {
            kind: EntryKind::Payment,
            partner: state.partners.key(payout.partner),
            effective_at: state.commissions.effective_after(payout, context.occurred_at),
            currency: payout.amount.currency,
        };
        passage.pay_out(AccountName::HousePayoutsInTransit, &parts, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let effective_at = effects.iter().find_map(|effect| match effect {
            Effect::Posting(posting) => Some(posting.effective_at),
            _ => None,
        });
        let effective_at = effective_at.expect("a payout is above zero");
        let row = state.commissions.payouts.find(&self.payout).expect("decide found the payout");
        let reference = self.reference.as_deref().map(Into::into);
        let settlement = Settlement { stamp, effective_at, reference, settled_amount: self.settled_amount };
        state.commissions.payouts.get_mut(row).set_transit(Transit::Settled(settlement));
        state.note_end_of_transit(row, stamp, effective_at);
    }
}
