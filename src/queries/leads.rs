//! Leads: who owns one, since when and why, with the whole timeline (rules 5.6).

use super::fitting::Subject as _;
use super::page::PageRequest;
use super::requests::ListRequest as _;
use super::{Reading, StateQuery, SubjectQuery, agreement_seen, lead_seen, partner_seen, words};
use crate::domain::effect::id_or_empty;
use crate::domain::ids::{Id, IdKind};
use crate::domain::leads::ownership::Ownership;
use crate::domain::leads::{DeclinedClaim, Lead, Owner, ProtectionEnd};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::proto::{self, AcquiredBy, LeadState, OwnershipRule, party};
use std::collections::BTreeSet;

/// `GetLead`.
pub struct GetLead {
    lead: Id,
}

/// Items of a lead that are looked at in less than a millisecond.
const FEW_ITEMS: usize = 4_096;

impl SubjectQuery for GetLead {
    fn is_long(state: &State, request: &proto::GetLeadRequest, _: Seen) -> bool {
        let row = Id::new(&request.lead_id).and_then(|id| state.leads.find(&id));
        row.map(|row| state.leads.by_id.get(row)).is_some_and(|lead| lead.items() > FEW_ITEMS || lead.has_many_successions(state))
    }
}

impl StateQuery for GetLead {
    type Request = proto::GetLeadRequest;
    type Answer = proto::GetLeadResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self { lead: fields.id("lead_id", &request.lead_id) }
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let row = lead_seen(view, &self.lead, seen)?;
        Ok(proto::GetLeadResponse { lead: Some(lead(view, row, seen)), position: seen.position })
    }
}

/// `ListLeads`.
pub struct ListLeads {
    agreement: Option<Id>,
    owner: Option<OwnerFilter>,
    state: LeadState,
    match_key: Option<Box<str>>,
    page: PageRequest,
}

/// Whose leads are wanted.
enum OwnerFilter {
    House,
    Partner(Id),
}

impl StateQuery for ListLeads {
    type Request = proto::ListLeadsRequest;
    type Answer = proto::ListLeadsResponse;

    fn parse(request: &Self::Request, fields: &mut Fields) -> Self {
        Self {
            agreement: fields.optional_id("agreement_id", request.agreement_id.as_deref()),
            owner: request.owner.as_ref().map(|party| fields.within("owner", |fields| parse_owner(party, fields))),
            state: fields.enum_or("state", request.state, LeadState::Unspecified),
            match_key: request.match_key.as_deref().map(|key| fields.key("match_key", key)),
            page: request.page(fields),
        }
    }

    fn page(&self) -> Option<&PageRequest> {
        Some(&self.page)
    }

    fn answer(&self, view: &Reading<'_>, seen: Seen) -> Result<Self::Answer, Error> {
        let agreement = self.agreement.as_ref().map(|id| agreement_seen(view, id, seen)).transpose()?;
        let owner = self.owner.as_ref().map(|owner| match owner {
            OwnerFilter::House => Ok(Owner::House),
            OwnerFilter::Partner(id) => partner_seen(view, id, seen).map(Owner::Partner),
        });
        let owner = owner.transpose()?;
        let has_key = |state: &State, row: Row, key: &str| {
            view.shows_keys_of(row, seen) && state.leads.by_id.get(row).match_keys(seen, state).any(|known| known == key)
        };
        let wanted = |state: &State, row: Row| {
            let known = state.leads.by_id.get(row);
            known.is_seen(seen)
                && self.match_key.as_deref().is_none_or(|key| has_key(state, row, key))
                && agreement.is_none_or(|agreement| known.credit_at(seen.time, seen, state) == Some(agreement))
                && (self.state == LeadState::Unspecified || known.state_at(seen.time, seen) == self.state)
                && owner.is_none_or(|owner| known.ownership(seen.time, seen, state).is_some_and(|held| held.owner == owner))
        };
        let items = |state: &State, row| {
            if wanted(state, row) { vec![lead(state, row, seen)] } else { Vec::new() }
        };
        let rows = self.rows(view, agreement, owner, seen);
        let (leads, next_page_token) = self.page.fill_from(view, seen, Some(IdKind::Lead), rows, items)?;
        Ok(proto::ListLeadsResponse { leads, next_page_token, position: seen.position })
    }
}

impl ListLeads {
    /// The leads that the page may show. A partner owns a lead through an agreement that has its credit; the house owns what it
    /// was given, and what an agreement's end passed to it. Those with a match key are few. Where none can be in the state asked for, leads are passed over.
    fn rows<'a>(&self, state: &'a State, agreement: Option<Row>, owner: Option<Owner>, seen: Seen) -> Box<dyn Iterator<Item = Row> + 'a> {
        let (credited, blocks, first, wanted) = (&state.leads.credited, &state.leads.blocks, self.page.first_row(), self.state);
        let may_be = move |row: &Row| blocks.of(*row).is_none_or(|block| block.may_be(wanted, seen));
        if let Some(key) = self.match_key.as_deref() {
            let with_key = state.leads.with_match_key(key).filter(|row| *row >= first);
            return Box::new(with_key.collect::<BTreeSet<_>>().into_iter());
        }
        match (agreement, owner) {
            (Some(agreement), _) => Box::new(credited.of_agreements(state.agreements.with_predecessors(agreement), first).filter(may_be)),
            (None, Some(Owner::Partner(partner))) => {
                Box::new(credited.of_agreements(state.partners.get(partner).agreements.iter().copied(), first).filter(may_be))
            }
            (None, Some(Owner::House)) => {
                let ended = state.agreements.by_id.iter().filter(move |(_, _, agreement)| agreement.end(seen).is_some());
                Box::new(credited.of_house_and(state.agreements.with_all_predecessors(ended.map(|(row, ..)| row)), first).filter(may_be))
            }
            (None, None) => {
                let rows = first..Row::try_from(state.leads.by_id.len()).unwrap_or(Row::MAX);
                Box::new(blocks.rows_within(rows, move |block| block.may_be(wanted, seen)))
            }
        }
    }
}

fn parse_owner(party: &proto::Party, fields: &mut Fields) -> OwnerFilter {
    match &party.party {
        Some(party::Party::House(true)) => OwnerFilter::House,
        Some(party::Party::PartnerId(id)) => OwnerFilter::Partner(fields.id("partner_id", id)),
        Some(party::Party::House(false)) => {
            fields.bad("house", "must be true, or name a partner_id instead");
            OwnerFilter::House
        }
        None => {
            fields.bad("party", "is required: house or partner_id; leave owner out for any");
            OwnerFilter::House
        }
    }
}

/// A lead that is seen, as of the time seen.
fn lead(state: &State, row: Row, seen: Seen) -> proto::Lead {
    let lead = state.leads.by_id.get(row);
    let at = seen.time;
    let ownership = lead.ownership(at, seen, state);
    let lead = proto::Lead {
        lead_id: state.leads.by_id.key(row).to_string(),
        state: lead.state_at(at, seen) as i32,
        acquired_by: lead.acquired_by(at, seen).unwrap_or(AcquiredBy::Unspecified) as i32,
        owner: ownership.map(|ownership| ownership.owner.to_party(state).to_message()),
        agreement_id: agreement_id(ownership.and_then(|ownership| ownership.credit), state),
        since: ownership.map(|ownership| timestamp(ownership.since)),
        decided_at: ownership.map_or(0, |ownership| ownership.decided_at),
        rule: ownership.map_or(OwnershipRule::Unspecified, |ownership| ownership.rule) as i32,
        explanation: ownership.map(|ownership| explanation(lead, &ownership, seen, state)).unwrap_or_default(),
        protected_until: lead.protection_shown(at, seen).map(timestamp),
        aliases: lead.aliases(seen).into_iter().map(ToString::to_string).collect(),
        timeline: lead.timeline(at, seen, state).iter().map(|ownership| line(ownership, state)).collect(),
        declined_claims: lead.declined(seen).map(|claim| declined(claim, state)).collect(),
        match_keys: lead.match_keys(seen, state).map(str::to_owned).collect(),
        entries_left_out: 0,
        facts: ownership.map(|_| facts(lead, seen)),
    };
    lead.fitted()
}

/// What the explanation tells of the protection.
fn facts(lead: &Lead, seen: Seen) -> proto::LeadFacts {
    let lost_at = lead.lost_at(seen.time, seen);
    proto::LeadFacts {
        lost_at: lost_at.map(timestamp),
        is_protected: lead.is_protected(seen.time, seen),
        approval_awaited: lost_at.is_none() && lead.protection_at(seen.time, seen) == Some(ProtectionEnd::AwaitsApproval),
    }
}

fn agreement_id(agreement: Option<Row>, state: &State) -> String {
    id_or_empty(agreement.map(|row| state.agreements.by_id.key(row)))
}

fn line(ownership: &Ownership, state: &State) -> proto::LeadOwnership {
    proto::LeadOwnership {
        from: Some(timestamp(ownership.since)),
        owner: Some(ownership.owner.to_party(state).to_message()),
        agreement_id: agreement_id(ownership.credit, state),
        decided_at: ownership.decided_at,
        rule: ownership.rule as i32,
    }
}

fn declined(claim: &DeclinedClaim, state: &State) -> proto::DeclinedClaim {
    proto::DeclinedClaim {
        position: claim.stamp.position,
        agreement_id: agreement_id(claim.agreement, state),
        occurred_at: Some(timestamp(claim.stamp.occurred_at)),
        held_by: Some(claim.held_by.to_party(state).to_message()),
        protected_until: claim.protected_until.map(timestamp),
        earlier_than_owner: claim.earlier_than_owner,
    }
}

/// Why somebody owns the lead, and how long that is protected, in one sentence (rules 5.6).
fn explanation(lead: &Lead, ownership: &Ownership, seen: Seen, state: &State) -> String {
    let owner = words::owner(ownership.owner, state);
    let why = because(ownership, state);
    let since = words::when(ownership.since);
    let protection = protection(lead, seen);
    words::begun(&format!("{owner} owns the lead since {since} because {why}; {protection}."))
}

/// Why somebody owns a lead: the end of a sentence.
pub(super) fn because(ownership: &Ownership, state: &State) -> String {
    let ended = || format!("agreement {} ended", agreement_id(ownership.credit, state));
    let owner = if ownership.owner == Owner::House { "the house" } else { "it" };
    match ownership.rule {
        OwnershipRule::FirstClaim => format!("{owner} claimed it first"),
        OwnershipRule::HouseLead => "the house referred it first".to_owned(),
        OwnershipRule::ProtectionLapsed => format!("{owner} claimed it after the protection before had lapsed"),
        OwnershipRule::AfterLoss => format!("{owner} claimed it after it had been lost"),
        OwnershipRule::JointAllocation => "the campaign's shares of leads gave it so".to_owned(),
        OwnershipRule::Reassigned => "it was reassigned then".to_owned(),
        OwnershipRule::EndAcquirerKeeps => format!("{}, whose terms leave its leads where they are", ended()),
        OwnershipRule::EndToHouse => format!("{}, whose terms pass its leads to the house", ended()),
        OwnershipRule::EndToPartner => format!("{}, whose terms pass its leads to the partner", ended()),
        OwnershipRule::Succession => format!("agreement {} took the place of the one before", agreement_id(ownership.credit, state)),
        OwnershipRule::Unspecified => "the record says so".to_owned(),
    }
}

fn protection(lead: &Lead, seen: Seen) -> String {
    if let Some(lost) = lead.lost_at(seen.time, seen) {
        return format!("lost on {}, so not protected", words::when(lost));
    }
    match lead.protection_at(seen.time, seen) {
        None | Some(ProtectionEnd::Unlimited) => "protected without limit".to_owned(),
        Some(ProtectionEnd::AwaitsApproval) => "protected while its approval is awaited".to_owned(),
        Some(ProtectionEnd::At(until)) if seen.time < until => format!("protected until {}", words::when(until)),
        Some(ProtectionEnd::At(until)) => format!("no longer protected since {}", words::when(until)),
    }
}
