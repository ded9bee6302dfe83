//! How a record changes the figures: worked out while the state is at hand, applied once the record is durable.

use super::fact::{Change, Fact, Scope, Value, campaign_of_sale, counts_later, earns_in, origin_at, scopes_of_sale};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::commissions::holdings::HOUSE;
use crate::domain::effect::{Effect, Posting};
use crate::domain::ids::{Id, IdKind};
use crate::domain::leads::{Lead, Origin};
use crate::domain::table::Row;
use crate::domain::{Body, Record, Seen, Stamp, State};
use crate::proto::EntryKind;
use smallvec::{SmallVec, smallvec};

/// How a record changes the figures of one scope.
#[derive(Clone, Debug)]
pub enum Update {
    /// A fact of a scope with its value; one that the state does not have is kept whole.
    Fact(Scope, Option<Fact>, Value),
    /// A lead that the scope had before was referred, or qualified, again.
    Repeat(Scope, Repeat),
    /// The scope takes part in a new campaign.
    TakesPart(Scope, Row),
    /// From a position on, the deal of a lead is looked up whenever the scope is asked: one of its sales was voided.
    LookUpDeal(Scope, Row, u64),
}

/// A second referral or qualification of a lead in a scope, which counts where the first does not.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// What would be counted.
    pub what: Change,
    /// The lead.
    pub lead: Row,
    /// When, and by which record.
    pub stamp: Stamp,
    /// When the first happened, in the order of recording.
    pub first_at: Time,
}

/// Returns how a record changes the figures. The record must be the last one that the state has evolved.
pub fn updates(record: &Record, state: &State) -> Vec<Update> {
    let mut updates = Vec::new();
    let stamp = Stamp { occurred_at: record.event.occurred_at, position: record.position };
    match &record.event.body {
        Body::LeadReferred(_) => referred(record, state, &mut updates),
        Body::LeadQualified(_) => qualified(named(record, IdKind::Lead, |id| state.leads.find(id)), stamp, state, &mut updates),
        Body::SaleRecorded(_) => sold(last_row(state.commissions.sales.len()), state, &mut updates),
        Body::SaleRefunded(_) => {
            let row = last_row(state.commissions.refunds.len());
            refunded(row, Fact::Refunded(row), state, &mut updates);
        }
        Body::SaleReinstated(_) => {
            let row = named(record, IdKind::Refund, |id| state.commissions.refunds.find(id));
            refunded(row, Fact::Reinstated(row), state, &mut updates);
        }
        Body::SaleVoided(_) => {
            let row = named(record, IdKind::Sale, |id| state.commissions.sales.find(id));
            voided(row, record, stamp, state, &mut updates);
        }
        Body::LeadReassigned(_) => moved(record, stamp, state, &mut updates),
        Body::CostIncurred(_) => costs(record, stamp, state, &mut updates),
        Body::CampaignPlanned(_) => {
            let row = last_row(state.campaigns.by_id.len());
            updates.extend(taking_part(row, state).into_iter().map(|scope| Update::TakesPart(scope, row)));
        }
        _ => {}
    }
    updates
}

fn last_row(rows: usize) -> Row {
    Row::try_from(rows - 1).expect("a table holds fewer than 2^32 rows")
}

/// The row that a record names; its ids were known when it was decided.
fn named(record: &Record, kind: IdKind, find: impl Fn(&Id) -> Option<Row>) -> Row {
    let named = record.event.body.refers_to().into_iter().find(|(known, _)| *known == kind);
    named.and_then(|(_, id)| find(id)).expect("an evolved record names what is known")
}

fn referred(record: &Record, state: &State, updates: &mut Vec<Update>) {
    let set = record.effects.iter().find_map(|effect| match effect {
        Effect::LeadOwnerSet { lead, .. } => state.leads.find(lead),
        _ => None,
    });
    // A claim that was declined is no lead.
    let Some(row) = set else { return };
    let lead = state.leads.by_id.get(row);
    let mut claims = lead.decisions(Seen::ALL).filter(|decision| decision.acquired_by.is_some());
    let claim = claims.next_back().expect("the claim that was recorded last");
    let earlier: SmallVec<[(Time, Origin); 2]> = claims.map(|claim| (claim.stamp().occurred_at, claim.origin)).collect();
    let fact = earlier.is_empty().then_some(Fact::Introduced(row));
    for scope in Scope::of(claim.origin, state) {
        match first_in(scope, &earlier, state) {
            None => updates.push(Update::Fact(scope, fact, Value::new(claim.stamp(), Change::Lead))),
            Some(first_at) => {
                updates.push(Update::Repeat(scope, Repeat { what: Change::Lead, lead: row, stamp: claim.stamp(), first_at }));
            }
        }
    }
}

fn qualified(row: Row, stamp: Stamp, state: &State, updates: &mut Vec<Update>) {
    let lead = state.leads.by_id.get(row);
    let mut all = lead.qualifications(Seen::ALL);
    let last = all.next_back().expect("the qualification that was recorded last");
    let earlier: SmallVec<[(Time, Origin); 2]> = all.map(|known| (known.stamp.occurred_at, origin_at(lead, known.stamp, state))).collect();
    let fact = earlier.is_empty().then_some(Fact::Qualified(row));
    for scope in Scope::of(origin_at(lead, stamp, state), state) {
        let first = first_in(scope, &earlier, state);
        updates.push(Update::Fact(scope, fact, Value::of_qualification(lead, &last, first.is_none(), state)));
        if let Some(first_at) = first {
            updates.push(Update::Repeat(scope, Repeat { what: Change::Qualified, lead: row, stamp, first_at }));
        }
    }
}

/// When the first of what was recorded before counted in a scope.
fn first_in(scope: Scope, earlier: &[(Time, Origin)], state: &State) -> Option<Time> {
    earlier.iter().find(|(_, origin)| scope.covers(*origin, state)).map(|(at, _)| *at)
}

fn sold(row: Row, state: &State, updates: &mut Vec<Update>) {
    let sale = state.commissions.sales.get(row);
    if let Some(lead) = sale.lead().filter(|lead| state.leads.by_id.get(*lead).voids_since().is_some()) {
        add_to(&scopes_of_sale(row, state), Fact::Sold(row), state, updates);
        look_up_deal(lead, row, sale.stamp().position, state, updates);
        return;
    }
    let before = sale.lead().map(|lead| first_before(lead, row, state));
    let is_first = before.is_some_and(|before| before.is_none_or(|known| sale.stamp() < state.commissions.sales.get(known).stamp()));
    let fact = if is_first { Fact::FirstSold(row) } else { Fact::Sold(row) };
    add_to(&scopes_of_sale(row, state), fact, state, updates);
    // A sale told late that was earlier: the one that was the first is so no more.
    if let (true, Some(Some(known))) = (is_first, before) {
        no_longer_first(known, sale.stamp().position, state, updates);
    }
}

/// Takes back the deal of a sale that was its lead's first, from a position on.
fn no_longer_first(row: Row, position: u64, state: &State, updates: &mut Vec<Update>) {
    let sale = state.commissions.sales.get(row);
    let stamp = Stamp { occurred_at: sale.stamp().occurred_at, position };
    let value = Value::new(stamp, Change::Deals(sale.amount().currency, -1));
    let scopes = scopes_of_sale(row, state).into_iter().filter(|scope| earns_in(row, *scope, state));
    updates.extend(scopes.map(|scope| Update::Fact(scope, None, value.clone())));
}

/// Has the deal of a lead looked up in all scopes in which a sale of it is earned.
fn look_up_deal(lead: Row, sale: Row, position: u64, state: &State, updates: &mut Vec<Update>) {
    let scopes = scopes_of_sale(sale, state).into_iter().filter(|scope| earns_in(sale, *scope, state));
    updates.extend(scopes.map(|scope| Update::LookUpDeal(scope, lead, position)));
}

/// A void, or what makes a sale count as one: from now on the deal of its lead depends on whether that is seen (rules 16.2).
fn void_seen(row: Row, position: u64, state: &State, updates: &mut Vec<Update>) {
    let Some(lead) = state.commissions.sales.get(row).lead() else { return };
    if state.leads.by_id.get(lead).voids_since() != Some(position) {
        return;
    }
    let sales: Vec<Row> = state.leads.by_id.get(lead).sales(state).collect();
    let first = sales.iter().min_by_key(|row| state.commissions.sales.get(**row).stamp());
    first.into_iter().for_each(|first| no_longer_first(*first, position, state, updates));
    sales.iter().for_each(|sale| look_up_deal(lead, *sale, position, state, updates));
}

/// What was left of a voided sale is taken back when that happened, and its commission by the postings (rules 16.2).
fn voided(row: Row, record: &Record, stamp: Stamp, state: &State, updates: &mut Vec<Update>) {
    for scope in scopes_of_sale(row, state) {
        let value = Value::of_void(row, stamp, scope, state);
        if !value.changes.is_empty() {
            updates.push(Update::Fact(scope, None, value));
        }
    }
    let campaign = campaign_of_sale(state.commissions.sales.get(row), state);
    for posting in postings(record).filter(|posting| posting.account.is_partner() && posting.kind == EntryKind::Reversal) {
        let agreement = posting.subject.agreement.as_ref().and_then(|id| state.agreements.by_id.find(id));
        let change = Change::Commission(posting.amount.currency, -posting.amount.minor_units);
        keep(Origin { agreement, campaign }, stamp, posting.effective_at, change, state, updates);
    }
    void_seen(row, stamp.position, state, updates);
}

/// The first of a lead's sales before this one was recorded.
fn first_before(lead: Row, sale: Row, state: &State) -> Option<Row> {
    let sales = &state.commissions.sales;
    let mut known = state.leads.by_id.get(lead).sales(state).filter(|row| *row != sale);
    let first_told = known.next()?;
    // Mostly sales are told in order; only one that comes late needs to be compared with all.
    if sales.get(first_told).stamp() < sales.get(sale).stamp() {
        return Some(first_told);
    }
    known.chain([first_told]).min_by_key(|row| sales.get(*row).stamp())
}

/// A refund counts where the sale does, and where its commission was taken from.
fn refunded(row: Row, fact: Fact, state: &State, updates: &mut Vec<Update>) {
    let refund = state.commissions.refunds.get(row);
    let mut scopes = scopes_of_sale(refund.sale, state);
    for part in refund.taken.iter().filter(|part| (part.agreement as usize) < state.agreements.by_id.len()) {
        let holder = Origin { agreement: Some(part.agreement), campaign: None };
        for scope in Scope::of(holder, state) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    add_to(&scopes, fact, state, updates);
    let (stamp, sign) = match fact {
        Fact::Reinstated(_) => (refund.reinstated().expect("noted when it was reinstated"), 1),
        _ => (refund.stamp(), -1),
    };
    let campaign = campaign_of_sale(state.commissions.sales.get(refund.sale), state);
    for part in refund.taken.iter().filter(|part| part.partner != HOUSE) {
        if let Some(effective_at) = counts_later(part, refund.sale, stamp, state) {
            let change = Change::Commission(part.currency, -sign * part.amount);
            keep(Origin { agreement: Some(part.agreement), campaign }, stamp, effective_at, change, state, updates);
        }
    }
    void_seen(refund.sale, stamp.position, state, updates);
}

fn add_to(scopes: &[Scope], fact: Fact, state: &State, updates: &mut Vec<Update>) {
    for &scope in scopes {
        let value = Value::of(fact, scope, state).expect("the state has the fact");
        updates.push(Update::Fact(scope, Some(fact), value));
    }
}

/// Commission that a reassignment moved along, by the postings.
fn moved(record: &Record, stamp: Stamp, state: &State, updates: &mut Vec<Update>) {
    let lead = state.leads.by_id.get(named(record, IdKind::Lead, |id| state.leads.find(id)));
    let mut moved = rewards_moved(lead, record.position);
    let mut rewarded = None;
    let postings = postings(record).filter(|posting| posting.account.is_partner() && posting.kind == EntryKind::Transfer);
    for posting in postings {
        let subject = &posting.subject;
        let sale = subject.sale.as_ref().and_then(|id| state.commissions.sales.by_key(id));
        let campaign = match sale {
            Some(sale) => campaign_of_sale(sale, state),
            None => {
                // Each reward is posted out, then in.
                if posting.amount.minor_units > 0 {
                    rewarded = moved.next();
                }
                rewarded.and_then(|stamp| origin_at(lead, stamp, state).campaign)
            }
        };
        let agreement = subject.agreement.as_ref().and_then(|id| state.agreements.by_id.find(id));
        let change = Change::Commission(posting.amount.currency, -posting.amount.minor_units);
        keep(Origin { agreement, campaign }, stamp, posting.effective_at, change, state, updates);
    }
}

/// The qualifications whose rewards a record moved, in the order of its postings.
fn rewards_moved(lead: &Lead, position: u64) -> impl Iterator<Item = Stamp> {
    let moved = lead.holdings().into_all().filter(move |holding| holding.position == position);
    moved.filter_map(|holding| lead.qualifications(Seen::ALL).map(|known| known.stamp).find(|stamp| stamp.position == holding.source))
}

fn keep(origin: Origin, stamp: Stamp, effective_at: Time, change: Change, state: &State, updates: &mut Vec<Update>) {
    for scope in Scope::of(origin, state) {
        updates.push(Update::Fact(scope, None, Value { stamp, effective_at, changes: smallvec![change] }));
    }
}

/// The house's share of a campaign's cost counts for the campaign and for everybody who takes part in it.
fn costs(record: &Record, stamp: Stamp, state: &State, updates: &mut Vec<Update>) {
    for posting in postings(record).filter(|posting| posting.account == AccountName::HouseCampaigns) {
        let Some(campaign) = posting.subject.campaign.as_ref().and_then(|id| state.campaigns.by_id.find(id)) else { continue };
        let value = Value {
            stamp,
            effective_at: posting.effective_at,
            changes: smallvec![Change::Cost(posting.amount.currency, posting.amount.minor_units)],
        };
        let mut scopes = taking_part(campaign, state);
        scopes.extend([Scope::All, Scope::Campaign(campaign)]);
        updates.extend(scopes.into_iter().map(|scope| Update::Fact(scope, None, value.clone())));
    }
}

/// The agreements and partners that take part in a campaign, each once.
fn taking_part(campaign: Row, state: &State) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for row in state.campaigns.by_id.get(campaign).participants.iter().filter_map(|participant| participant.agreement) {
        for scope in [Scope::Agreement(row), Scope::Partner(state.agreements.by_id.get(row).partner)] {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    scopes
}

fn postings(record: &Record) -> impl Iterator<Item = &Posting> {
    record.effects.iter().filter_map(|effect| match effect {
        Effect::Posting(posting) => Some(posting),
        _ => None,
    })
}
