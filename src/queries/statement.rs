//! A partner's statement: every posting to its accounts, in order, with the running net (rules 7.1).
//!
//! The state knows the lines, the journal knows what they are about: a page is collected from a view, then its records are
//! read.

use super::page::{PageRequest, Place};
use super::requests::ListRequest as _;
use super::source::records_at;
use super::{Query, Reading, Source, Unreadable, agreement_seen, asked, lead_seen, partner_seen, sale_seen};
use crate::domain::account::{Account, Entry};
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
use std::collections::{BTreeMap, VecDeque};

/// Positions that are looked for in the index at a time.
const POSITIONS_AT_A_TIME: usize = 1_024;
/// Steps in the index at a time.
const STEPS_AT_A_TIME: usize = 65_536;
/// Entries that are read at a time.
const ENTRIES_AHEAD: usize = 64;
/// The most kinds that a request may name: all of them, and some twice.
const MAX_KINDS: usize = 100;

/// `ListEntries`.
pub struct ListEntries {
    partner: Id,
    currency: Option<Currency>,
    agreement: Option<Id>,
    lead: Option<Id>,
    sale: Option<Id>,
    kinds: Vec<EntryKind>,
    effective_from: Option<Time>,
    effective_to: Option<Time>,
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
            kinds: fields.each("kinds", &request.kinds, MAX_KINDS, |fields, kind| fields.enum_value("", *kind)),
            effective_from: fields.optional_time("effective_from", request.effective_from.as_ref()),
            effective_to: fields.optional_time("effective_to", request.effective_to.as_ref()),
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
        let mut merge = Merge { state: view, heads: heads(view, selection.partner, seen, from), seen };
        let mut lines = Vec::new();
        let Some(Found { positions, left }) = among else {
            let next = self.lines_until(view, &mut merge, (u64::MAX, 0), limit, &mut lines)?;
            return Ok(Lines { lines, next });
        };
        for position in positions.iter().copied().filter(|position| from.0 <= *position) {
            merge.skip_to(from.max((position, 0)));
            if let Some(next) = self.lines_until(view, &mut merge, (position + 1, 0), limit, &mut lines)? {
                return Ok(Lines { lines, next: Some(next) });
            }
        }
        Ok(Lines { lines, next: (!left.is_empty()).then_some((left.start, 0)) })
    }

    /// Adds the lines before a place; if there are more than `limit`, it returns where to look on.
    fn lines_until(
        &self,
        view: &Reading<'_>,
        merge: &mut Merge<'_>,
        end: Place,
        limit: usize,
        lines: &mut Vec<Line>,
    ) -> Result<Option<Place>, Error> {
        let seen = merge.seen;
        while let Some((entry, head)) = merge.next(end) {
            view.check()?;
            if lines.len() == limit {
                return Ok(Some(place_of(&entry)));
            }
            if head.count(&entry, seen) && self.wants(&entry, head.currency) {
                lines.push(Line::new(&entry, head));
            }
            head.advance(view.accounts.get(head.account));
        }
        Ok(None)
    }

    fn wants(&self, entry: &Entry, currency: Currency) -> bool {
        self.currency.is_none_or(|wanted| currency == wanted)
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && self.effective_from.is_none_or(|from| from <= entry.effective_at)
            && self.effective_to.is_none_or(|to| entry.effective_at < to)
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
    let entries = sale.entries().map(|(account, place)| state.accounts.get(account).entry(place).position);
    let mut positions: Vec<u64> = std::iter::once(sale.stamp().position).chain(refunds).chain(entries).collect();
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
}

impl Line {
    fn new(entry: &Entry, head: &Head) -> Self {
        Self {
            place: place_of(entry),
            kind: entry.kind,
            currency: head.currency,
            amount: -entry.amount,
            net_after: saturating_i64(head.net),
            effective_at: entry.effective_at,
            available_at: entry.available_at,
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
        })
    }
}

/// The business id of the fact; of what has none, a qualification or a reassignment, the sale or lead.
fn reference(body: &Body, posting: &proto::Posting) -> String {
    match body {
        Body::SaleRecorded(sale) => sale.sale_id.clone(),
        Body::SaleRefunded(refund) => refund.refund_id.clone(),
        Body::SaleReinstated(reinstated) => reinstated.reinstatement_id.clone(),
        Body::CommissionAdjusted(adjusted) => adjusted.adjustment_id.clone(),
        Body::CommissionPaid(paid) => paid.payout_id.clone(),
        Body::PayoutReturned(returned) => returned.return_id.clone(),
        Body::PaymentReceived(received) => received.payment_id.clone(),
        Body::CostIncurred(cost) => cost.cost_id.clone(),
        Body::ProfitDistributed(distributed) => distributed.distribution_id.clone(),
        _ => posting.sale_id.as_ref().or(posting.lead_id.as_ref()).cloned().unwrap_or_default(),
    }
}

/// The entries of a partner's accounts, merged in order.
struct Merge<'a> {
    state: &'a State,
    heads: Vec<Head>,
    seen: Seen,
}

impl Merge<'_> {
    /// The next entry that stands before a place, and the account that it stands in.
    fn next(&mut self, end: Place) -> Option<(Entry, &mut Head)> {
        let heads = self.heads.iter_mut().filter_map(|head| Some((head.entry()?, head)));
        heads.filter(|(entry, _)| place_of(entry) < end).min_by_key(|(entry, _)| place_of(entry))
    }

    /// Leaves out what stands before a place: whole blocks of it are added to the net as sums.
    fn skip_to(&mut self, place: Place) {
        let behind = self.heads.iter_mut().filter(|head| head.next().is_some_and(|next| next < place));
        behind.for_each(|head| head.skip_to(self.state.accounts.get(head.account), place, self.seen));
    }
}

/// How far the merge has come in one account.
struct Head {
    account: Row,
    currency: Currency,
    at: usize,
    end: usize,
    /// The entry it stands at, and some that follow: they are read many at a time.
    ahead: VecDeque<Entry>,
    /// The net of what is seen before it.
    net: i128,
}

impl Head {
    /// Adds an entry to the net if it is effective by the time seen; returns whether it is.
    fn count(&mut self, entry: &Entry, seen: Seen) -> bool {
        let counts = entry.effective_at <= seen.time;
        if counts {
            self.net -= i128::from(entry.amount);
        }
        counts
    }

    fn advance(&mut self, account: &Account) {
        self.at += 1;
        self.ahead.pop_front();
        self.read(account);
    }

    fn skip_to(&mut self, account: &Account, place: Place, seen: Seen) {
        let at = account.partition_point(|entry| place_of(entry) < place).min(self.end);
        self.net -= account.sums_between(self.at..at, seen).balance();
        self.at = at;
        self.ahead.clear();
        self.read(account);
    }

    fn read(&mut self, account: &Account) {
        if self.ahead.is_empty() {
            self.ahead.extend(account.entries_from(self.at).take(ENTRIES_AHEAD.min(self.end - self.at)));
        }
    }

    fn entry(&self) -> Option<Entry> {
        self.ahead.front().copied()
    }

    /// The place of the entry it stands at.
    fn next(&self) -> Option<Place> {
        self.ahead.front().map(place_of)
    }
}

fn heads(state: &State, partner: Row, seen: Seen, from: Place) -> Vec<Head> {
    let head = |row: &Row| {
        let account = state.accounts.get(*row);
        let end = account.entries_until(seen.position);
        let mut head = Head { account: *row, currency: state.accounts.key(*row).1, at: 0, end, ahead: VecDeque::new(), net: 0 };
        head.skip_to(account, from, seen);
        head
    };
    state.partners.get(partner).accounts.iter().map(head).collect()
}

fn place_of(entry: &Entry) -> Place {
    (entry.position, u64::from(entry.effect))
}
