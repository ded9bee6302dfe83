//! A side put capital into a joint venture (rules 9).

use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::commissions::posting::subject_of_agreement;
use crate::domain::effect::{Effect, Posting};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind, Side};

/// A side contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapitalContributed {
    contribution: Id,
    agreement: Id,
    side: Side,
    amount: Money,
}

impl EventType for CapitalContributed {
    type Message = proto::CapitalContributed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self {
            contribution: fields.id("contribution_id", &message.contribution_id),
            agreement: fields.id("agreement_id", &message.agreement_id),
            side: fields.enum_value("side", message.side),
            amount: fields.amount("amount", message.amount.as_ref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Contribution, &self.contribution))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        state.require_venture(&self.agreement, context.occurred_at)?;
        let row = state.agreements.by_id.find(&self.agreement).expect("the agreement is known");
        let capital = match self.side {
            Side::Partner => AccountName::CapitalPartner(self.agreement.clone()),
            Side::House | Side::Unspecified => AccountName::CapitalHouse(self.agreement.clone()),
        };
        let posting = |account, minor_units| {
            Effect::Posting(Posting {
                account,
                amount: Money::new(self.amount.currency, minor_units),
                effective_at: state.commissions.effective_at(context.occurred_at),
                available_at: None,
                kind: EntryKind::Contribution,
                subject: subject_of_agreement(row, None, None, state),
                awaits_customer_payment: false,
                part: 0,
            })
        };
        Ok(vec![posting(AccountName::HouseCash, self.amount.minor_units), posting(capital, -self.amount.minor_units)])
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let about = (IdKind::Agreement, self.agreement.clone());
        state.introduce(IdKind::Contribution, &self.contribution, stamp, Some(about));
    }
}
