//! The statement as CSV. Dates and figures are plain in every language, so that a spreadsheet recognizes them.

use super::month::{Line, MonthStatement, Part};
use super::sheet::why;
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::spreadsheet::{self, failure, text};
use crate::cli::text::bare_amount;
use chrono::NaiveDate;
use csv::Writer;
use partnership_ledger::proto::EntryKind;
use std::io::Write;

/// Writes a header, then per currency the opening balance, every entry and the closing balance.
pub fn write(statement: &MonthStatement, language: Language, output: impl Write) -> Result<(), Failure> {
    let mut writer = spreadsheet::begin(output)?;
    writer.write_record(header(language)).map_err(failure)?;
    for part in &statement.parts {
        write_part(statement, part, language, &mut writer)?;
    }
    Ok(writer.flush()?)
}

fn header(language: Language) -> [String; 17] {
    [
        say!(language, "statement-date"),
        say!(language, "statement-kind"),
        say!(language, "statement-currency"),
        say!(language, "statement-amount"),
        say!(language, "statement-balance"),
        say!(language, "statement-sale"),
        say!(language, "statement-line"),
        say!(language, "statement-level"),
        say!(language, "statement-lead"),
        say!(language, "statement-agreement"),
        say!(language, "statement-campaign"),
        say!(language, "statement-reference"),
        say!(language, "statement-reason"),
        say!(language, "statement-available-from"),
        say!(language, "statement-occurred"),
        say!(language, "statement-position"),
        say!(language, "statement-recorded-by"),
    ]
}

fn write_part(statement: &MonthStatement, part: &Part, language: Language, writer: &mut Writer<impl Write>) -> Result<(), Failure> {
    let (first, last) = (statement.period.first_day(), statement.period.last_day());
    let edge = |day: NaiveDate, name: String, balance| {
        let mut row = vec![day.to_string(), name, part.currency_code.clone(), String::new(), bare_amount(&part.currency_code, balance)];
        row.resize(header(language).len(), String::new());
        row
    };
    let opening = edge(first, say!(language, "statement-opening"), part.opening);
    let closing = edge(last, say!(language, "statement-closing"), part.balance.net);
    writer.write_record(opening).map_err(failure)?;
    for moved in &part.lines {
        writer.write_record(row(statement, moved, language)).map_err(failure)?;
    }
    writer.write_record(closing).map_err(failure)
}

fn row(statement: &MonthStatement, moved: &Line, language: Language) -> [String; 17] {
    let entry = &moved.entry;
    let day = |time| statement.period.date_of(time).map(|day| day.to_string()).unwrap_or_default();
    let id = |id: &Option<String>| id.as_ref().map(|id| text(id)).unwrap_or_default();
    [
        day(entry.effective_at.as_ref()),
        language.word::<EntryKind>(entry.kind),
        text(&entry.currency_code),
        bare_amount(&entry.currency_code, entry.amount),
        bare_amount(&entry.currency_code, moved.balance),
        id(&entry.sale_id),
        id(&entry.line_id),
        entry.level.map(|level| level.to_string()).unwrap_or_default(),
        id(&entry.lead_id),
        id(&entry.agreement_id),
        id(&entry.campaign_id),
        text(&entry.reference),
        text(&why(statement, moved, language)),
        day(entry.available_at.as_ref()),
        day(entry.occurred_at.as_ref()),
        entry.position.to_string(),
        text(&moved.record.recorded_by),
    ]
}
