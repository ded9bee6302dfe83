//! A partner's fit was assessed (rules 10.1).

use super::Fit;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// An assessment of how well a partner fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerAssessed {
    partner: Id,
    fit: Fit,
}

impl EventType for PartnerAssessed {
    type Message = proto::PartnerAssessed;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("notes", &message.notes);
        Self {
            partner: fields.id("partner_id", &message.partner_id),
            fit: Fit {
                complementarity: fields.scale("complementarity", message.complementarity),
                shared_audience: fields.scale("shared_audience", message.shared_audience),
                brand_alignment: fields.scale("brand_alignment", message.brand_alignment),
                competitor: message.competitor,
                notes: message.notes.as_str().into(),
            },
        }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Partner, &self.partner)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let partner = state.partners.find(&self.partner).expect("decide found the partner");
        state.relationship.partner_activity_mut(partner).assessments.push((stamp, self.fit.clone()));
    }
}
