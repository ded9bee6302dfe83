//! What a record means in double-entry books: transactions, each of one instant and balanced in every currency.

use super::accounts::book_account;
use crate::cli::failure::Failure;
use crate::cli::text::{code, time};
use crate::cli::{json, text};
use chrono::{DateTime, NaiveDate, Utc};
use partnership_ledger::domain::money::{Currency, Money};
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::{self, EntryKind, Event, Posting, Record};
use prost_reflect::{ReflectMessage as _, Value};
use prost_types::Timestamp;
use std::collections::BTreeMap;

/// Tags of a transaction or a line, by name.
pub type Tags = Vec<(&'static str, String)>;

/// A transaction: lines that are booked together.
pub struct Transaction {
    /// The day in UTC from which it counts.
    pub date: NaiveDate,
    /// What happened, on one line; texts from outside are as they were sent, except for control characters.
    pub description: String,
    /// Tags of all lines.
    pub tags: Tags,
    /// The lines; per currency they add up to zero.
    pub lines: Vec<Line>,
}

/// One line of a transaction.
pub struct Line {
    /// The ledger's account.
    pub account: String,
    /// The account's name in the books.
    pub book_account: String,
    /// By how much: debit above zero.
    pub amount: Money,
    /// Tags of this line alone.
    pub tags: Tags,
}

impl Line {
    /// A line of an account without tags.
    pub fn new(account: &str, amount: &proto::Money) -> Result<Self, Failure> {
        let currency = Currency::from_code(&amount.currency_code).ok_or_else(|| {
            Failure::check(format!("{} is a currency that this release does not know", text::line(&amount.currency_code)))
        })?;
        let book_account = book_account(account)
            .ok_or_else(|| Failure::check(format!("{} is an account that this release does not know", text::line(account))))?;
        Ok(Self { account: account.to_owned(), book_account, amount: Money::new(currency, amount.minor_units), tags: Tags::new() })
    }
}

/// The transactions of a record, in the order of their time: one for each instant at which postings take effect. Only
/// those that `is_wanted` says of their time.
pub fn of_record(record: &Record, is_wanted: impl Fn(DateTime<Utc>) -> bool) -> Result<Vec<Transaction>, Failure> {
    let mut by_time: BTreeMap<DateTime<Utc>, Vec<&Posting>> = BTreeMap::new();
    for effect in &record.effects {
        if let Some(Effect::Posting(posting)) = &effect.effect {
            by_time.entry(effective_at(posting, record.position)?).or_default().push(posting);
        }
    }
    by_time.into_iter().filter(|(time, _)| is_wanted(*time)).map(|(time, postings)| transaction(record, time, &postings)).collect()
}

fn effective_at(posting: &Posting, position: u64) -> Result<DateTime<Utc>, Failure> {
    let time = posting.effective_at.as_ref();
    let time = time.and_then(|time| DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?));
    time.ok_or_else(|| Failure::check(format!("a posting of record {position} has no time; the ledger is damaged")))
}

fn transaction(record: &Record, effective_at: DateTime<Utc>, postings: &[&Posting]) -> Result<Transaction, Failure> {
    let event = record.event.clone().unwrap_or_default();
    let parts = parts(record);
    let mut lines = Vec::with_capacity(postings.len());
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for posting in postings {
        let amount = posting.amount.as_ref().ok_or_else(|| unbalanced(record.position))?;
        *sums.entry(&amount.currency_code).or_default() += i128::from(amount.minor_units);
        lines.push(Line { tags: line_tags(posting, &parts), ..Line::new(&posting.account, amount)? });
    }
    // Programs refuse books that do not balance, without saying why.
    if sums.values().any(|sum| *sum != 0) {
        return Err(unbalanced(record.position));
    }
    let (kind, description) = describe(&event);
    let mut tags = vec![("event-id", event.event_id.to_lowercase()), ("position", record.position.to_string()), ("event", kind)];
    tags.push(("recorded-by", record.recorded_by.clone()));
    tags.push(("occurred-at", instant(event.occurred_at.as_ref())));
    if event.occurred_at.as_ref() != postings.first().and_then(|posting| posting.effective_at.as_ref()) {
        tags.push(("effective-at", instant(postings.first().and_then(|posting| posting.effective_at.as_ref()))));
    }
    tags.extend(take_common(&mut lines));
    Ok(Transaction { date: effective_at.date_naive(), description, tags, lines })
}

fn unbalanced(position: u64) -> Failure {
    Failure::check(format!("the postings of record {position} do not balance; the ledger is damaged, see `verify`"))
}

/// Returns a time in full: a date alone would be read as a day.
fn instant(at: Option<&Timestamp>) -> String {
    let text = time(at);
    if text.len() == "2025-01-01".len() { format!("{text}T00:00:00Z") } else { text }
}

/// Returns the line and the level of each part of a sale that the record names; a level is that of an override.
fn parts(record: &Record) -> BTreeMap<u32, (Option<&str>, Option<u32>)> {
    let mut parts = BTreeMap::new();
    for effect in &record.effects {
        match &effect.effect {
            Some(Effect::CommissionAssessed(assessed)) => {
                parts.insert(assessed.part, (assessed.line_id.as_deref(), assessed.level));
            }
            Some(Effect::RefundApplied(applied)) => {
                parts.extend(applied.parts.iter().map(|part| (part.part, (part.line_id.as_deref(), None))));
            }
            _ => {}
        }
    }
    parts
}

/// Tags of a posting. Which part of the sale it belongs to is there unless that is the first one.
fn line_tags(posting: &Posting, parts: &BTreeMap<u32, (Option<&str>, Option<u32>)>) -> Tags {
    let mut tags = vec![("kind", code::<EntryKind>(posting.kind).to_lowercase().replace('_', "-"))];
    let subjects = [
        ("partner", &posting.partner_id),
        ("agreement", &posting.agreement_id),
        ("lead", &posting.lead_id),
        ("sale", &posting.sale_id),
        ("campaign", &posting.campaign_id),
    ];
    tags.extend(subjects.into_iter().filter_map(|(name, id)| Some((name, id.clone()?))));
    if posting.sale_id.is_some() && posting.kind() != EntryKind::Collection {
        let (line, level) = parts.get(&posting.part).copied().unwrap_or_default();
        tags.extend(Some(posting.part).filter(|part| *part > 0).map(|part| ("part", part.to_string())));
        tags.extend(line.map(|line| ("line", line.to_owned())));
        tags.extend(level.map(|level| ("level", level.to_string())));
    }
    tags.extend(posting.available_at.as_ref().map(|at| ("available-at", instant(Some(at)))));
    tags.extend(posting.awaits_customer_payment.then(|| ("awaits-customer-payment", "yes".to_owned())));
    tags
}

/// Removes the tags that all lines have, and returns them.
fn take_common(lines: &mut [Line]) -> Tags {
    let Some((first, rest)) = lines.split_first() else { return Tags::new() };
    let common: Tags = first.tags.iter().filter(|tag| rest.iter().all(|line| line.tags.contains(tag))).cloned().collect();
    lines.iter_mut().for_each(|line| line.tags.retain(|tag| !common.contains(tag)));
    common
}

/// The event's type, and on one line what it was: its type in words, its ids, its texts. By reflection, so that a new
/// type needs nothing here.
fn describe(event: &Event) -> (String, String) {
    let event = json::reflect(event);
    let body = event.descriptor().oneofs().next().and_then(|body| body.fields().find(|field| event.has_field(field)));
    let Some(field) = body else { return (String::new(), String::new()) };
    let value = event.get_field(&field);
    let (mut ids, mut texts) = (String::new(), String::new());
    for (field, value) in value.as_message().into_iter().flat_map(prost_reflect::DynamicMessage::fields) {
        match value {
            Value::String(id) if field.name().ends_with("_id") => ids.extend([" ", &text::line(id)]),
            Value::String(words) if !words.is_empty() => texts.extend([" – ", &text::line(words)]),
            _ => {}
        }
    }
    let name = field.name();
    let words = name.replace('_', " ");
    let capital = words.get(..1).unwrap_or_default().to_uppercase();
    (name.to_owned(), format!("{capital}{}{ids}{texts}", words.get(1..).unwrap_or_default()))
}
