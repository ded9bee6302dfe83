//! A brand use was approved or declined; a second decision is refused, also where the terms approved it (rules 10.1, 13).

use super::BrandUseDecision;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// The other side decided on a brand use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandUseDecided {
    brand_use: Id,
    approved: bool,
    note: Box<str>,
}

impl EventType for BrandUseDecided {
    type Message = proto::BrandUseDecided;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("note", &message.note);
        Self { brand_use: fields.id("brand_use_id", &message.brand_use_id), approved: message.approved, note: message.note.as_str().into() }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::BrandUse, &self.brand_use)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let brand_use = state.relationship.brand_uses.by_key(&self.brand_use).expect("the brand use is known");
        match &brand_use.decided {
            Some(decision) => {
                let what = format!("the decision on brand use {}", self.brand_use);
                Err(Rejection::AlreadyDone { what, position: decision.stamp.position })
            }
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.relationship.brand_uses.find(&self.brand_use).expect("decide found the brand use");
        let decision = BrandUseDecision { stamp, approved: self.approved, note: self.note.clone() };
        state.relationship.brand_uses.get_mut(row).decided = Some(decision);
    }
}
