//! A joint venture distributed: by ownership, or capital first (rules 9).

use crate::domain::account::AccountName;
use crate::domain::agreements::terms::VentureOwnership;
use crate::domain::calendar::Time;
use crate::domain::commissions::posting::subject_of_agreement;
use crate::domain::effect::{Effect, Posting};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Money, apportion};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, DistributionMethod, EntryKind};

/// Both sides got their part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitDistributed {
    distribution: Id,
    agreement: Id,
    amount: Money,
    method: DistributionMethod,
}

impl EventType for ProfitDistributed {
    type Message = proto::ProfitDistributed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self {
            distribution: fields.id("distribution_id", &message.distribution_id),
            agreement: fields.id("agreement_id", &message.agreement_id),
            amount: fields.amount("amount", message.amount.as_ref()),
            method: fields.enum_value("method", message.method),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Distribution, &self.distribution))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let ownership = state.require_venture(&self.agreement, context.occurred_at)?;
        let split = self.split(ownership, state);
        let row = state.agreements.by_id.find(&self.agreement).expect("the agreement is known");
        let subject = subject_of_agreement(row, None, None, state);
        let partner = subject.partner.clone().expect("an agreement has a partner");
        let sides = [
            (AccountName::Partner(partner), -(split.returned[1] + split.profit[1])),
            (AccountName::HouseCash, -(split.returned[0] + split.profit[0])),
            (AccountName::CapitalHouse(self.agreement.clone()), split.returned[0]),
            (AccountName::CapitalPartner(self.agreement.clone()), split.returned[1]),
            (AccountName::Venture(self.agreement.clone()), split.profit[0] + split.profit[1]),
        ];
        let postings = sides.into_iter().filter(|(_, minor_units)| *minor_units != 0).map(|(account, minor_units)| {
            Effect::Posting(Posting {
                account,
                amount: Money::new(self.amount.currency, minor_units),
                effective_at: state.commissions.effective_at(context.occurred_at),
                available_at: None,
                kind: EntryKind::Distribution,
                subject: subject.clone(),
                awaits_customer_payment: false,
                part: 0,
            })
        });
        Ok(postings.collect())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let about = (IdKind::Agreement, self.agreement.clone());
        state.introduce(IdKind::Distribution, &self.distribution, stamp, Some(about));
    }
}

/// What each side gets, the house first: capital returned and profit, in minor units.
struct Split {
    returned: [i64; 2],
    profit: [i64; 2],
}

impl ProfitDistributed {
    /// Capital not yet returned goes back in proportion to it; the rest is shared by ownership (rules 9, 3.3).
    fn split(&self, ownership: VentureOwnership, state: &State) -> Split {
        let capital = match self.method {
            DistributionMethod::CapitalFirst => [
                state.capital(AccountName::CapitalHouse(self.agreement.clone()), self.amount.currency),
                state.capital(AccountName::CapitalPartner(self.agreement.clone()), self.amount.currency),
            ],
            DistributionMethod::ByOwnership | DistributionMethod::Unspecified => [0, 0],
        };
        let returnable = capital.iter().map(|capital| i128::from(*capital)).sum::<i128>().min(i128::from(self.amount.minor_units));
        let returnable = i64::try_from(returnable).expect("it is at most the amount");
        let returned = if returnable == 0 { [0, 0] } else { in_two(returnable, capital) };
        let bps = [i64::from(ownership.house_bps), i64::from(ownership.partner_bps)];
        Split { returned, profit: in_two(self.amount.minor_units - returnable, bps) }
    }
}

/// The house's and the partner's part of an amount.
fn in_two(amount: i64, weights: [i64; 2]) -> [i64; 2] {
    let parts = apportion(amount, &weights);
    [parts[0], parts[1]]
}
