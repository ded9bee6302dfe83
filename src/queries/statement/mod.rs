//! A partner's statement: every posting to its accounts, in order, with the running net (rules 7.1).
//!
//! The state knows the lines, the journal knows what they are about: a page is collected from a view, then its records are
//! read.

mod merge;

use super::page::{PageRequest, Place};
use super::requests::ListRequest as _;
use super::source::records_at;
use super::{Query, Reading, Source, Unreadable, agreement_seen, asked, lead_seen, partner_seen, sale_seen};
use crate::domain::account::{Entry, Wanted};
use crate::domain::calendar::Time;
use crate::domain::ids::Id;
use crate::domain::money::{Currency, saturating_i64};
use crate::domain::parse::{Fields, timestamp};
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::ledger::Error;
use crate::projections::index::{Found, Index, List, Matching};
use crate::proto::{self, EntryKind, effect::Effect, event::Body};
use merge::{Asked, Merge, place_of};
use std::collections::BTreeMap;

/// Positions that are looked for in the index at a time.
const POSITIONS_AT_A_TIME: usize = 1_024;
/// Steps in the index at a time.
const STEPS_AT_A_TIME: usize = 65_536;
/// The most kinds that a request may name: all of them, and some twice.
const MAX_KINDS: usize = 100;

/// `ListEntries`.
pub struct ListEntries {
    partner: Id,
    currency: Option<Currency>,
    agreement: Option<Id>,
    lead: Option<Id>,
    sale: Option<Id>,
    wanted: Wanted,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListEntries {
    type Request = proto::ListEntriesRequest;
    type Answer = proto::ListEntriesResponse;

    fn ask(source: &impl Source, request: &Self::Request) -> Result<Self::Answer, Error> {
        let (question, seen) = asked(source, request, Self::parse, |question| Some(&question.page))?;
        let selection = question.select(&source.view(seen), seen)?;
        question.answer(
            seen,
            &selection,
            |from, limit| {
                let among = source.index(|index| selection.among(index, seen, from));
                let view = source.view(seen);
                question.lines(&Reading::new(&view, source.cancellation()), seen, &selection, among.as_ref(), from, limit)
            },
            |positions| records_at(source, positions),
        )
    }
}

impl ListEntries {
    /// The question of a request; bad fields go to `fields`.
    pub fn parse(request: &proto::ListEntriesRequest, fields: &mut Fields) -> Self {
        Self {
            partner: fields.id("partner_id", &request.partner_id),
            currency: request.currency_code.as_ref().and_then(|code| fields.currency("currency_code", code)),
            agreement: fields.optional_id("agreement_id", request.agreement_id.as_deref()),
            lead: fields.optional_id("lead_id", request.lead_id.as_deref()),
            sale: fields.optional_id("sale_id", request.sale_id.as_deref()),
            wanted: wanted(request, fields),
            page: request.page(fields),
        }
    }

    /// Returns what the question's ids select.
    ///
    /// # Errors
    /// `UnknownId` for what no record seen has introduced.
    pub fn select(&self, state: &State, seen: Seen) -> Result<Selection, Rejection> {
        let partner = partner_seen(state, &self.partner, seen)?;
        let agreement = self.agreement.as_ref().map(|id| agreement_seen(state, id, seen)).transpose()?;
        let lead = self.lead.as_ref().map(|id| lead_seen(state, id, seen)).transpose()?;
        let sale = self.sale.as_ref().map(|id| sale_seen(state, id, seen)).transpose()?;
        Ok(Selection {
            partner,
            agreement,
            lead,
            agreement_id: agreement.map(|row| state.agreements.by_id.key(row).to_string()),
            lead_id: lead.map(|row| state.leads.by_id.key(row).to_string()),
            sale_id: sale.map(|row| state.commissions.sales.key(row).to_string()),
            sale_positions: sale.map(|row| positions_of_sale(state, row)),
        })
    }

    /// The next lines from a place on, at most `limit`, and where to look on; what is about something else than the
    /// ids say may be among them. If they stand at some positions only, `among` has the first of these.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn lines(
        &self,
        view: &Reading<'_>,
        seen: Seen,
        selection: &Selection,
        among: Option<&Found>,
        from: Place,
        limit: usize,
    ) -> Result<Lines, Error> {
        view.check()?;
        let asked = Asked { currency: self.currency, wanted: &self.wanted, seen };
        let mut merge = Merge::from(view, selection.partner, asked, from);
        let mut lines = Vec::new();
        let Some(Found { positions, left }) = among else {
            let next = lines_until(view, &mut merge, (u64::MAX, 0), limit, &mut lines)?;
            return Ok(Lines { lines, next });
        };
        for position in positions.iter().copied().filter(|position| from.0 <= *position) {
            let reached = merge.place();
            if reached.is_none_or(|(reached, _)| position < reached) {
                continue;
            }
            merge.skip_to(from.max((position, 0)));
            if let Some(next) = lines_until(view, &mut merge, (position + 1, 0), limit, &mut lines)? {
                return Ok(Lines { lines, next: Some(next) });
            }
        }
        let next = merge.place().map(|(reached, _)| (left.start.max(reached), 0)).filter(|(next, _)| left.contains(next));
        Ok(Lines { lines, next })
    }

    /// The page: lines from `lines_from`, which looks at the state, with what they are about from `records_at`, which
    /// reads the journal. Neither is called while the other works.
    ///
    /// # Errors
    /// Those of `lines_from` and `records_at`, and `Unreadable` if a record does not have what was posted.
    pub fn answer<E: From<Unreadable>>(
        &self,
        seen: Seen,
        selection: &Selection,
        mut lines_from: impl FnMut(Place, usize) -> Result<Lines, E>,
        mut records_at: impl FnMut(&[u64]) -> Result<BTreeMap<u64, proto::Record>, E>,
    ) -> Result<proto::ListEntriesResponse, E> {
        let mut entries = Vec::new();
        let mut from = Some(self.page.place());
        let mut next = None;
        while let (Some(place), None) = (from, next) {
            let found = lines_from(place, self.page.size + 1 - entries.len())?;
            let mut positions: Vec<u64> = found.lines.iter().map(|line| line.place.0).collect();
            positions.dedup();
            let records = records_at(&positions)?;
            for line in found.lines {
                let entry = records.get(&line.place.0).and_then(|record| line.entry(record));
                let entry = entry.ok_or(Unreadable { position: line.place.0 })?;
                if !selection.is_of(&entry) {
                    continue;
                }
                if entries.len() == self.page.size {
                    next = Some(line.place);
                    break;
                }
                entries.push(entry);
            }
            from = found.next;
        }
        Ok(proto::ListEntriesResponse { entries, next_page_token: self.page.token(next, seen), position: seen.position })
    }
}

/// What is wanted of the entries, whatever they are about.
fn wanted(request: &proto::ListEntriesRequest, fields: &mut Fields) -> Wanted {
    let kinds: Vec<EntryKind> = fields.each("kinds", &request.kinds, MAX_KINDS, |fields, kind| fields.enum_value("", *kind));
    let effective_from = fields.optional_time("effective_from", request.effective_from.as_ref());
    let effective_to = fields.optional_time("effective_to", request.effective_to.as_ref());
    Wanted::new(&kinds, effective_from, effective_to)
}

/// Adds the lines before a place; if there are more than `limit`, it returns where to look on.
fn lines_until(view: &Reading<'_>, merge: &mut Merge<'_>, end: Place, limit: usize, lines: &mut Vec<Line>) -> Result<Option<Place>, Error> {
    let asked = merge.asked();
    while let Some((entry, head)) = merge.next(end) {
        view.check()?;
        if lines.len() == limit {
            return Ok(Some(place_of(&entry)));
        }
        if asked.has(&entry) {
            let net_after = saturating_i64(head.net(asked.seen));
            lines.push(Line::new(&entry, head.currency, net_after, view));
        }
        head.advance(asked);
    }
    Ok(None)
}

/// What a question selects of the statement: its ids, and the rows that they name.
pub struct Selection {
    partner: Row,
    agreement: Option<Row>,
    lead: Option<Row>,
    agreement_id: Option<String>,
    lead_id: Option<String>,
    sale_id: Option<String>,
    sale_positions: Option<Vec<u64>>,
}

impl Selection {
    /// The first positions from a place on where lines can be, if the ids say so.
    pub fn among(&self, index: &Index, seen: Seen, from: Place) -> Option<Found> {
        let left = from.0..seen.position + 1;
        if let Some(positions) = &self.sale_positions {
            let positions = positions.iter().copied().filter(|position| left.contains(position)).collect();
            return Some(Found { positions, left: 0..0 });
        }
        let lists = [self.agreement.map(List::Agreement), self.lead.map(List::Lead)];
        let parts: Vec<_> = lists.into_iter().flatten().map(|list| vec![list]).collect();
        let matching = Matching { parts, ..Matching::default() };
        (!matching.parts.is_empty()).then(|| index.find(&matching, left, POSITIONS_AT_A_TIME, STEPS_AT_A_TIME))
    }

    fn is_of(&self, entry: &proto::Entry) -> bool {
        let matches = |wanted: &Option<String>, id: &Option<String>| wanted.is_none() || wanted == id;
        matches(&self.agreement_id, &entry.agreement_id) && matches(&self.lead_id, &entry.lead_id) && matches(&self.sale_id, &entry.sale_id)
    }
}

/// The records that posted something about a sale, rising.
fn positions_of_sale(state: &State, row: Row) -> Vec<u64> {
    let sale = state.commissions.sales.get(row);
    let refunds = sale.refunds().iter().map(|row| state.commissions.refunds.get(*row));
    let refunds =
        refunds.flat_map(|refund| std::iter::once(refund.stamp().position).chain(refund.reinstated().map(|stamp| stamp.position)));
    let entries =
        state.parts(row).flat_map(|part| part.earning.entries()).map(|(account, place)| state.accounts.get(account).entry(place).position);
    let own = std::iter::once(sale.stamp()).chain(sale.voided()).map(|stamp| stamp.position);
    let mut positions: Vec<u64> = own.chain(refunds).chain(entries).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// Lines of a statement, and where to look on.
pub struct Lines {
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// The first place that was not looked at; `None` at the end.
    pub next: Option<Place>,
}

/// A line as the state knows it.
pub struct Line {
    place: Place,
    kind: EntryKind,
    currency: Currency,
    amount: i64,
    net_after: i64,
    effective_at: Time,
    available_at: Option<Time>,
    /// The line of the sale, and of an override how many levels above.
    of_sale: Option<Id>,
    level: Option<u32>,
}

impl Line {
    fn new(entry: &Entry, currency: Currency, net_after: i64, state: &State) -> Self {
        Self {
            place: place_of(entry),
            kind: entry.kind,
            currency,
            amount: -entry.amount,
            net_after,
            effective_at: entry.effective_at,
            available_at: entry.available_at,
            of_sale: state.line_of(entry.about).cloned(),
            level: state.level_of(entry.about),
        }
    }

    /// The line with what its record says; `None` if the record has no such posting, which is damage.
    fn entry(&self, record: &proto::Record) -> Option<proto::Entry> {
        let event = record.event.as_ref()?;
        let Some(Effect::Posting(posting)) = &record.effects.get(usize::try_from(self.place.1).ok()?)?.effect else { return None };
        Some(proto::Entry {
            position: self.place.0,
            occurred_at: event.occurred_at,
            recorded_at: record.recorded_at,
            kind: self.kind as i32,
            currency_code: self.currency.to_string(),
            amount: self.amount,
            net_after: self.net_after,
            effective_at: Some(timestamp(self.effective_at)),
            available_at: self.available_at.map(timestamp),
            agreement_id: posting.agreement_id.clone(),
            lead_id: posting.lead_id.clone(),
            sale_id: posting.sale_id.clone(),
            campaign_id: posting.campaign_id.clone(),
            reference: reference(event.body.as_ref()?, posting),
            awaits_customer_payment: posting.awaits_customer_payment,
            line_id: self.of_sale.as_ref().map(ToString::to_string),
            level: self.level,
        })
    }
}

/// The business id of the fact; of what has none, a qualification or a reassignment, the sale or lead.
fn reference(body: &Body, posting: &proto::Posting) -> String {
    match body {
        Body::SaleRecorded(sale) => sale.sale_id.clone(),
        Body::SaleRefunded(refund) => refund.refund_id.clone(),
        Body::SaleReinstated(reinstated) => reinstated.reinstatement_id.clone(),
        Body::CustomerPaymentReceived(received) => received.receipt_id.clone(),
        Body::CommissionAdjusted(adjusted) => adjusted.adjustment_id.clone(),
        Body::CommissionPaid(paid) => paid.payout_id.clone(),
        Body::PayoutInitiated(sent) => sent.payout_id.clone(),
        Body::PayoutFailed(failed) => failed.payout_id.clone(),
        Body::PayoutReturned(returned) => returned.return_id.clone(),
        Body::PaymentReceived(received) => received.payment_id.clone(),
        Body::CostIncurred(cost) => cost.cost_id.clone(),
        Body::ProfitDistributed(distributed) => distributed.distribution_id.clone(),
        _ => posting.sale_id.as_ref().or(posting.lead_id.as_ref()).cloned().unwrap_or_default(),
    }
}
