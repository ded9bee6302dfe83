//! A small reader of both formats, as strict as is needed to trust what it adds up.

use super::Balances;
use partnership_ledger::domain::money::Currency;
use std::collections::BTreeMap;

/// What books say.
#[derive(Default)]
pub struct Books {
    /// How many transactions, the closing apart.
    pub transactions: usize,
    /// Whether the first one is of opening balances.
    pub opens_with_balances: bool,
    /// What the transactions add up to, by the ledger's names of the accounts.
    pub balances: Balances,
    /// What the books say that the accounts stand at.
    pub closing: Balances,
    /// The ledger's names of the accounts by the books' names.
    ledger_names: BTreeMap<String, String>,
    /// What the transaction at hand adds up to, by currency.
    open: BTreeMap<String, i128>,
    is_closing: bool,
}

/// Reads books; panics at what they must not hold.
pub fn read(format: &str, text: &str) -> Books {
    let mut books = Books::default();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let words: Vec<&str> = line.split_whitespace().collect();
        match (format, words.as_slice()) {
            (_, []) => books.settle(line),
            ("hledger", ["account", book, ";", "ledger-account:", account]) => books.name(book, account),
            ("beancount", [_, "open", book]) => {
                let account = lines[index + 1].strip_prefix("  ledger-account: \"").and_then(|line| line.strip_suffix('"'));
                books.name(book, account.expect("the ledger's account"));
            }
            (_, [date, "*", ..]) if date.len() == 10 => books.begin(line),
            ("beancount", [_, "balance", book, number, currency])
            | ("hledger", [book, "0" | "0.00" | "0.000" | "0.0000", _, "=", number, currency]) => books.close(book, number, currency),
            (_, [book, number, currency, ..]) if line.starts_with("  ") && is_account(book) => books.post(book, number, currency),
            (_, [first, ..]) if line.starts_with("  ") => assert!(*first == ";" || first.ends_with(':'), "{line}"),
            _ => {}
        }
    }
    books.settle("the end");
    books.balances.retain(|_, minor_units| *minor_units != 0);
    books
}

fn is_account(word: &str) -> bool {
    ["Assets:", "Liabilities:", "Equity:", "Income:", "Expenses:"].iter().any(|root| word.starts_with(root))
}

impl Books {
    /// Balances by the ledger's names of the accounts.
    pub fn ledger_names(&self, balances: Balances) -> Balances {
        balances.into_iter().map(|((book, currency), minor_units)| ((self.ledger_names[&book].clone(), currency), minor_units)).collect()
    }

    fn name(&mut self, book: &str, account: &str) {
        assert!(!self.ledger_names.values().any(|known| known == account), "{account} has two names");
        assert_eq!(self.ledger_names.insert(book.to_owned(), account.to_owned()), None, "{book} stands for two accounts");
    }

    fn begin(&mut self, line: &str) {
        self.is_closing = line.ends_with("* Closing balances as the ledger has them");
        if !self.is_closing {
            self.transactions += 1;
            self.opens_with_balances |= self.transactions == 1 && line.contains("Opening balances");
        }
    }

    fn post(&mut self, book: &str, number: &str, currency: &str) {
        let amount = minor_units(number, currency);
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        assert_eq!(decimals, usize::from(Currency::from_code(currency).expect("a currency").decimals()), "{number} {currency}");
        *self.open.entry(currency.to_owned()).or_default() += amount;
        *self.balances.entry((self.ledger_names[book].clone(), currency.to_owned())).or_default() += amount;
    }

    fn close(&mut self, book: &str, number: &str, currency: &str) {
        let amount = minor_units(number, currency);
        if amount != 0 {
            self.closing.insert((self.ledger_names[book].clone(), currency.to_owned()), amount);
        }
    }

    fn settle(&mut self, line: &str) {
        assert!(self.open.values().all(|sum| *sum == 0), "not balanced before {line:?}: {:?}", self.open);
        self.open.clear();
    }
}

/// A decimal number in minor units of a currency.
pub fn minor_units(number: &str, currency: &str) -> i128 {
    let decimals = usize::from(Currency::from_code(currency).expect("a currency").decimals());
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part = part.trim_end_matches('0');
    assert!(part.len() <= decimals, "{number} {currency}");
    format!("{whole}{part:0<decimals$}").parse().expect("a number")
}
