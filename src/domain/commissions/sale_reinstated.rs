//! A refund was undone, as when a chargeback is won: what it took is posted back (rules 6.8).

use super::holdings::{CommissionPart, HOUSE};
use super::posting::{collect, post_part, subject_of_agreement, subject_of_part};
use crate::domain::account::About;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, EntryKind};
use smallvec::smallvec;

/// The sale stands again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleReinstated {
    reinstatement: Id,
    refund: Id,
}

impl EventType for SaleReinstated {
    type Message = proto::SaleReinstated;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self { reinstatement: fields.id("reinstatement_id", &message.reinstatement_id), refund: fields.id("refund_id", &message.refund_id) }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Reinstatement, &self.reinstatement))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Refund, &self.refund)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let refund = state.commissions.refunds.by_key(&self.refund).expect("the refund is known");
        if let Some(reinstated) = refund.reinstated() {
            return Err(Rejection::AlreadyDone {
                what: format!("the reinstatement of refund {}", self.refund),
                position: reinstated.position,
            });
        }
        let sale = state.commissions.sales.get(refund.sale);
        let sale_id = state.commissions.sales.key(refund.sale);
        let like = sale.assessment().and_then(|earned| earned.amount).unwrap_or(Money::zero(sale.amount().currency));
        let mut effects = Vec::new();
        for part in refund.taken.iter().filter(|part| part.partner != HOUSE) {
            let subject = subject_of_part(part, sale.lead().map(|row| state.leads.by_id.key(row)), Some(sale_id), state);
            post_part(EntryKind::Reinstatement, -part.amount, part, like, subject, context.occurred_at, state, &mut effects);
        }
        if let (true, Some(credit)) = (sale.collected(), sale.credit()) {
            let subject = subject_of_agreement(credit, sale.lead(), Some(sale_id), state);
            collect(-refund.applied, sale.amount(), subject, context.occurred_at, state, &mut effects);
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.commissions.refunds.find(&self.refund).expect("decide found the refund");
        let refund = state.commissions.refunds.get_mut(row);
        refund.reinstate(stamp);
        let (sale_row, applied, exempt) = (refund.sale, refund.applied, refund.exempt);
        // What is posted is what the refund took, part by part; what the house lost is posted nowhere.
        let taken = refund.taken.clone();
        state.commissions.sales.get_mut(sale_row).add_refunded(-applied, exempt);
        state.change_earning(About::Sale(sale_row), |sale| {
            taken.iter().for_each(|part| sale.give_back(&CommissionPart { amount: -part.amount, ..part.clone() }));
        });
        let about = (IdKind::Refund, self.refund.clone());
        state.introduce(IdKind::Reinstatement, &self.reinstatement, stamp, Some(about));
        state.add_net_change(sale_row, applied);
    }
}
