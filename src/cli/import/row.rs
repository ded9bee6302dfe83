//! A row of a file on its way to an event.

use super::kinds::Kind;
use super::mapping::{Mapping, Settings, Source};
use super::problem::{Problem, problem};
use super::value::{self, AmountStyle, TimeStyle};
use crate::cli::failure::Failure;
use chrono_tz::Tz;
use csv::StringRecord;
use partnership_ledger::domain;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto::{self, Event};
use std::collections::BTreeMap;

/// How the rows of a file become events: the mapping, with the places of its columns.
pub struct Plan {
    kind: Kind,
    fields: BTreeMap<String, Field>,
    skip: Vec<(usize, Vec<String>)>,
    keep: Vec<(usize, Vec<String>)>,
    identity: Vec<String>,
    columns: usize,
}

/// A field of the event, and where it comes from.
struct Field {
    settings: Settings,
    /// Where its columns are.
    places: Vec<usize>,
    /// What its columns are called.
    column: Option<String>,
    amount: AmountStyle,
    time: TimeStyle,
}

/// What a row comes to.
pub enum Outcome {
    /// An event.
    Event(Box<Event>),
    /// The mapping leaves it out, or it is empty.
    Skipped,
    /// What is wrong with it.
    Problems(Vec<Problem>),
}

impl Plan {
    /// Finds the mapping's columns in the first row of a file.
    pub fn new(mapping: &Mapping, kind: Kind, header: &StringRecord) -> Result<Self, Failure> {
        let table = mapping.table(kind)?;
        let names: Vec<&str> = header.iter().map(str::trim).collect();
        let place = |column: &str| find(&names, column);
        let rows = |cells: &BTreeMap<String, Vec<String>>| {
            cells.iter().map(|(column, words)| Ok((place(column)?, words.clone()))).collect::<Result<_, Failure>>()
        };
        let field = |(name, Source(settings)): (&String, &Source)| {
            let columns = settings.column.clone().unwrap_or_default();
            let places = columns.iter().map(|column| place(column)).collect::<Result<_, Failure>>()?;
            let column = (!columns.is_empty()).then(|| columns.join(" + "));
            let (amount, time) = (mapping.amount_style(settings), time_style(mapping, settings));
            Ok((name.clone(), Field { places, column, amount, time, settings: settings.clone() }))
        };
        let identity = if table.identity.is_empty() { vec![kind.id_field().to_owned()] } else { table.identity.clone() };
        let fields = table.fields.iter().map(field).collect::<Result<_, Failure>>()?;
        Ok(Self { kind, fields, skip: rows(&table.skip)?, keep: rows(&table.keep)?, identity, columns: names.len() })
    }

    /// What a row comes to.
    pub fn outcome(&self, record: &StringRecord) -> Outcome {
        if record.iter().all(|cell| trimmed(cell).is_empty()) {
            return Outcome::Skipped;
        }
        if record.len() != self.columns {
            let problem = problem!("CELL_COUNT", "import-cell-count", cells = record.len(), columns = self.columns);
            return Outcome::Problems(vec![problem]);
        }
        let is_one_of =
            |(place, words): &(usize, Vec<String>)| words.iter().any(|word| trimmed(&record[*place]).to_lowercase() == word.to_lowercase());
        if self.skip.iter().any(is_one_of) || !self.keep.iter().all(is_one_of) {
            return Outcome::Skipped;
        }
        let mut row = Row { plan: self, record, problems: Vec::new() };
        let event = row.event();
        if row.problems.is_empty() { self.checked(event) } else { Outcome::Problems(row.problems) }
    }

    /// The event, unless the ledger would call it malformed.
    fn checked(&self, event: Event) -> Outcome {
        match domain::parse(std::slice::from_ref(&event)) {
            Err(violations) => {
                let problems = violations.into_iter().map(|violation| self.malformed(&violation.field, &violation.description));
                Outcome::Problems(problems.collect())
            }
            Ok(_) => Outcome::Event(Box::new(event)),
        }
    }

    /// What the ledger says of a field of the event, with the column that it comes from.
    pub fn malformed(&self, path: &str, description: &str) -> Problem {
        let name = path.rsplit('.').find(|part| !matches!(*part, "minor_units")).unwrap_or(path);
        let name = name.split('[').next().unwrap_or(name);
        let name = match name {
            "currency_code" => "currency",
            "payout_id" => "payment_id",
            name => name,
        };
        let column = self.fields.get(name).and_then(|field| field.column.as_deref());
        let sentence = if column.is_some() { description.to_owned() } else { format!("{name} {description}") };
        Problem::of_ledger("MALFORMED", &sentence).in_column(column)
    }

    /// The row's own id, as far as it can be told.
    pub fn id_of(&self, record: &StringRecord) -> String {
        let row = Row { plan: self, record, problems: Vec::new() };
        row.resolved(self.kind.id_field()).unwrap_or_default()
    }
}

fn find(names: &[&str], column: &str) -> Result<usize, Failure> {
    let mut places = names.iter().enumerate().filter(|(_, name)| **name == column.trim());
    match (places.next(), places.next()) {
        (Some((place, _)), None) => Ok(place),
        (None, _) => Err(Failure::usage(format!(
            "the file has no column \"{column}\", which the mapping names; it has {}",
            names.iter().map(|name| format!("\"{}\"", crate::cli::text::line(name))).collect::<Vec<_>>().join(", ")
        ))),
        _ => Err(Failure::usage(format!("the file has more than one column \"{column}\", which the mapping names; rename one"))),
    }
}

fn time_style(mapping: &Mapping, settings: &Settings) -> TimeStyle {
    let zone = settings.time_zone.as_ref().or(mapping.time_zone.as_ref());
    TimeStyle {
        formats: settings.dates.as_ref().unwrap_or(&mapping.dates).clone(),
        zone: zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC),
        buddhist_era: settings.buddhist_era.unwrap_or(mapping.buddhist_era),
    }
}

/// A cell without the space around it, of any script.
fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

/// A row that is being read. A bad cell is noted and something stands in for it: with a problem nothing is sent.
pub struct Row<'a> {
    plan: &'a Plan,
    record: &'a StringRecord,
    problems: Vec<Problem>,
}

impl<'a> Row<'a> {
    fn event(&mut self) -> Event {
        let occurred_at = self.time("occurred_at");
        let body = self.plan.kind.body(self);
        let identity: Vec<String> = self.plan.identity.iter().map(|name| self.resolved(name).unwrap_or_default()).collect();
        let metadata = self.plan.fields.keys().filter_map(|name| Some((name.strip_prefix("metadata.")?.to_owned(), self.resolved(name)?)));
        Event {
            event_id: value::event_id(self.plan.kind.event_name(), &identity).to_string(),
            occurred_at,
            metadata: metadata.collect(),
            body: Some(body),
        }
    }

    /// A field's text, as the mapping makes it; nothing where it has no source, or an empty cell.
    fn resolved(&self, name: &str) -> Option<String> {
        let Field { settings, places, .. } = self.plan.fields.get(name)?;
        let cells = places.iter().filter_map(|place| self.record.get(*place)).map(trimmed).filter(|cell| !cell.is_empty());
        let cells = cells.collect::<Vec<_>>().join(" ");
        let text = settings.constant.as_deref().or_else(|| Some(cells.as_str()).filter(|cells| !cells.is_empty()));
        let meant = |text: &str| {
            settings.values.iter().find(|(word, _)| word.to_lowercase() == text.to_lowercase()).map(|(_, meant)| meant.clone())
        };
        let text = match text {
            Some(text) => meant(text).unwrap_or_else(|| text.to_owned()),
            None => settings.default.clone()?,
        };
        let text = if settings.escape { value::escaped_id(&text) } else { text };
        Some(text).filter(|text| !text.is_empty()).map(|text| format!("{}{text}", settings.prefix))
    }

    fn column(&self, name: &str) -> Option<&'a str> {
        self.plan.fields.get(name)?.column.as_deref()
    }

    fn note(&mut self, name: &str, problem: Problem) {
        let problem = problem.in_column(self.column(name));
        self.problems.push(problem);
    }

    /// A field that must be there.
    pub fn required(&mut self, name: &str) -> String {
        self.resolved(name).unwrap_or_else(|| {
            self.note(name, problem!("EMPTY", "import-empty", field = name));
            String::new()
        })
    }

    /// A field that may be absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.resolved(name)
    }

    /// A text; empty if it is absent.
    pub fn text(&self, name: &str) -> String {
        self.resolved(name).unwrap_or_default()
    }

    /// A list; what divides its items is a semicolon unless the mapping says otherwise.
    pub fn list(&self, name: &str) -> Vec<String> {
        let divider =
            self.plan.fields.get(name).and_then(|field| field.settings.split.as_deref()).filter(|split| !split.is_empty()).unwrap_or(";");
        let text = self.text(name);
        text.split(divider).map(trimmed).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// One of the words that the contract knows.
    pub fn word(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let text = self.resolved(name)?;
        value::word(&text, words).map_err(|problem| self.note(name, problem)).ok()
    }

    /// Yes or no; absent is no.
    pub fn flag(&mut self, name: &str) -> bool {
        let Some(text) = self.resolved(name) else { return false };
        value::flag(&text).map_err(|problem| self.note(name, problem)).unwrap_or_default()
    }

    /// An amount in the row's currency.
    pub fn money(&mut self, name: &str, is_required: bool) -> Option<proto::Money> {
        let text = if is_required { self.required(name) } else { self.text(name) };
        let code = if is_required { self.required("currency") } else { self.text("currency") };
        if text.is_empty() || code.is_empty() {
            return None;
        }
        // A bad currency is told once, with the amount that is required.
        let currency = match value::currency(&code) {
            Ok(currency) => currency,
            Err(problem) => {
                if is_required {
                    self.note("currency", problem);
                }
                return None;
            }
        };
        let style = &self.plan.fields.get(name)?.amount;
        let minor_units = value::amount(&text, currency, style).map_err(|problem| self.note(name, problem)).ok()?;
        Some(proto::Money { currency_code: currency.to_string(), minor_units })
    }

    fn time(&mut self, name: &str) -> Option<prost_types::Timestamp> {
        let text = self.required(name);
        if text.is_empty() {
            return None;
        }
        let style = &self.plan.fields.get(name)?.time;
        value::time(&text, style).map_err(|problem| self.note(name, problem)).ok().map(timestamp)
    }
}
