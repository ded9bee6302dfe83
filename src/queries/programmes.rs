//! Programmes: their terms in force and all versions, and how many agreements take them, as seen (rules 18.2).

use super::fitting::{MAX_SUBJECT_BYTES, Subject as _, newest_from};
use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, SubjectQuery, programme_seen};
use crate::domain::agreements::programmes::{Programme, ProgrammeVersion};
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto;
use prost::Message as _;

/// `GetProgramme`.
pub struct GetProgramme {
    programme: Id,
}

/// Versions of a programme that are looked at in less than a millisecond: each may have many rules.
const FEW_VERSIONS: usize = 128;
/// Agreements of a programme that are counted in less than a millisecond.
const FEW_AGREEMENTS: usize = 4_096;

impl SubjectQuery for GetProgramme {
    fn is_long(state: &State, request: &proto::GetProgrammeRequest, _: Seen) -> bool {
        let programme = Id::new(&request.programme_id).and_then(|id| state.agreements.programmes.by_key(&id));
        programme.is_some_and(|known| known.versions_count() > FEW_VERSIONS || known.agreements().nth(FEW_AGREEMENTS).is_some())
    }
}

impl StateQuery for GetProgramme {
    type Request = proto::GetProgrammeRequest;
    type Answer = proto::GetProgrammeResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { programme: fields.id("programme_id", &request.programme_id) }
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let row = programme_seen(view, &self.programme, seen)?;
        Ok(proto::GetProgrammeResponse { programme: Some(programme(view, row, seen)), position: seen.position })
    }
}

/// `ListProgrammes`.
pub struct ListProgrammes {
    page: PageRequest,
}

impl StateQuery for ListProgrammes {
    type Request = proto::ListProgrammesRequest;
    type Answer = proto::ListProgrammesResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { page: request.page(fields) }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let items = |state: &State, row| {
            let is_seen = seen.sees(state.agreements.programmes.get(row).defined());
            if is_seen { vec![programme(state, row, seen)] } else { Vec::new() }
        };
        let rows = |state: &State| state.agreements.programmes.len();
        let (programmes, next_page_token) = self.page.fill(view, seen, Some(IdKind::Programme), rows, items)?;
        Ok(proto::ListProgrammesResponse { programmes, next_page_token, position: seen.position })
    }
}

/// A programme that is seen.
fn programme(state: &State, row: Row, seen: Seen) -> proto::Programme {
    let programme = state.agreements.programmes.get(row);
    let in_force = programme.in_force(seen.time, seen);
    let is_signed = |row: &Row| state.agreements.by_id.get(*row).signature_seen(seen).is_some();
    let agreements = programme.agreements().filter(is_signed).count();
    let (versions, left_out) = versions(programme, seen);
    let programme = proto::Programme {
        programme_id: state.agreements.programmes.key(row).to_string(),
        terms: in_force.map(|version| (*version.terms.message).clone()),
        terms_position: in_force.map_or(0, |version| version.stamp.position),
        versions,
        agreement_count: i64::try_from(agreements).unwrap_or(i64::MAX),
        defined_at: Some(timestamp(programme.defined().occurred_at)),
        position: programme.defined().position,
        entries_left_out: left_out,
    };
    programme.fitted()
}

/// Its versions, and how many are left out, because they would not fit into an answer: they are not even copied for it.
fn versions(programme: &Programme, seen: Seen) -> (Vec<proto::ProgrammeVersion>, u32) {
    let bytes = programme.versions(seen).map(|version| (version.stamp.position, version.terms.message.encoded_len())).collect();
    let from = newest_from(bytes, MAX_SUBJECT_BYTES);
    let versions: Vec<_> = programme.versions(seen).filter(|version| version.stamp.position >= from).map(version).collect();
    let left_out = programme.versions(seen).count() - versions.len();
    (versions, u32::try_from(left_out).unwrap_or(u32::MAX))
}

fn version(version: &ProgrammeVersion) -> proto::ProgrammeVersion {
    proto::ProgrammeVersion {
        effective_at: version.effective_at.map(timestamp),
        position: version.stamp.position,
        terms: Some((*version.terms.message).clone()),
        existing: version.existing,
    }
}
