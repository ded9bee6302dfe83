//! A partner was registered (rules 4.1).

use super::{Partner, Profile};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;

/// An organisation became a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerRegistered {
    /// The partner.
    pub partner: Id,
    /// What is known of it.
    pub profile: Profile,
}

impl EventType for PartnerRegistered {
    type Message = proto::PartnerRegistered;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("display_name", &message.display_name);
        if let Some(country) = &message.country_code
            && !(country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            fields.bad("country_code", "must be an ISO 3166-1 code of two capitals, such as TH, or left out");
        }
        Self {
            partner: fields.id("partner_id", &message.partner_id),
            profile: Profile {
                display_name: message.display_name.clone(),
                kind: fields.enum_value("kind", message.kind),
                categories: fields.each("categories", &message.categories, MAX_ITEMS, |fields, category| fields.key("", category)),
                country_code: message.country_code.clone(),
            },
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Partner, &self.partner))
    }

    fn refers_to(&self) -> References<'_> {
        References::new()
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.partners.insert(self.partner.clone(), Partner::new(stamp, self.profile.clone()));
        state.agreements.note_categories(row, self.profile.categories.iter());
    }
}
