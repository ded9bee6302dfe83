//! A partner's statement of a month as it was read: everything at one position.

use super::period::{Period, timestamp};
use super::zone::Why;
use crate::cli::client::{AuditClient, PartnershipClient, Session};
use crate::cli::failure::Failure;
use crate::cli::listing::{PAGE_SIZE, each_page};
use crate::cli::text;
use chrono::{DateTime, TimeDelta, Utc};
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::{
    Balance, Close, Dispute, Entry, GetBalanceRequest, GetPartnerRequest, ListDisputesRequest, ListEntriesRequest, ListPayablesRequest,
    Payable, PeriodClosed, Posting, ReadOptions, ReadRecordsRequest, Record, RecordFilter, WhoAmIRequest,
};
use prost_types::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use tonic::Code;

/// How far back pending entries are searched first, before all entries are: holds are rarely longer than a year.
const USUAL_HOLDS: [TimeDelta; 2] = [TimeDelta::days(70), TimeDelta::days(400)];

/// A statement of a month.
pub struct MonthStatement {
    /// Whose it is.
    pub partner_id: String,
    /// The partner's name at the month's end.
    pub partner_name: String,
    /// The month.
    pub period: Period,
    /// Why it is a month of its time zone.
    pub why_zone: Why,
    /// How final it is.
    pub standing: Standing,
    /// The only currency that is wanted; `None` for all.
    pub only_currency: Option<String>,
    /// A part per currency that has moved, by code.
    pub parts: Vec<Part>,
    /// The disputes that are open at the month's end and concern the partner.
    pub disputes: Vec<Dispute>,
    /// The position that all of it was read at.
    pub position: u64,
}

impl MonthStatement {
    /// Leaves out what is in other currencies, with the disputes that hold amounts in those alone.
    pub fn keep_only(&mut self, currency_code: String) {
        self.parts.retain(|part| part.currency_code == currency_code);
        self.disputes.retain(|dispute| dispute.held.is_empty() || dispute.held.iter().any(|held| held.currency_code == currency_code));
        self.only_currency = Some(currency_code);
    }
}

/// How final a statement is.
pub enum Standing {
    /// The month is not over.
    Running,
    /// The month is over; facts of it may still be recorded late.
    Open,
    /// The month is closed: late facts count later.
    Closed {
        /// Before which instant everything is closed.
        through: Timestamp,
        /// The record that closed it.
        position: u64,
    },
}

/// What moved in a currency.
pub struct Part {
    /// The currency.
    pub currency_code: String,
    /// The net before the month, in minor units.
    pub opening: i64,
    /// What moved, in the order of taking effect.
    pub lines: Vec<Line>,
    /// The balance at the month's end.
    pub balance: Balance,
    /// What is pending at the month's end, by the instant from which it is available.
    pub pending: Vec<(Timestamp, i64)>,
    /// What is proposed to be paid at the month's end.
    pub payable: Option<Payable>,
}

impl Part {
    /// What is pending until a day, in minor units: all but what waits for customers' payments.
    pub fn on_hold(&self) -> i64 {
        self.balance.pending.saturating_sub(self.balance.awaiting_customer)
    }

    /// Whether the amounts found that are pending until a day add up to the balance's.
    fn explains_pending(&self) -> bool {
        self.pending.iter().map(|(_, amount)| i128::from(*amount)).sum::<i128>() == i128::from(self.on_hold())
    }
}

/// A line of a statement.
pub struct Line {
    /// What moved.
    pub entry: Entry,
    /// The net behind it, in minor units.
    pub balance: i64,
    /// The record that moved it; `None` if it concerns others too and the reader sees its own business alone.
    pub record: Option<Record>,
    /// Which part of the record's sale it belongs to, 0 the first (rules 14.6).
    pub part: u32,
}

/// Reads the statement, all of it as known at one position.
pub async fn read(
    partner_id: String,
    period: Period,
    why_zone: Why,
    as_of_position: Option<u64>,
    session: &Session,
) -> Result<MonthStatement, Failure> {
    let mut client = session.partnership().await?;
    let request = GetBalanceRequest { partner_id: partner_id.clone(), options: Some(period.at_end(as_of_position)) };
    let answer = client.get_balance(request).await?.into_inner();
    let mut reader = Reader { client, audit: session.audit().await?, partner_id, period, position: answer.position };
    let partner_name = reader.partner_name().await?;
    let standing = match answer.closed.as_ref().filter(|close| close.through.as_ref().is_some_and(|through| is_past(through, &period))) {
        Some(Close { through: Some(through), position }) => Standing::Closed { through: *through, position: *position },
        _ => reader.standing().await?,
    };
    let entries = reader.entries(Some(period.start)).await?;
    let records = reader.records(&entries).await?;
    let is_whole = entries.iter().all(|entry| records.contains_key(&entry.position));
    if !is_whole && !sees_own_business_alone(session).await? {
        return Err(contradiction());
    }
    let mut parts = assemble(answer.balances, entries, &records)?;
    reader.check_openings(&parts).await?;
    reader.find_pending(&mut parts).await?;
    reader.find_payables(&mut parts).await?;
    let disputes = reader.disputes().await?;
    let Reader { partner_id, position, .. } = reader;
    Ok(MonthStatement { partner_id, partner_name, period, why_zone, standing, only_currency: None, parts, disputes, position })
}

/// Returns a part for each currency with entries or a balance.
fn assemble(balances: Vec<Balance>, entries: Vec<Entry>, records: &BTreeMap<u64, Record>) -> Result<Vec<Part>, Failure> {
    let mut of_currency: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        of_currency.entry(entry.currency_code.clone()).or_default().push(entry);
    }
    let mut parts = Vec::new();
    let mut told = BTreeSet::new();
    for balance in balances {
        let entries = of_currency.remove(&balance.currency_code).unwrap_or_default();
        let moved: i128 = entries.iter().map(|entry| i128::from(entry.amount)).sum();
        let opening = i64::try_from(i128::from(balance.net) - moved).map_err(|_| contradiction())?;
        if entries.is_empty() && [opening, balance.net, balance.pending, balance.disputed] == [0; 4] {
            continue;
        }
        let mut lines = Vec::with_capacity(entries.len());
        let mut after = opening;
        for entry in entries {
            after = after.checked_add(entry.amount).ok_or_else(contradiction)?;
            let record = records.get(&entry.position).cloned();
            let part = record.as_ref().map_or(0, |record| part_of(&entry, record, &mut told));
            lines.push(Line { entry, balance: after, record, part });
        }
        parts.push(Part { currency_code: balance.currency_code.clone(), opening, lines, balance, pending: Vec::new(), payable: None });
    }
    if of_currency.is_empty() { Ok(parts) } else { Err(contradiction()) }
}

/// Returns the part of the sale that an entry belongs to: that of its posting in the record. Of postings that are alike in all
/// that an entry has, each is told once, in their order.
fn part_of(entry: &Entry, record: &Record, told: &mut BTreeSet<(u64, usize)>) -> u32 {
    let is_of = |posting: &Posting| {
        let amount = posting.amount.as_ref();
        posting.account.starts_with("partner:")
            && amount
                .is_some_and(|amount| amount.currency_code == entry.currency_code && amount.minor_units.saturating_neg() == entry.amount)
            && posting.kind == entry.kind
            && posting.agreement_id == entry.agreement_id
            && (posting.effective_at, posting.available_at) == (entry.effective_at, entry.available_at)
            && posting.awaits_customer_payment == entry.awaits_customer_payment
    };
    let postings = record.effects.iter().enumerate().filter_map(|(place, effect)| match &effect.effect {
        Some(Effect::Posting(posting)) if is_of(posting) => Some((place, posting.part)),
        _ => None,
    });
    let found = postings.into_iter().find(|(place, _)| told.insert((record.position, *place)));
    found.map_or(0, |(_, part)| part)
}

/// Whether everything of a month is before an instant.
fn is_past(through: &Timestamp, period: &Period) -> bool {
    text::utc(through).is_some_and(|through| through >= period.end)
}

/// Whether who asks is a partner, to whom records that concern others too are not shown.
async fn sees_own_business_alone(session: &Session) -> Result<bool, Failure> {
    Ok(!session.ledger().await?.who_am_i(WhoAmIRequest {}).await?.into_inner().partner_id.is_empty())
}

/// Fails unless the answers of one position are consistent.
fn contradiction() -> Failure {
    Failure::check("the ledger's answers contradict each other: run `verify` on its directory")
}

/// Queries about one partner and month at one position.
struct Reader {
    client: PartnershipClient,
    audit: AuditClient,
    partner_id: String,
    period: Period,
    position: u64,
}

impl Reader {
    fn at_end(&self) -> ReadOptions {
        self.period.at_end(Some(self.position))
    }

    async fn partner_name(&mut self) -> Result<String, Failure> {
        let request = GetPartnerRequest { partner_id: self.partner_id.clone(), options: Some(self.at_end()) };
        let partner = self.client.get_partner(request).await?.into_inner().partner;
        Ok(partner.map(|partner| partner.display_name).unwrap_or_default())
    }

    /// How final a month is that the balance's answer says no close of: a ledger of a release before says none. Closes go forward
    /// only, so the last one says whether the month is closed.
    async fn standing(&mut self) -> Result<Standing, Failure> {
        let filter = RecordFilter { body_types: vec!["period_closed".to_owned()], ..RecordFilter::default() };
        let request = ReadRecordsRequest { backwards: true, page_size: 1, ..self.records_request(1, self.position + 1, filter) };
        let page = self.audit.read_records(request).await?.into_inner().message().await?;
        let last = page.and_then(|page| page.records.into_iter().next());
        if let Some((position, event)) = last.and_then(|record| Some((record.position, record.event?)))
            && let Some(Body::PeriodClosed(PeriodClosed { through: Some(through) })) = event.body
            && is_past(&through, &self.period)
        {
            return Ok(Standing::Closed { through, position });
        }
        Ok(if Utc::now() < self.period.end { Standing::Running } else { Standing::Open })
    }

    fn records_request(&self, from: u64, to: u64, filter: RecordFilter) -> ReadRecordsRequest {
        let options = ReadOptions { as_of: None, as_of_position: Some(self.position), min_position: None };
        ReadRecordsRequest { from, to: Some(to), filter: Some(filter), backwards: false, page_size: PAGE_SIZE, options: Some(options) }
    }

    /// What took effect from an instant to the month's end, in the order of taking effect.
    async fn entries(&mut self, from: Option<DateTime<Utc>>) -> Result<Vec<Entry>, Failure> {
        let mut entries: Vec<Entry> = Vec::new();
        each_page(async |page_token| {
            let request = ListEntriesRequest {
                partner_id: self.partner_id.clone(),
                effective_from: from.map(timestamp),
                effective_to: Some(timestamp(self.period.end)),
                page_size: PAGE_SIZE,
                page_token,
                options: Some(self.at_end()),
                ..ListEntriesRequest::default()
            };
            let page = self.client.list_entries(request).await?.into_inner();
            entries.extend(page.entries);
            Ok(page.next_page_token)
        })
        .await?;
        // A stable sort: entries of one instant stay in the order of recording.
        entries.sort_by_key(|entry| entry.effective_at.map(|time| (time.seconds, time.nanos)));
        Ok(entries)
    }

    /// Reads the records of lines, for their reasons.
    async fn records(&mut self, entries: &[Entry]) -> Result<BTreeMap<u64, Record>, Failure> {
        let positions = || entries.iter().map(|entry| entry.position);
        let (Some(first), Some(last)) = (positions().min(), positions().max()) else { return Ok(BTreeMap::new()) };
        let wanted: BTreeSet<u64> = positions().collect();
        // A fact takes effect when it happens or later, so all of them happened by the month's end.
        let occurred_from = entries.iter().filter_map(|entry| entry.occurred_at).min_by_key(|time| (time.seconds, time.nanos));
        let filter = RecordFilter {
            partner_ids: vec![self.partner_id.clone()],
            occurred_from,
            occurred_to: Some(timestamp(self.period.end)),
            ..RecordFilter::default()
        };
        let mut pages = self.audit.read_records(self.records_request(first, last + 1, filter)).await?.into_inner();
        let mut records = BTreeMap::new();
        while let Some(page) = pages.message().await? {
            let wanted = page.records.into_iter().filter(|record| wanted.contains(&record.position));
            records.extend(wanted.map(|record| (record.position, record)));
        }
        Ok(records)
    }

    /// Returns the opening balance, the closing one of the month before; zero for a partner registered since.
    async fn check_openings(&mut self, parts: &[Part]) -> Result<(), Failure> {
        let request = GetBalanceRequest { partner_id: self.partner_id.clone(), options: Some(self.period.before(self.position)) };
        let before = match self.client.get_balance(request).await {
            Err(status) if status.code() == Code::NotFound => return Ok(()),
            answer => answer?.into_inner().balances,
        };
        let net = |code: &str| before.iter().find(|balance| balance.currency_code == code).map_or(0, |balance| balance.net);
        if parts.iter().all(|part| net(&part.currency_code) == part.opening) { Ok(()) } else { Err(contradiction()) }
    }

    /// Returns from when the amounts pending at the month's end are available: from recent entries, or from all if those do
    /// not add up.
    async fn find_pending(&mut self, parts: &mut [Part]) -> Result<(), Failure> {
        let usual = USUAL_HOLDS.map(|hold| Some(self.period.start - hold));
        for from in usual.into_iter().chain([None]) {
            if parts.iter().all(Part::explains_pending) {
                return Ok(());
            }
            let entries = self.entries(from).await?;
            parts.iter_mut().for_each(|part| part.pending = pending(&entries, part, self.period.end));
        }
        if parts.iter().all(Part::explains_pending) { Ok(()) } else { Err(contradiction()) }
    }

    /// Returns what is proposed to be paid. A ledger of a release before knows no filter by partner, and proposes by partner: of it
    /// pages are read up to this one.
    async fn find_payables(&mut self, parts: &mut [Part]) -> Result<(), Failure> {
        if parts.iter().all(|part| part.balance.payable <= 0) {
            return Ok(());
        }
        let mut found: Vec<Payable> = Vec::new();
        each_page(async |page_token| {
            let request = ListPayablesRequest {
                include_below_minimum: true,
                page_size: PAGE_SIZE,
                page_token,
                options: Some(self.at_end()),
                partner_id: Some(self.partner_id.clone()),
                include_on_hold: true,
            };
            let page = self.client.list_payables(request).await?.into_inner();
            let is_past = page.payables.last().is_some_and(|last| last.partner_id > self.partner_id);
            found.extend(page.payables.into_iter().filter(|payable| payable.partner_id == self.partner_id));
            Ok(if is_past { String::new() } else { page.next_page_token })
        })
        .await?;
        for part in parts {
            part.payable = found.iter().find(|payable| payable.currency_code == part.currency_code).cloned();
        }
        Ok(())
    }

    async fn disputes(&mut self) -> Result<Vec<Dispute>, Failure> {
        let mut disputes = Vec::new();
        each_page(async |page_token| {
            let (partner_id, options) = (Some(self.partner_id.clone()), Some(self.at_end()));
            let request = ListDisputesRequest { open_only: true, partner_id, page_size: PAGE_SIZE, page_token, options };
            let page = self.client.list_disputes(request).await?.into_inner();
            disputes.extend(page.disputes);
            Ok(page.next_page_token)
        })
        .await?;
        Ok(disputes)
    }
}

/// Returns the amounts that are not available before an instant, by the instant from which they are; without those that
/// cancel out.
fn pending(entries: &[Entry], part: &Part, end: DateTime<Utc>) -> Vec<(Timestamp, i64)> {
    let last = timestamp(end - TimeDelta::nanoseconds(1));
    let mut sums: BTreeMap<(i64, i32), i64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.currency_code == part.currency_code) {
        if let Some(at) = entry.available_at.filter(|at| (at.seconds, at.nanos) > (last.seconds, last.nanos)) {
            let sum = sums.entry((at.seconds, at.nanos)).or_default();
            *sum = sum.saturating_add(entry.amount);
        }
    }
    sums.into_iter().filter(|(_, sum)| *sum != 0).map(|((seconds, nanos), sum)| (Timestamp { seconds, nanos }, sum)).collect()
}
