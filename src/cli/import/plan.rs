//! How the rows of a file become events, by a mapping.

use super::body::body;
use super::kinds::Kind;
use super::mapping::{Mapping, Settings, Source};
use super::problem::{Problem, problem};
use super::row::{Field, Fields, Row, trimmed};
use super::value::{self, TimeStyle};
use crate::cli::failure::Failure;
use crate::cli::text::line;
use chrono_tz::Tz;
use csv::StringRecord;
use partnership_ledger::domain;
use partnership_ledger::proto::Event;
use std::collections::BTreeMap;

/// How the rows of a file become events: the mapping, with the numbers of its columns.
pub struct Plan {
    kind: Kind,
    fields: Fields,
    skip: Vec<(usize, Vec<String>)>,
    keep: Vec<(usize, Vec<String>)>,
    identity: Vec<String>,
    columns: usize,
}

/// What a row becomes.
pub enum Outcome {
    /// An event.
    Event(Box<Event>),
    /// Nothing: the mapping leaves it out, or it is empty.
    Skipped,
    /// Nothing, for these problems.
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
            Ok((name.clone(), Field { settings: settings.clone(), places, column, amount, time }))
        };
        let identity = if table.identity.is_empty() { vec![kind.id_field().to_owned()] } else { table.identity.clone() };
        let fields = table.fields.iter().map(field).collect::<Result<_, Failure>>()?;
        Ok(Self { kind, fields, skip: rows(&table.skip)?, keep: rows(&table.keep)?, identity, columns: names.len() })
    }

    /// Returns what a row becomes.
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
        let mut row = Row::new(&self.fields, record);
        let event = self.event(&mut row);
        if row.problems.is_empty() { self.checked(event) } else { Outcome::Problems(row.problems) }
    }

    /// The event of a row; problems of its cells are noted in the row.
    fn event(&self, row: &mut Row<'_>) -> Event {
        let occurred_at = row.time("occurred_at");
        let body = body(self.kind, row);
        let identity: Vec<String> = self.identity.iter().map(|name| row.resolved(name).unwrap_or_default()).collect();
        let metadata = self.fields.keys().filter_map(|name| Some((name.strip_prefix("metadata.")?.to_owned(), row.resolved(name)?)));
        Event {
            event_id: value::event_id(self.kind.event_name(), &identity).to_string(),
            occurred_at,
            metadata: metadata.collect(),
            body: Some(body),
        }
    }

    /// Returns the event, or the problems for which the ledger would call it malformed.
    fn checked(&self, event: Event) -> Outcome {
        match domain::parse(std::slice::from_ref(&event)) {
            Err(violations) => {
                let mut problems: Vec<Problem> = Vec::new();
                for violation in violations {
                    self.malformed(&violation.field, &violation.description).note(&mut problems);
                }
                Outcome::Problems(problems)
            }
            Ok(_) => Outcome::Event(Box::new(event)),
        }
    }

    /// Returns the problem that the ledger has with a field of the event, with the column that the field comes from.
    pub fn malformed(&self, path: &str, description: &str) -> Problem {
        let name = path.rsplit('.').find(|part| !matches!(*part, "minor_units")).unwrap_or(path);
        let name = name.split('[').next().unwrap_or(name);
        let name = match name {
            "currency_code" if path.contains("settled_amount") => "settled_currency",
            "currency_code" => "currency",
            "payout_id" if self.kind == Kind::Payments => "payment_id",
            name => name,
        };
        let column = self.fields.get(name).and_then(|field| field.column.as_deref());
        let sentence = if column.is_some() { description.to_owned() } else { format!("{name} {description}") };
        Problem::of_ledger("MALFORMED", &sentence).in_column(column)
    }

    /// Returns the row's own id; empty if it has none.
    pub fn id_of(&self, record: &StringRecord) -> String {
        let row = Row::new(&self.fields, record);
        row.resolved(self.kind.id_field()).unwrap_or_default()
    }
}

/// Returns the number of the column of a name.
fn find(names: &[&str], column: &str) -> Result<usize, Failure> {
    let mut places = names.iter().enumerate().filter(|(_, name)| **name == column.trim());
    match (places.next(), places.next()) {
        (Some((place, _)), None) => Ok(place),
        (None, _) => Err(Failure::usage(format!(
            "the file has no column \"{column}\", which the mapping names; it has {}",
            names.iter().map(|name| format!("\"{}\"", line(name))).collect::<Vec<_>>().join(", ")
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
