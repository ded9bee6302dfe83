//! A side asked to use the other's brand (rules 10.1).

use super::{BrandUse, BrandUseDecision};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto::{self, BrandChannel, Side};

/// A use of a brand: approved at once where the terms allow it, else to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandUseRequested {
    brand_use: Id,
    agreement: Id,
    requested_by: Side,
    channel: BrandChannel,
    asset: Box<str>,
}

impl EventType for BrandUseRequested {
    type Message = proto::BrandUseRequested;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("asset", &message.asset);
        Self {
            brand_use: fields.id("brand_use_id", &message.brand_use_id),
            agreement: fields.id("agreement_id", &message.agreement_id),
            requested_by: fields.enum_value("requested_by", message.requested_by),
            channel: fields.enum_value("channel", message.channel),
            asset: message.asset.as_str().into(),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::BrandUse, &self.brand_use))
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Agreement, &self.agreement)]
    }

    /// Approves at once what the terms that apply allow; without terms the use awaits a decision (rules 10.1).
    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let version = state.agreements.known(&self.agreement).terms_applying(context.occurred_at, Seen::ALL, state);
        let allowed = version.map(|version| &version.terms.brand_use).is_some_and(|brand_use| {
            brand_use.allowed_channels.contains(&self.channel) && !brand_use.approval_channels.contains(&self.channel)
        });
        Ok(allowed.then(|| Effect::BrandUseApproved { brand_use: self.brand_use.clone() }).into_iter().collect())
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let agreement = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let approved = effects.iter().any(|effect| matches!(effect, Effect::BrandUseApproved { .. }));
        let brand_use = BrandUse {
            requested: stamp,
            agreement,
            requested_by: self.requested_by,
            channel: self.channel,
            asset: self.asset.clone(),
            decided: approved.then(|| BrandUseDecision { stamp, approved, note: Box::default() }),
        };
        let row = state.relationship.brand_uses.insert(self.brand_use.clone(), brand_use);
        state.relationship.agreement_activity_mut(agreement).brand_uses.push(row);
    }
}
