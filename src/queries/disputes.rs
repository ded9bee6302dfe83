//! Disputes, and the commission that each of them holds (rules 7.5).

use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, partner_seen};
use crate::domain::commissions::{Dispute, DisputeSubject};
use crate::domain::ids::{Id, IdKind};
use crate::domain::leads::Owner;
use crate::domain::money::saturating_i64;
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto::{self, dispute::Subject};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// `ListDisputes`.
pub struct ListDisputes {
    open_only: bool,
    partner: Option<Id>,
    page: PageRequest,
}

impl StateQuery for ListDisputes {
    type Request = proto::ListDisputesRequest;
    type Answer = proto::ListDisputesResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            open_only: request.open_only,
            partner: fields.optional_id("partner_id", request.partner_id.as_deref()),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let partner = self.partner.as_ref().map(|id| partner_seen(view, id, seen)).transpose()?;
        // Disputes about the same lead or sale hold the same: it is added up once.
        let known_held: RefCell<BTreeMap<DisputeSubject, Vec<(Row, proto::HeldCommission)>>> = RefCell::default();
        let items = |state: &State, row| {
            let known = state.commissions.disputes.get(row);
            if !seen.sees(known.opened) || self.open_only && !known.is_open(seen.time, seen) {
                return Vec::new();
            }
            let held = if known.is_open(seen.time, seen) {
                known_held.borrow_mut().entry(known.subject).or_insert_with(|| held(state, known.subject, seen)).clone()
            } else {
                Vec::new()
            };
            let wanted = partner
                .is_none_or(|partner| is_about(state, known.subject, partner, seen) || held.iter().any(|(holder, _)| *holder == partner));
            if wanted { vec![dispute(state, row, held, seen)] } else { Vec::new() }
        };
        let (disputes, next_page_token) =
            self.page.fill(view, seen, Some(IdKind::Dispute), |state| state.commissions.disputes.len(), items)?;
        Ok(proto::ListDisputesResponse { disputes, next_page_token, position: seen.position })
    }
}

/// Whether a dispute's subject is a partner's: a lead that it owns or has the credit of, a sale with its credit, a
/// payout to it.
pub(super) fn is_about(state: &State, subject: DisputeSubject, partner: Row, seen: Seen) -> bool {
    let has_credit = |credit: Option<Row>| credit.is_some_and(|row| state.agreements.by_id.get(row).partner == partner);
    match subject {
        DisputeSubject::Lead(row) => {
            let ownership = state.leads.by_id.get(row).ownership(seen.time, seen, state);
            ownership.is_some_and(|ownership| ownership.owner == Owner::Partner(partner) || has_credit(ownership.credit))
        }
        DisputeSubject::Sale(row) => state.own_parts(row).any(|part| has_credit(part.earning.credit())),
        DisputeSubject::Payout(row) => state.commissions.payouts.get(row).partner == partner,
    }
}

/// What an open dispute about a subject holds, by partner id, then by currency code.
fn held(state: &State, subject: DisputeSubject, seen: Seen) -> Vec<(Row, proto::HeldCommission)> {
    let mut held: Vec<_> = state
        .available(subject, seen)
        .into_iter()
        .filter_map(|(account, amount)| {
            let partner = state.partner_of(account)?;
            let (partner_id, currency_code) = (state.partners.key(partner).to_string(), state.accounts.key(account).1.to_string());
            (amount > 0).then(|| (partner, proto::HeldCommission { partner_id, currency_code, amount: saturating_i64(amount) }))
        })
        .collect();
    held.sort_by(|(_, a), (_, b)| (&a.partner_id, &a.currency_code).cmp(&(&b.partner_id, &b.currency_code)));
    held
}

fn dispute(state: &State, row: Row, held: Vec<(Row, proto::HeldCommission)>, seen: Seen) -> proto::Dispute {
    let dispute: &Dispute = state.commissions.disputes.get(row);
    let resolution = dispute.resolution(seen);
    proto::Dispute {
        dispute_id: state.commissions.disputes.key(row).to_string(),
        opened_by: dispute.opened_by as i32,
        subject: Some(match dispute.subject {
            DisputeSubject::Lead(row) => Subject::LeadId(state.leads.by_id.key(row).to_string()),
            DisputeSubject::Sale(row) => Subject::SaleId(state.commissions.sales.key(row).to_string()),
            DisputeSubject::Payout(row) => Subject::PayoutId(state.commissions.payouts.key(row).to_string()),
        }),
        claim: dispute.claim.to_string(),
        opened_at: Some(timestamp(dispute.opened.occurred_at)),
        resolved_at: resolution.map(|(time, _, _)| timestamp(time)),
        outcome: resolution.map(|(_, outcome, _)| outcome as i32),
        resolution: resolution.map(|(_, _, found)| found.to_owned()).unwrap_or_default(),
        held: held.into_iter().map(|(_, held)| held).collect(),
        position: dispute.opened.position,
    }
}
