//! A statement in the words of a language, ready to be laid out as text or as a page.

use super::month::{Line, MonthStatement, Part, Standing};
use super::reason::reason;
use super::zone::Why;
use crate::cli::house::House;
use crate::cli::language::{Language, say};
use crate::cli::text::{line, list};
use partnership_ledger::proto::dispute::Subject;
use partnership_ledger::proto::{Dispute, Entry, EntryKind};
use std::cmp::Ordering;

/// How many columns the entries have; the last two are figures.
pub const COLUMNS: usize = 7;

/// A statement, put into words.
pub struct Sheet {
    /// Its language.
    pub language: Language,
    /// Whose statement of which month it is.
    pub title: String,
    /// Names and values at its head.
    pub facts: Vec<(String, String)>,
    /// Whether it is final, and what that means.
    pub standing: String,
    /// A part per currency.
    pub parts: Vec<SheetPart>,
    /// What is said if there are no parts.
    pub nothing: String,
    /// Where it was read.
    pub read_at: String,
}

/// What moved in a currency.
pub struct SheetPart {
    /// The currency.
    pub heading: String,
    /// The names of the columns.
    pub columns: [String; COLUMNS],
    /// The opening balance, each entry, the closing balance.
    pub rows: Vec<[String; COLUMNS]>,
    /// The heading of what is payable.
    pub payable_heading: String,
    /// How the payable comes about, a name and an amount each.
    pub working: Vec<(String, String)>,
    /// What is to be paid when, and what stands against it.
    pub sentences: Vec<String>,
}

impl Sheet {
    /// Puts a statement into the words of a language.
    pub fn of(statement: &MonthStatement, house: &House, language: Language) -> Self {
        Self {
            language,
            title: say!(
                language,
                "statement-title",
                partner = line(&statement.partner_name),
                month = language.month(statement.period.first_day())
            ),
            facts: house.facts(language).into_iter().chain(facts(statement, language)).collect(),
            standing: standing(statement, language),
            parts: statement.parts.iter().map(|part| sheet_part(statement, part, language)).collect(),
            nothing: say!(language, "statement-nothing"),
            read_at: say!(language, "read-at", position = statement.position.to_string()),
        }
    }
}

fn facts(statement: &MonthStatement, language: Language) -> Vec<(String, String)> {
    let period = &statement.period;
    let (first, last) = (language.day(period.first_day()), language.day(period.last_day()));
    let mut facts = vec![
        (say!(language, "statement-partner"), format!("{} ({})", line(&statement.partner_name), line(&statement.partner_id))),
        (say!(language, "statement-period"), say!(language, "statement-from-to", first = first, last = last, zone = period.zone.name())),
        (say!(language, "statement-zone"), zone(statement, language)),
    ];
    facts.extend(statement.only_currency.as_ref().map(|code| (say!(language, "statement-only-currency"), line(code))));
    facts
}

/// The time zone of the month, and why it is this one.
pub fn zone(statement: &MonthStatement, language: Language) -> String {
    let zone = statement.period.zone.name();
    match &statement.why_zone {
        Why::Named => say!(language, "statement-zone-named", zone = zone),
        Why::Shared => say!(language, "statement-zone-shared", zone = zone),
        Why::Differ(zones) => say!(language, "statement-zone-differ", zone = zone, zones = list(zones)),
        Why::NoTerms => say!(language, "statement-zone-none", zone = zone),
    }
}

fn standing(statement: &MonthStatement, language: Language) -> String {
    match &statement.standing {
        Standing::Running => say!(language, "statement-running"),
        Standing::Open => say!(language, "statement-open"),
        Standing::Closed { through, position } => {
            say!(language, "statement-closed", through = language.time(Some(through)), position = position.to_string())
        }
    }
}

fn sheet_part(statement: &MonthStatement, part: &Part, language: Language) -> SheetPart {
    let amount = |minor_units| language.grouped(&part.currency_code, minor_units);
    let edge = |day, name, balance| {
        let [kind, sale, lead, why, moved] = [name, String::new(), String::new(), String::new(), String::new()];
        [language.date(day), kind, sale, lead, why, moved, amount(balance)]
    };
    let mut rows = vec![edge(statement.period.first_day(), say!(language, "statement-opening"), part.opening)];
    rows.extend(part.lines.iter().map(|moved| row(statement, moved, language)));
    rows.push(edge(statement.period.last_day(), say!(language, "statement-closing"), part.balance.net));
    SheetPart {
        heading: line(&part.currency_code),
        columns: columns(language),
        rows,
        payable_heading: say!(language, "statement-payable-heading", currency = line(&part.currency_code)),
        working: working(part, language),
        sentences: sentences(statement, part, language),
    }
}

fn columns(language: Language) -> [String; COLUMNS] {
    [
        say!(language, "statement-date"),
        say!(language, "statement-kind"),
        say!(language, "statement-sale"),
        say!(language, "statement-lead"),
        say!(language, "statement-reason"),
        say!(language, "statement-amount"),
        say!(language, "statement-balance"),
    ]
}

fn row(statement: &MonthStatement, moved: &Line, language: Language) -> [String; COLUMNS] {
    let entry = &moved.entry;
    let id = |id: &Option<String>| id.as_ref().map(|id| line(id)).unwrap_or_default();
    let date = statement.period.date_of(entry.effective_at.as_ref()).map(|date| language.date(date));
    [
        date.unwrap_or_default(),
        language.word::<EntryKind>(entry.kind),
        sale_and_line(entry),
        id(&entry.lead_id),
        about(statement, moved, language),
        language.grouped(&entry.currency_code, entry.amount),
        language.grouped(&entry.currency_code, moved.balance),
    ]
}

/// The sale, with its line if it has lines: `sale-1/line-2`. Empty if there is none.
pub fn sale_and_line(entry: &Entry) -> String {
    [&entry.sale_id, &entry.line_id].into_iter().flatten().map(|id| line(id)).collect::<Vec<_>>().join("/")
}

/// The reference, unless the line names it already, and why it moved.
fn about(statement: &MonthStatement, moved: &Line, language: Language) -> String {
    let entry = &moved.entry;
    let why = why(statement, moved, language);
    let is_named = [&entry.sale_id, &entry.lead_id].into_iter().flatten().any(|id| *id == entry.reference);
    match (entry.reference.as_str(), why.as_str()) {
        ("", _) => why,
        _ if is_named || why.contains(&entry.reference) => why,
        (reference, "") => line(reference),
        (reference, _) => format!("{}: {why}", line(reference)),
    }
}

/// Why it moved, and when it happened if it counts later than that.
pub fn why(statement: &MonthStatement, moved: &Line, language: Language) -> String {
    let entry = &moved.entry;
    let mut parts = vec![reason(language, moved)];
    if entry.occurred_at != entry.effective_at
        && let Some(date) = statement.period.date_of(entry.occurred_at.as_ref())
    {
        parts.push(say!(language, "statement-late", date = language.date(date)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

fn working(part: &Part, language: Language) -> Vec<(String, String)> {
    let amount = |minor_units| language.grouped(&part.currency_code, minor_units);
    let mut working = vec![(say!(language, "statement-working-closing"), amount(part.balance.net))];
    working.push((say!(language, "statement-working-pending"), amount(part.on_hold())));
    if part.balance.awaiting_customer != 0 {
        working.push((say!(language, "statement-working-awaiting"), amount(part.balance.awaiting_customer)));
    }
    working.push((say!(language, "statement-working-disputed"), amount(part.balance.disputed)));
    working.push((say!(language, "statement-working-payable"), amount(part.balance.payable)));
    working
}

fn sentences(statement: &MonthStatement, part: &Part, language: Language) -> Vec<String> {
    let mut sentences = vec![payable(part, language)];
    if part.balance.in_transit != 0 {
        let amount = language.grouped_amount(&part.currency_code, part.balance.in_transit);
        sentences.push(say!(language, "statement-in-transit", amount = amount));
    }
    if part.balance.awaiting_customer != 0 {
        let amount = language.grouped_amount(&part.currency_code, part.balance.awaiting_customer);
        sentences.push(say!(language, "statement-awaiting", amount = amount));
    }
    for (available_at, sum) in &part.pending {
        let day = statement.period.date_of(Some(available_at)).map(|date| language.day(date)).unwrap_or_default();
        let amount = language.grouped_amount(&part.currency_code, sum.saturating_abs());
        sentences.push(match sum {
            0.. => say!(language, "statement-available-on", amount = amount, day = day),
            _ => say!(language, "statement-taken-on", amount = amount, day = day),
        });
    }
    sentences.extend(statement.disputes.iter().filter_map(|dispute| held(statement, part, dispute, language)));
    sentences
}

fn payable(part: &Part, language: Language) -> String {
    let balance = &part.balance;
    let amount = |minor_units: i64| language.grouped_amount(&part.currency_code, minor_units.saturating_abs());
    match (balance.net.cmp(&0), balance.payable.cmp(&0)) {
        (_, Ordering::Greater) if part.payable.as_ref().is_some_and(|payable| payable.on_hold) => {
            say!(language, "statement-on-hold", amount = amount(balance.payable))
        }
        (_, Ordering::Greater) => match part.payable.as_ref().filter(|payable| payable.below_minimum) {
            Some(payable) => {
                let minimum = amount(payable.minimum_payout);
                say!(language, "statement-below-minimum", amount = amount(balance.payable), minimum = minimum)
            }
            None => say!(language, "statement-pay", amount = amount(balance.payable)),
        },
        (Ordering::Less, _) => negative(part, language),
        (_, Ordering::Less) => say!(language, "statement-payable-negative", amount = amount(balance.payable)),
        _ => say!(language, "statement-pay-nothing"),
    }
}

/// Returns how the balance became negative, from the first entry on.
fn negative(part: &Part, language: Language) -> String {
    let balance = &part.balance;
    let amount = |minor_units: i128| language.grouped_amount(&part.currency_code, i64::try_from(minor_units).unwrap_or(i64::MAX));
    let [net, accrued, reversed, collected] = [balance.net, balance.accrued, balance.reversed, balance.collected].map(i128::from);
    // What left the house for good: returned payouts and receipts came back.
    let paid = i128::from(balance.paid) - i128::from(balance.returned) - i128::from(balance.received);
    let other = net - (accrued - reversed - collected - paid);
    let owes = say!(
        language,
        "statement-negative",
        owed = amount(-net),
        earned = amount(accrued),
        taken = amount(reversed),
        paid = amount(paid),
        collected = amount(collected)
    );
    match other {
        0 => owes,
        _ => format!("{owes} {}", say!(language, "statement-negative-other", amount = amount(other))),
    }
}

/// Returns what a dispute holds in the currency; `None` if it holds nothing in it.
fn held(statement: &MonthStatement, part: &Part, dispute: &Dispute, language: Language) -> Option<String> {
    let held = dispute.held.iter().find(|held| held.partner_id == statement.partner_id && held.currency_code == part.currency_code)?;
    let about = match dispute.subject.as_ref()? {
        Subject::LeadId(id) => say!(language, "disputes-lead", id = line(id)),
        Subject::SaleId(id) => say!(language, "disputes-sale", id = line(id)),
        Subject::PayoutId(id) => say!(language, "disputes-payout", id = line(id)),
    };
    let (amount, dispute) = (language.grouped_amount(&part.currency_code, held.amount), line(&dispute.dispute_id));
    Some(say!(language, "statement-held", amount = amount, dispute = dispute, about = about))
}
