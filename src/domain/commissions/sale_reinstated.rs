//! A refund was undone, as when a chargeback is won: what it took is posted back (rules 6.8).

use super::Refund;
use super::holdings::{CommissionPart, HOUSE};
use super::part::PartOf;
use super::posting::{Change, collect, subject_of_agreement};
use super::releases::{Paid, PartLeft};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Stamp, State};
use crate::proto::{self, EntryKind};

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

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Refund, &self.refund)]
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let refund = state.commissions.refunds.by_key(&self.refund).expect("the refund is known");
        if let Some(reinstated) = refund.reinstated() {
            return Err(Rejection::AlreadyDone {
                what: format!("the reinstatement of refund {}", self.refund),
                position: reinstated.position,
            });
        }
        state.require_not_voided(refund.sale)?;
        let (row, at) = (refund.sale, context.occurred_at);
        let (sale, sale_id) = (state.commissions.sales.get(row), state.commissions.sales.key(row));
        let mut effects = Vec::new();
        let change = Change { kind: EntryKind::Reinstatement, sale: (row, sale_id), at };
        let taken = refund.taken.iter().filter(|part| part.partner != HOUSE);
        taken.for_each(|part| change.post(-part.amount, part, state, &mut effects));
        if let (true, Some(credit)) = (sale.collected(), sale.credit()) {
            let subject = subject_of_agreement(credit, sale.lead(), Some(sale_id), state);
            collect(-refund.applied, sale.amount(), subject, state.effective_after_sale(sale.stamp(), at), &mut effects);
        }
        let parts: Vec<PartLeft> = state.parts(row).map(|part| given_back(part, refund)).collect();
        let Paid { paid, left } = state.paid_of_sale(row);
        state.post_releases(row, &parts, Paid { paid, left: left + refund.applied }, at, &mut effects);
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.commissions.refunds.find(&self.refund).expect("decide found the refund");
        let refund = state.commissions.refunds.get(row).clone();
        let before = state.counted(refund.sale);
        state.commissions.refunds.get_mut(row).reinstate(stamp);
        state.add_refund(&refund, -1);
        // What is posted is what the refund took, part by part; what the house lost is posted nowhere.
        for part in &refund.taken {
            let about = state.about_part(refund.sale, part.number);
            state.change_earning(about, |earning| earning.give_back(&CommissionPart { amount: -part.amount, ..part.clone() }));
        }
        let about = (IdKind::Refund, self.refund.clone());
        state.introduce(IdKind::Reinstatement, &self.reinstatement, stamp, Some(about));
        state.release_commission(refund.sale, stamp.occurred_at);
        state.count_again(refund.sale, &before);
    }
}

/// A part with what stands of its commission once a refund has given back what it took.
fn given_back<'a>(part: PartOf<'a>, refund: &Refund) -> PartLeft<'a> {
    let mut holdings = part.earning.holdings();
    let taken = refund.taken.iter().filter(|taken| taken.number == part.number);
    taken.for_each(|taken| holdings.give_back(&CommissionPart { amount: -taken.amount, ..taken.clone() }));
    PartLeft { part, holdings }
}
