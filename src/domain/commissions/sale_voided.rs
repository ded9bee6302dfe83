//! A sale never was: all that stands of its commission is taken back, and it counts for nothing from now on (rules 16).

use super::holdings::HOUSE;
use super::posting::{Change, collect, parts_posted, subject_of_agreement};
use super::sale_refunded::from_house;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind};

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

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Sale, &self.sale)]
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
            let sum: i64 = reversed.from_house.iter().map(|(_, _, minor_units)| minor_units).sum();
            *taken_from_house = reversed.from_house.first().map(|(_, currency, _)| Money::new(*currency, sum));
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
        let mut left = of_house.map_or(0, |amount| amount.minor_units);
        for (number, currency, held) in state.held_by_house(row) {
            let amount = held.min(left);
            left -= amount;
            taken.push(from_house(number, currency, amount));
        }
        state.take_commission(row, &mut taken);
        state.commissions.sales.get_mut(row).details_mut().voided = Some(stamp.into());
        state.count_again(row, &before);
    }
}

impl State {
    /// What the house holds of the commission of a sale's parts: number, currency and minor units.
    fn held_by_house(&self, row: Row) -> Vec<(u32, crate::domain::money::Currency, i64)> {
        let of_part = |part: super::part::PartOf<'_>| {
            let holdings = part.earning.holdings();
            let of_house = holdings.into_all().filter(|holding| holding.partner == HOUSE && holding.amount > 0);
            of_house.map(move |holding| (part.number, holding.currency, holding.amount)).collect::<Vec<_>>()
        };
        self.parts(row).flat_map(of_part).collect()
    }
}
