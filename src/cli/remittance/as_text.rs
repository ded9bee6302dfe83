//! The advice as text, for a terminal or a plain letter.

use super::advice::Advice;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::table::{Column, Table};

/// Writes it.
pub fn write(advice: &Advice, out: &mut Output) -> Result<(), Failure> {
    out.line(&advice.title)?;
    out.line("")?;
    let mut facts = Table::facts();
    advice.facts.iter().for_each(|(name, value)| facts.fact(name, value));
    out.table(facts)?;
    out.line("")?;
    out.line(&advice.standing)?;
    out.line("")?;
    out.table(figures(&advice.working))?;
    if !advice.beside.is_empty() {
        out.line("")?;
        out.table(figures(&advice.beside))?;
    }
    let [occurred, returned, amount] = advice.columns.clone();
    let mut returns = Table::new([Column::left(occurred), Column::left(returned), Column::right(amount)]);
    advice.returns.iter().for_each(|row| returns.row(row.clone()));
    out.section(&advice.returns_heading, returns)?;
    if !advice.restored.is_empty() {
        out.line("")?;
        out.table(figures(&advice.restored))?;
    }
    out.line("")?;
    let mut words = vec![advice.read_at.clone()];
    words.extend(out.take_dates());
    out.line(&words.join(", "))
}

fn figures(lines: &[(String, String)]) -> Table {
    let mut table = Table::figures();
    lines.iter().for_each(|(name, amount)| table.row([name, amount]));
    table
}
