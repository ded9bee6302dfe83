//! What is known of a partner changed.

use super::ProfileChange;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto;
use smallvec::smallvec;

/// A partner changed its name, kind or categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerUpdated {
    partner: Id,
    change: ProfileChange,
}

impl EventType for PartnerUpdated {
    type Message = proto::PartnerUpdated;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        if let Some(name) = &message.display_name {
            fields.required_text("display_name", name);
        }
        if !message.replace_categories && !message.categories.is_empty() {
            fields.bad("categories", "are given without replace_categories; set it to put them in place of the old ones");
        }
        let categories = fields.each("categories", &message.categories, MAX_ITEMS, |fields, category| fields.key("", category));
        Self {
            partner: fields.id("partner_id", &message.partner_id),
            change: ProfileChange {
                display_name: message.display_name.clone(),
                kind: message.kind.map(|kind| fields.enum_value("kind", kind)),
                categories: message.replace_categories.then_some(categories),
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
        let row = state.partners.find(&self.partner).expect("decide found the partner");
        let partner = state.partners.get(row);
        let categories = self.change.categories.iter().flatten().filter(|category| !partner.ever_had(category));
        state.agreements.note_categories(row, categories);
        state.partners.get_mut(row).changes.push((stamp, self.change.clone()));
    }
}
