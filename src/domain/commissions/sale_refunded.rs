//! A sale was refunded: what of its commission is reversed, and from whom (rules 6.8, 6.10).

use super::holdings::{CommissionPart, HOUSE};
use super::posting::{collect, parts_posted, post_part, subject_of_agreement, subject_of_part};
use super::{PinnedAssessment, Refund, Sale};
use crate::domain::account::About;
use crate::domain::agreements::terms::{Reward, Terms};
use crate::domain::calendar::{Time, period_around};
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Money, share};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind, RefundReason, TierMode};

/// A customer got money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRefunded {
    refund: Id,
    sale: Id,
    amount: Money,
    reason: RefundReason,
    clamp: bool,
}

impl EventType for SaleRefunded {
    type Message = proto::SaleRefunded;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self {
            refund: fields.id("refund_id", &message.refund_id),
            sale: fields.id("sale_id", &message.sale_id),
            amount: fields.amount("amount", message.amount.as_ref()),
            reason: fields.enum_value("reason", message.reason),
            clamp: message.clamp,
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Refund, &self.refund))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Sale, &self.sale)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let (_, sale) = state.commissions.known_sale(&self.sale);
        let applied = self.applied(sale)?;
        let currency = sale.amount().currency;
        let mut effects = vec![Effect::RefundApplied {
            refund: self.refund.clone(),
            sale: self.sale.clone(),
            amount: Money::new(currency, applied),
            cut_off: Some(Money::new(currency, self.amount.minor_units - applied)).filter(|cut_off| cut_off.minor_units != 0),
            taken_from_house: None,
            keeps_commission: self.keeps_commission(sale, state),
        }];
        self.reverse(sale, applied, context.occurred_at, state, &mut effects);
        if let (true, Some(credit)) = (sale.collected(), sale.credit()) {
            let subject = subject_of_agreement(credit, sale.lead(), Some(&self.sale), state);
            collect(applied, sale.amount(), subject, context.occurred_at, state, &mut effects);
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.commissions.known_sale(&self.sale).0;
        let applied = effects.iter().find_map(|effect| match effect {
            Effect::RefundApplied { amount, taken_from_house, keeps_commission, .. } => {
                Some((amount.minor_units, taken_from_house, *keeps_commission))
            }
            _ => None,
        });
        let (applied, taken_from_house, exempt) = applied.expect("a refund says what of it counts");
        let mut taken = parts_posted(effects, EntryKind::Reversal, state);
        taken.extend(taken_from_house.map(|amount| CommissionPart {
            partner: HOUSE,
            agreement: Row::MAX,
            position: 0,
            currency: amount.currency,
            amount: -amount.minor_units,
            available_at: None,
        }));
        state.change_earning(About::Sale(row), |sale| {
            for part in &mut taken {
                let taken_from = sale.take(&CommissionPart { amount: -part.amount, ..*part });
                part.position = taken_from.map_or(0, |(position, _)| position);
            }
        });
        state.commissions.sales.get_mut(row).add_refunded(applied, exempt);
        let refund = state
            .commissions
            .refunds
            .insert(self.refund.clone(), Refund { stamp: stamp.into(), sale: row, applied, exempt, taken: taken.into(), reinstated: None });
        state.commissions.sales.get_mut(row).add_refund(refund);
        state.add_net_change(row, -applied);
    }
}

impl SaleRefunded {
    /// Returns what of the refund counts, in minor units: at most what is left of the sale.
    fn applied(&self, sale: &Sale) -> Result<i64, Rejection> {
        if self.amount.currency != sale.amount().currency {
            return Err(Rejection::CurrencyMismatch { given: self.amount.currency, expected: sale.amount().currency });
        }
        let left = sale.amount().minor_units - sale.refunded();
        if self.amount.minor_units > left && !self.clamp {
            return Err(Rejection::RefundExceedsSale { sale: self.sale.clone(), left: Money::new(sale.amount().currency, left) });
        }
        Ok(self.amount.minor_units.min(left))
    }

    /// Whether it is for the house's fault and the pinned terms reverse nothing for that.
    fn keeps_commission(&self, sale: &Sale, state: &State) -> bool {
        let reverses = pinned(sale, state).is_some_and(|(terms, _)| terms.reverse_on_house_fault);
        self.reason == RefundReason::HouseFault && !reverses
    }

    /// Posts the difference to what stands, from the latest holder first.
    fn reverse(&self, sale: &Sale, applied: i64, at: Time, state: &State, effects: &mut Vec<Effect>) {
        let Some((terms, earned)) = pinned(sale, state).filter(|_| !self.keeps_commission(sale, state)) else { return };
        let Some((credit, rule)) = sale.credit().and_then(|credit| Some((credit, earned.rule(credit, state)?))) else { return };
        let accrued = earned.amount.unwrap_or(Money::zero(sale.amount().currency));
        // What the customer keeps; refunds for the house's fault count as not made (rules 13).
        let rest = sale.amount().minor_units - sale.refunded() + sale.exempt() - applied;
        let stands = sale.holdings().total();
        let left_of = |left: i64| (stands - i128::from(left.min(accrued.minor_units))).max(0);
        let reversed = match &rule.reward {
            Reward::Rate(bps) => left_of(share(rest, *bps)),
            Reward::Flat(_) => left_of(if rest > 0 { accrued.minor_units } else { 0 }),
            Reward::Tiers(tiers) if tiers.mode == TierMode::BySale => left_of(share(rest, earned.rate_bps.unwrap_or(0))),
            Reward::Tiers(tiers) => {
                let bounds = period_around(sale.stamp().occurred_at, tiers.calendar_period(), terms.zone);
                let before = state.commissions.net_sales(&(credit, rule.name.as_str().into(), sale.amount().currency), bounds);
                tiers.earned(before) - tiers.earned(before - i128::from(applied))
            }
        };
        for part in sale.parts_of(reversed) {
            if part.partner == HOUSE {
                note_house_part(Money::new(accrued.currency, part.amount), effects);
                continue;
            }
            let lead = sale.lead().map(|row| state.leads.by_id.key(row));
            let subject = subject_of_part(&part, lead, Some(&self.sale), state);
            post_part(EntryKind::Reversal, -part.amount, &part, accrued, subject, at, state, effects);
        }
    }
}

/// Adds to what the refund takes of the commission that the house took over; it is said in the effect, not posted.
fn note_house_part(part: Money, effects: &mut [Effect]) {
    for effect in effects {
        if let Effect::RefundApplied { taken_from_house, .. } = effect {
            let before = taken_from_house.map_or(0, |taken| taken.minor_units);
            *taken_from_house = Some(Money::new(part.currency, before + part.minor_units));
        }
    }
}

/// The terms and the earnings that a sale's assessment pinned, if it earned.
fn pinned<'a>(sale: &Sale, state: &'a State) -> Option<(&'a Terms, PinnedAssessment)> {
    let earned = sale.assessment().filter(PinnedAssessment::counts)?;
    let version = state.agreements.by_id.get(sale.credit()?).version_of(earned.terms_position, state)?;
    Some((&version.terms, earned))
}
