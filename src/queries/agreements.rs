//! Agreements: where they stand, their terms in force and all versions, as seen (rules 4).

use super::fitting::{MAX_SUBJECT_BYTES, Subject as _, newest_from};
use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, SubjectQuery, agreement_seen, partner_seen, programme_seen, relationship};
use crate::domain::agreements::{Agreement, Version};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto::{self, AgreementState, AgreementType};
use prost::Message as _;

/// `GetAgreement`.
pub struct GetAgreement {
    agreement: Id,
}

/// Items of an agreement that are looked at in less than a millisecond: terms may have many rules, and the others long texts.
const FEW_ITEMS: usize = 128;

impl SubjectQuery for GetAgreement {
    fn is_long(state: &State, request: &proto::GetAgreementRequest, _: Seen) -> bool {
        let row = Id::new(&request.agreement_id).and_then(|id| state.agreements.by_id.find(&id));
        row.is_some_and(|row| state.agreements.by_id.get(row).items() + state.relationship.agreement_items(row) > FEW_ITEMS)
    }
}

impl StateQuery for GetAgreement {
    type Request = proto::GetAgreementRequest;
    type Answer = proto::GetAgreementResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { agreement: fields.id("agreement_id", &request.agreement_id) }
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let row = agreement_seen(view, &self.agreement, seen)?;
        Ok(proto::GetAgreementResponse { agreement: Some(agreement(view, row, seen)), position: seen.position })
    }
}

/// `ListAgreements`.
pub struct ListAgreements {
    partner: Option<Id>,
    agreement_type: AgreementType,
    state: AgreementState,
    programme: Option<Id>,
    recruited_by: Option<Id>,
    page: PageRequest,
}

impl StateQuery for ListAgreements {
    type Request = proto::ListAgreementsRequest;
    type Answer = proto::ListAgreementsResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            partner: fields.optional_id("partner_id", request.partner_id.as_deref()),
            agreement_type: fields.enum_or("type", request.r#type, AgreementType::Unspecified),
            state: fields.enum_or("state", request.state, AgreementState::Unspecified),
            programme: fields.optional_id("programme_id", request.programme_id.as_deref()),
            recruited_by: fields.optional_id("recruited_by_agreement_id", request.recruited_by_agreement_id.as_deref()),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let partner = self.partner.as_ref().map(|id| partner_seen(view, id, seen)).transpose()?;
        let programme = self.programme.as_ref().map(|id| programme_seen(view, id, seen)).transpose()?;
        let recruiter = self.recruited_by.as_ref().map(|id| agreement_seen(view, id, seen)).transpose()?;
        let is_signed = |known: &Agreement| known.signature_seen(seen).is_some();
        let wanted = |row: Row, known: &Agreement| {
            known.is_seen(seen)
                && programme.is_none_or(|programme| known.programme() == Some(programme) && is_signed(known))
                && recruiter.is_none_or(|recruiter| view.agreements.recruiter(row, seen) == Some(recruiter))
                && partner.is_none_or(|partner| known.partner == partner)
                && (self.agreement_type == AgreementType::Unspecified || known.agreement_type == self.agreement_type)
                && (self.state == AgreementState::Unspecified || known.state_at(seen.time, seen) == self.state)
        };
        let items = |state: &State, row| {
            if wanted(row, state.agreements.by_id.get(row)) { vec![agreement(state, row, seen)] } else { Vec::new() }
        };
        let first = self.page.first_row();
        let rows: Box<dyn Iterator<Item = Row>> = match partner {
            // They are in the order of their introduction, as rows are.
            Some(partner) => Box::new(view.partners.get(partner).agreements.iter().copied().filter(move |row| first <= *row)),
            None => Box::new(first..Row::try_from(view.agreements.by_id.len()).unwrap_or(Row::MAX)),
        };
        let (agreements, next_page_token) = self.page.fill_from(view, seen, Some(IdKind::Agreement), rows, items)?;
        Ok(proto::ListAgreementsResponse { agreements, next_page_token, position: seen.position })
    }
}

/// An agreement that is seen.
fn agreement(state: &State, row: Row, seen: Seen) -> proto::Agreement {
    let agreement = state.agreements.by_id.get(row);
    let end = agreement.end(seen);
    let (terms_position, terms) = terms(agreement, seen, state).unzip();
    let (versions, left_out) = versions(agreement, seen, state);
    // What the signature says is known with it.
    let signed = agreement.signature_seen(seen).map(|_| agreement);
    let id_of = |row: Row| state.agreements.by_id.key(row).to_string();
    let successor = agreement.superseded_by().filter(|row| state.agreements.by_id.get(*row).signature_seen(seen).is_some());
    let agreement = proto::Agreement {
        agreement_id: state.agreements.by_id.key(row).to_string(),
        partner_id: state.partners.key(agreement.partner).to_string(),
        r#type: agreement.agreement_type as i32,
        state: agreement.state_at(seen.time, seen) as i32,
        effective_at: agreement.signature_seen(seen).map(|signature| timestamp(signature.effective_at)),
        ends_at: end.map(|end| timestamp(end.at)),
        end_cause: end.map(|end| end.cause as i32),
        terms,
        terms_position: terms_position.unwrap_or(0),
        versions,
        managers: relationship::managers(state, row, seen),
        launch_steps: relationship::launch_steps(&state.relationship.agreement_steps(row, seen)),
        reviews: state.relationship.reviews(row, seen).into_iter().map(relationship::review).collect(),
        brand_uses: relationship::brand_uses(state, row, seen),
        breaches: relationship::breaches(state, row, seen),
        entries_left_out: left_out,
        programme_id: signed.and_then(Agreement::programme).map(|row| state.agreements.programmes.key(row).to_string()),
        recruited_by_agreement_id: state.agreements.recruiter(row, seen).map(id_of),
        supersedes_agreement_id: signed.and_then(Agreement::supersedes).map(id_of),
        superseded_by_agreement_id: successor.map(id_of),
        upline_agreement_ids: signed.map(|_| state.uplines(row, seen.time, seen).map(id_of).collect()).unwrap_or_default(),
    };
    agreement.fitted()
}

/// The terms to show, with the record that brought them: those that apply, before the agreement takes effect the
/// version that it was signed with, as long as it is only proposed those proposed (rules 4.3).
fn terms(agreement: &Agreement, seen: Seen, state: &State) -> Option<(u64, proto::Terms)> {
    let own = || agreement.version_of(agreement.signature_seen(seen)?.stamp.position, state);
    // Of a programme whose definition is not seen there may be a later version alone: it was not signed with that.
    let of_programme = || {
        let takes_effect = agreement.signature_seen(seen)?.effective_at;
        agreement.versions(seen, state).find(|version| version.programme.is_some() && version.effective_at <= takes_effect)
    };
    let version = agreement.terms_applying(seen.time, seen, state).or_else(own).or_else(of_programme);
    let signed = version.map(|version| (version.stamp.position, version.terms));
    let proposed = agreement.proposal.as_ref().filter(|(stamp, _)| seen.sees(*stamp)).map(|(stamp, terms)| (stamp.position, terms));
    let proposed = proposed.filter(|_| agreement.signature_seen(seen).is_none());
    signed.or(proposed).map(|(position, terms)| (position, (*terms.message).clone()))
}

/// The versions of a signed agreement, and how many are left out, because they would not fit into an answer: they are not even
/// copied for it. An amendment may have occurred before a signature that is not seen yet.
fn versions(agreement: &Agreement, seen: Seen, state: &State) -> (Vec<proto::TermsVersion>, u32) {
    let seen_versions = || agreement.versions(seen, state).filter(|_| agreement.signature_seen(seen).is_some());
    let bytes = seen_versions().map(|version| (version.stamp.position, version.terms.message.encoded_len())).collect();
    let from = newest_from(bytes, MAX_SUBJECT_BYTES);
    let versions: Vec<_> = seen_versions().filter(|version| version.stamp.position >= from).map(|known| version(known, state)).collect();
    let left_out = seen_versions().count() - versions.len();
    (versions, u32::try_from(left_out).unwrap_or(u32::MAX))
}

fn version(version: Version<'_>, state: &State) -> proto::TermsVersion {
    proto::TermsVersion {
        effective_at: Some(timestamp(version.effective_at)),
        position: version.stamp.position,
        terms: Some((*version.terms.message).clone()),
        programme_id: version.programme.map(|row| state.agreements.programmes.key(row).to_string()),
    }
}
