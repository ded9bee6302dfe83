//! Money came in from a partner (rules 7.2).

use super::posting::PartnerEntry;
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, PostingSubject};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind};

/// A partner paid the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReceived {
    payment: Id,
    partner: Id,
    amount: Money,
}

impl EventType for PaymentReceived {
    type Message = proto::PaymentReceived;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("reference", &message.reference);
        Self {
            payment: fields.id("payment_id", &message.payment_id),
            partner: fields.id("partner_id", &message.partner_id),
            amount: fields.amount("amount", message.amount.as_ref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Payment, &self.payment))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Partner, &self.partner)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let mut effects = Vec::with_capacity(2);
        let entry = PartnerEntry {
            kind: EntryKind::Receipt,
            amount: self.amount,
            effective_at: state.commissions.effective_at(context.occurred_at),
            available_at: None,
            subject: PostingSubject { partner: Some(self.partner.clone()), ..PostingSubject::default() },
            awaits_customer_payment: false,
            part: 0,
        };
        entry.post_against(AccountName::HouseCash, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let about = (IdKind::Partner, self.partner.clone());
        state.introduce(IdKind::Payment, &self.payment, stamp, Some(about));
    }
}
