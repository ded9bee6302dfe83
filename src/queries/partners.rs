//! Partners: who they are, as seen.

use super::fitting::Subject as _;
use super::page::PageRequest;
use super::relationship::launch_steps;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, SubjectQuery, partner_seen};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::relationship::Fit;
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use crate::ledger::Error;
use crate::proto::{self, PartnerKind};

/// `GetPartner`.
pub struct GetPartner {
    partner: Id,
}

/// Items of a partner that are looked at in less than a millisecond.
const FEW_ITEMS: usize = 1_024;

impl SubjectQuery for GetPartner {
    fn is_long(state: &State, request: &proto::GetPartnerRequest, _: Seen) -> bool {
        let row = Id::new(&request.partner_id).and_then(|id| state.partners.find(&id));
        row.is_some_and(|row| state.partners.get(row).items() + state.relationship.partner_items(row) > FEW_ITEMS)
    }
}

impl StateQuery for GetPartner {
    type Request = proto::GetPartnerRequest;
    type Answer = proto::GetPartnerResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { partner: fields.id("partner_id", &request.partner_id) }
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let row = partner_seen(view, &self.partner, seen)?;
        Ok(proto::GetPartnerResponse { partner: partner(view, row, seen), position: seen.position })
    }
}

/// `ListPartners`.
pub struct ListPartners {
    kind: PartnerKind,
    category: Option<Box<str>>,
    page: PageRequest,
}

impl StateQuery for ListPartners {
    type Request = proto::ListPartnersRequest;
    type Answer = proto::ListPartnersResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            kind: fields.enum_or("kind", request.kind, PartnerKind::Unspecified),
            category: request.category.as_ref().map(|category| fields.key("category", category)),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let wanted = |partner: &proto::Partner| {
            (self.kind == PartnerKind::Unspecified || partner.kind == self.kind as i32)
                && self.category.as_ref().is_none_or(|category| partner.categories.iter().any(|known| **known == **category))
        };
        let items = |state: &State, row| partner(state, row, seen).filter(wanted).into_iter().collect();
        let (partners, next_page_token) = self.page.fill(view, seen, Some(IdKind::Partner), |state| state.partners.len(), items)?;
        Ok(proto::ListPartnersResponse { partners, next_page_token, position: seen.position })
    }
}

/// A partner as seen; `None` if it is not.
fn partner(state: &State, row: Row, seen: Seen) -> Option<proto::Partner> {
    let partner = state.partners.get(row);
    let profile = partner.profile(seen)?;
    let agreements = partner.agreements.iter().filter(|row| state.agreements.by_id.get(**row).is_seen(seen));
    let partner = proto::Partner {
        partner_id: state.partners.key(row).to_string(),
        display_name: profile.display_name,
        kind: profile.kind as i32,
        categories: profile.categories.iter().map(ToString::to_string).collect(),
        country_code: profile.country_code,
        registered_at: Some(timestamp(partner.registered().occurred_at)),
        position: partner.position(),
        agreement_ids: agreements.map(|row| state.agreements.by_id.key(*row).to_string()).collect(),
        fit: state.relationship.fit(row, seen).map(|(stamp, found)| fit(stamp, found)),
        launch_steps: launch_steps(&state.relationship.partner_steps(row, seen)),
        on_hold: state.running_hold(row, seen.time, seen).is_some(),
        holds: partner.holds.iter().filter_map(|row| hold(state, *row, seen)).collect(),
        entries_left_out: 0,
    };
    Some(partner.fitted())
}

/// A hold as seen; `None` if it is not.
fn hold(state: &State, row: Row, seen: Seen) -> Option<proto::PartnerHold> {
    let hold = state.holds.get(row);
    seen.sees(hold.placed).then(|| proto::PartnerHold {
        hold_id: state.holds.key(row).to_string(),
        reason: hold.reason.to_string(),
        placed_at: Some(timestamp(hold.placed.occurred_at)),
        lifted_at: hold.lifted(seen).map(|lifted| timestamp(lifted.occurred_at)),
        position: hold.placed.position,
    })
}

fn fit(assessed: Stamp, fit: &Fit) -> proto::PartnerFit {
    proto::PartnerFit {
        complementarity: fit.complementarity,
        shared_audience: fit.shared_audience,
        brand_alignment: fit.brand_alignment,
        competitor: fit.competitor,
        fits: fit.fits(),
        notes: fit.notes.to_string(),
        assessed_at: Some(timestamp(assessed.occurred_at)),
        position: assessed.position,
    }
}
