//! The format of beancount.

use super::Format;
use super::transaction::{Line, Tags, Transaction};
use chrono::NaiveDate;
use partnership_ledger::domain::calendar::LATEST;
use partnership_ledger::domain::money::Currency;
use std::io::{self, Write};

/// The first day of all: an account must be open before it is used, and events may be of any age.
const FIRST_DAY: &str = "0001-01-01";

/// Writes books that `bean-check` accepts.
pub struct Beancount;

impl Format for Beancount {
    /// With a tolerance of zero.
    fn begin(&self, out: &mut dyn Write, about: &str) -> io::Result<()> {
        writeln!(out, "; {about}")?;
        writeln!(out, "option \"title\" {}", quoted(about))?;
        writeln!(out, "option \"tolerance_multiplier\" \"0\"\noption \"inferred_tolerance_default\" \"*:0\"")
    }

    fn currency(&self, out: &mut dyn Write, currency: Currency) -> io::Result<()> {
        writeln!(out, "\n{FIRST_DAY} commodity {currency}")
    }

    fn account(&self, out: &mut dyn Write, line: &Line) -> io::Result<()> {
        writeln!(out, "\n{FIRST_DAY} open {}\n  ledger-account: {}", line.book_account, quoted(&line.account))
    }

    fn transaction(&self, out: &mut dyn Write, transaction: &Transaction) -> io::Result<()> {
        writeln!(out, "\n{} * {}", transaction.date, quoted(&transaction.description))?;
        metadata(out, "  ", &transaction.tags)?;
        for line in &transaction.lines {
            writeln!(out, "  {}  {}", line.book_account, line.amount)?;
            metadata(out, "    ", &line.tags)?;
        }
        Ok(())
    }

    /// On the day after the last, since a balance is checked before the transactions of its day.
    fn closing(&self, out: &mut dyn Write, last_day: NaiveDate, lines: &[Line]) -> io::Result<()> {
        let Some(day) = last_day.succ_opt().filter(|_| last_day < LATEST.date_naive()) else {
            return writeln!(out, "\n; No closing balances: {last_day} is the last day that there is, and they stand on the day after.");
        };
        writeln!(out)?;
        lines.iter().try_for_each(|line| writeln!(out, "{day} balance {}  {}", line.book_account, line.amount))
    }
}

fn metadata(out: &mut dyn Write, indent: &str, tags: &Tags) -> io::Result<()> {
    tags.iter().try_for_each(|(name, value)| writeln!(out, "{indent}{name}: {}", quoted(value)))
}

/// A text in quotes; it holds no line ends and no other control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
