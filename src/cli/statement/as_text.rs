//! The statement as text, for a terminal or a plain letter.

use super::sheet::{Sheet, SheetPart};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::table::{Column, Table};

/// Writes it.
pub fn write(sheet: &Sheet, out: &mut Output) -> Result<(), Failure> {
    out.line(&sheet.title)?;
    out.line("")?;
    let mut facts = Table::facts();
    sheet.facts.iter().for_each(|(name, value)| facts.fact(name, value));
    out.table(facts)?;
    out.line("")?;
    out.line(&sheet.standing)?;
    for part in &sheet.parts {
        out.section(&part.heading, entries(part))?;
        out.section(&part.payable_heading, working(part))?;
        out.line("")?;
        part.sentences.iter().try_for_each(|sentence| out.line(sentence))?;
    }
    if sheet.parts.is_empty() {
        out.line("")?;
        out.line(&sheet.nothing)?;
    }
    out.line("")?;
    let mut words = vec![sheet.read_at.clone()];
    words.extend(out.take_dates());
    out.line(&words.join(", "))
}

fn entries(part: &SheetPart) -> Table {
    let [date, kind, sale, lead, reason, amount, balance] = part.columns.clone();
    let mut table = Table::new([
        Column::left(date),
        Column::left(kind),
        Column::left(sale),
        Column::left(lead),
        Column::left(reason),
        Column::right(amount),
        Column::right(balance),
    ]);
    part.rows.iter().for_each(|row| table.row(row.clone()));
    table
}

fn working(part: &SheetPart) -> Table {
    let mut table = Table::figures();
    part.working.iter().for_each(|(name, amount)| table.row([name, amount]));
    table
}
