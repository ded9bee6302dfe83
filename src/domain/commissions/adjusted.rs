//! Commission was adjusted by hand (rules 7.4).

use super::posting::{PartnerEntry, subject_of_agreement};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind};

/// Commission was added or taken, for a reason that is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommissionAdjusted {
    adjustment: Id,
    agreement: Id,
    amount: Money,
}

impl EventType for CommissionAdjusted {
    type Message = proto::CommissionAdjusted;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("reason", &message.reason);
        Self {
            adjustment: fields.id("adjustment_id", &message.adjustment_id),
            agreement: fields.id("agreement_id", &message.agreement_id),
            amount: fields.signed_amount("amount", message.amount.as_ref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Adjustment, &self.adjustment))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let agreement = state.agreements.by_id.find(&self.agreement).expect("the agreement is known");
        let mut effects = Vec::with_capacity(2);
        let entry = PartnerEntry {
            kind: EntryKind::Adjustment,
            amount: self.amount,
            effective_at: state.commissions.effective_at(context.occurred_at),
            available_at: None,
            subject: subject_of_agreement(agreement, None, None, state),
            awaits_customer_payment: false,
            part: 0,
        };
        entry.post_against(AccountName::HouseAdjustments, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let about = (IdKind::Agreement, self.agreement.clone());
        state.introduce(IdKind::Adjustment, &self.adjustment, stamp, Some(about));
    }
}
