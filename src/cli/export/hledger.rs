//! The journal format of hledger.

use super::Format;
use super::transaction::{Line, Tags, Transaction};
use chrono::NaiveDate;
use partnership_ledger::domain::money::{Currency, Money};
use std::io::{self, Write};

/// Writes journals that `hledger check --strict` accepts.
pub struct Hledger;

impl Format for Hledger {
    fn begin(&self, out: &mut dyn Write, about: &str) -> io::Result<()> {
        // Without it, 1.000 KWD could be read as a thousand.
        writeln!(out, "; {about}\ndecimal-mark .")
    }

    /// The number has a decimal mark also where no decimals follow: hledger asks for it.
    fn currency(&self, out: &mut dyn Write, currency: Currency) -> io::Result<()> {
        writeln!(out, "\ncommodity 1000.{} {currency}", "0".repeat(usize::from(currency.decimals())))
    }

    fn account(&self, out: &mut dyn Write, line: &Line) -> io::Result<()> {
        writeln!(out, "\naccount {}  ; ledger-account: {}", line.book_account, line.account)
    }

    fn transaction(&self, out: &mut dyn Write, transaction: &Transaction) -> io::Result<()> {
        writeln!(out, "\n{} * {}", transaction.date, described(&transaction.description))?;
        for (name, value) in &transaction.tags {
            writeln!(out, "    ; {name}: {value}")?;
        }
        for line in &transaction.lines {
            writeln!(out, "    {}  {}{}", line.book_account, line.amount, comment(&line.tags))?;
        }
        Ok(())
    }

    /// On the last day: what stands last in the file is looked at last.
    fn closing(&self, out: &mut dyn Write, last_day: NaiveDate, lines: &[Line]) -> io::Result<()> {
        writeln!(out, "\n{last_day} * Closing balances as the ledger has them")?;
        for line in lines {
            let nothing = Money::zero(line.amount.currency);
            writeln!(out, "    {}  {nothing} = {}", line.book_account, line.amount)?;
        }
        Ok(())
    }
}

fn comment(tags: &Tags) -> String {
    let tags: Vec<String> = tags.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if tags.is_empty() { String::new() } else { format!("  ; {}", tags.join(", ")) }
}

/// A semicolon would begin a comment, in which a text could pass for a tag; a bar would divide payee and note.
fn described(text: &str) -> String {
    text.replace(';', ",").replace('|', "/")
}
