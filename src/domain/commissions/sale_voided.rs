//! A sale never was: all that stands of its commission is taken back, and it counts for nothing from now on (rules 16).

use super::holdings::HOUSE;
use super::posting::{Change, collect, parts_posted, subject_of_agreement};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, EntryKind};
use smallvec::smallvec;

/// A sale was recorded by mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleVoided {
    sale: Id,
}

impl EventType for SaleVoided {
    type Message = proto::SaleVoided;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("reason", &message.reason);
        Self { sale: fields.id("sale_id", &message.sale_id) }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Sale, &self.sale)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let (row, sale) = state.commissions.known_sale(&self.sale);
        if let Some(voided) = sale.voided() {
            return Err(Rejection::AlreadyDone { what: format!("the void of sale {}", self.sale), position: voided.position });
        }
        let (at, left) = (context.occurred_at, state.left_of_sale(row));
        let amount = Money::new(sale.amount().currency, left);
        let mut effects = vec![Effect::SaleVoidApplied { sale: self.sale.clone(), amount, taken_from_house: None }];
        let change = Change { kind: EntryKind::Reversal, sale: (row, &self.sale), at };
        let reversed = state.reverse_void(&change, &mut effects);
        if let Some(Effect::SaleVoidApplied { taken_from_house, .. }) = effects.first_mut() {
            // Of the sale's currency: what the house holds in others is taken whole.
            let own = reversed.from_house.iter().filter(|(_, currency, _)| *currency == amount.currency);
            let sum = own.map(|(_, _, minor_units)| minor_units).sum();
            *taken_from_house = (!reversed.from_house.is_empty()).then(|| Money::new(amount.currency, sum));
        }
        if let (true, Some(credit)) = (sale.collected(), sale.credit()) {
            let subject = subject_of_agreement(credit, sale.lead(), Some(&self.sale), state);
            collect(left, sale.amount(), subject, state.effective_after_sale(sale.stamp(), at), &mut effects);
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.commissions.known_sale(&self.sale).0;
        let before = state.counted(row);
        let mut taken = parts_posted(effects, EntryKind::Reversal, state);
        let of_house = effects.iter().find_map(|effect| match effect {
            Effect::SaleVoidApplied { taken_from_house, .. } => *taken_from_house,
            _ => None,
        });
        if let Some(Money { currency: own, minor_units: mut left }) = of_house {
            for (number, held) in state.held_by_house(row) {
                let mut amount = held;
                if held.currency == own {
                    amount.minor_units = held.minor_units.min(left);
                    left -= amount.minor_units;
                }
                taken.extend(state.taken_of_house(row, number, amount));
            }
        }
        state.take_commission(row, &mut taken);
        state.commissions.sales.get_mut(row).details_mut().voided = Some(stamp.into());
        state.count_again(row, &before);
    }
}

impl State {
    /// What the house holds of the commission of each part of a sale: the part's number, and how much.
    fn held_by_house(&self, row: Row) -> Vec<(u32, Money)> {
        let of_part = |part: super::part::PartOf<'_>| {
            let holdings = part.earning.holdings();
            let of_house = holdings.into_all().filter(|holding| holding.partner == HOUSE && holding.amount > 0);
            let of_house = of_house.map(|holding| Money::new(holding.currency, holding.amount));
            Some((part.number, of_house.reduce(|sum, next| Money::new(sum.currency, sum.minor_units + next.minor_units))?))
        };
        self.parts(row).filter_map(of_part).collect()
    }
}
