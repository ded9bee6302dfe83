//! A visit: which page is asked for, by whom, in which language, as of when; and the addresses of other pages, which keep
//! all of that.

use super::moment::{AS_OF, Moment, POSITION};
use super::parameters::{Parameters, href};
use super::person::Person;
use super::through::Through;
use crate::language::Language;
use crate::proto::ReadOptions;
use std::future::Future;
use tonic::Status;

/// The parameter of the language.
pub const LANGUAGE: &str = "lang";
/// The parameter of a page of a list.
pub const PAGE: &str = "page";
/// The parameter that asks for a table as CSV, by the table's name.
pub const CSV: &str = "csv";
/// Rows of a list on one page.
const ROWS: u32 = 50;
/// Rows of a page that is asked for on the way to a CSV file.
const CSV_ROWS: u32 = 1_000;
/// Rows of a CSV file at most.
const MOST_CSV_ROWS: usize = 100_000;

/// A visit to a page.
pub struct Visit {
    /// The path of the page.
    pub path: String,
    /// What else its address says.
    pub query: Parameters,
    /// The language.
    pub language: Language,
    /// As of when, and as known at which position.
    pub moment: Moment,
    /// Who looks.
    pub person: Person,
    /// How the ledger is asked.
    pub services: Through,
    /// What forms prove themselves by.
    pub token: String,
}

/// The rows of a list.
pub struct Rows<T> {
    /// The rows.
    pub found: Vec<T>,
    /// Where the next page begins; empty if there is none.
    pub next: String,
    /// The position that they were read at.
    pub position: u64,
}

impl Visit {
    /// The options of every question.
    pub fn options(&self) -> ReadOptions {
        self.moment.options()
    }

    /// The address of another page, in the same language and as of the same moment.
    pub fn to(&self, path: &str) -> String {
        self.to_with(path, &[])
    }

    /// The same with parameters of its own.
    pub fn to_with(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        href(path, parameters.iter().copied().chain(self.kept()))
    }

    /// The address of this page with parameters in place of those of the same name; an empty value takes one away.
    pub fn here_with(&self, parameters: &[(&str, &str)]) -> String {
        let is_changed = |name: &str| parameters.iter().any(|(changed, _)| *changed == name);
        href(&self.path, self.query.iter().filter(|(name, _)| !is_changed(name)).chain(parameters.iter().copied()))
    }

    /// What every address keeps: language and moment.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let language = self.query.get(LANGUAGE);
        [(LANGUAGE, language), (AS_OF, self.moment.as_of.as_str()), (POSITION, self.moment.position.as_str())].into_iter()
    }

    /// Which table is asked for as CSV.
    pub fn csv(&self) -> Option<&str> {
        Some(self.query.get(CSV)).filter(|name| !name.is_empty())
    }

    /// Asks for the page of a list that is shown, or for all of its rows if the table is asked for as CSV. `ask` is given how many
    /// rows, and where they begin.
    ///
    /// # Errors
    /// As asking.
    pub async fn rows<T, F>(&self, table: &str, mut ask: impl FnMut(u32, String) -> F) -> Result<Rows<T>, Status>
    where
        F: Future<Output = Result<Rows<T>, Status>>,
    {
        if self.csv() != Some(table) {
            return ask(ROWS, self.query.get(PAGE).to_owned()).await;
        }
        let mut all = ask(CSV_ROWS, String::new()).await?;
        while !all.next.is_empty() && all.found.len() < MOST_CSV_ROWS {
            let more = ask(CSV_ROWS, std::mem::take(&mut all.next)).await?;
            all.found.extend(more.found);
            all.next = more.next;
        }
        Ok(all)
    }
}

impl<T> Rows<T> {
    /// The rows of an answer.
    pub fn new(found: Vec<T>, next: String, position: u64) -> Self {
        Self { found, next, position }
    }
}
