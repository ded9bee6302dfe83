//! An agreement was proposed (rules 4.1).

use super::Agreement;
use super::terms::Terms;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, AgreementType};
use smallvec::smallvec;
use std::sync::Arc;

/// Terms were proposed to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementProposed {
    agreement: Id,
    partner: Id,
    agreement_type: AgreementType,
    terms: Arc<Terms>,
}

impl EventType for AgreementProposed {
    type Message = proto::AgreementProposed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            partner: fields.id("partner_id", &message.partner_id),
            agreement_type: fields.enum_value("type", message.r#type),
            terms: Terms::parse(message.terms.as_deref(), fields),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Agreement, &self.agreement))
    }

    fn terms(&self) -> Option<&Terms> {
        Some(&self.terms)
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Partner, &self.partner)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let partner = state.partners.find(&self.partner).expect("decide found the partner");
        let mut agreement = Agreement::new(partner, self.agreement_type);
        agreement.proposal = Some((stamp, Arc::clone(&self.terms)));
        let row = state.agreements.by_id.insert(self.agreement.clone(), agreement);
        state.partners.get_mut(partner).agreements.push(row);
    }
}
