//! A row of a file, whose cells are read as the fields of an event.

use super::mapping::Settings;
use super::problem::{Problem, problem};
use super::value::{self, AmountStyle, TimeStyle};
use csv::StringRecord;
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::proto;
use std::collections::BTreeMap;

/// The fields that a mapping names, by name.
pub type Fields = BTreeMap<String, Field>;

/// A field of the event, and where it comes from.
pub struct Field {
    /// The mapping's settings.
    pub settings: Settings,
    /// The numbers of its columns.
    pub places: Vec<usize>,
    /// The names of its columns, as problems name them.
    pub column: Option<String>,
    /// How its amounts are written.
    pub amount: AmountStyle,
    /// How its times are written.
    pub time: TimeStyle,
}

/// Returns a cell without the white space of any script around it.
pub fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

/// A row that is being read. A bad cell is noted as a problem and a default takes its place: a row with a problem is not
/// sent.
pub struct Row<'a> {
    fields: &'a Fields,
    record: &'a StringRecord,
    /// What is wrong with its cells.
    pub problems: Vec<Problem>,
}

impl<'a> Row<'a> {
    /// Begins to read a row by the fields of a mapping.
    pub fn new(fields: &'a Fields, record: &'a StringRecord) -> Self {
        Self { fields, record, problems: Vec::new() }
    }

    /// Returns a field's text as the mapping makes it; `None` if it has no source, or its cell is empty.
    pub fn resolved(&self, name: &str) -> Option<String> {
        let Field { settings, places, .. } = self.fields.get(name)?;
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
        self.fields.get(name)?.column.as_deref()
    }

    fn note(&mut self, name: &str, problem: Problem) {
        let problem = problem.in_column(self.column(name));
        problem.note(&mut self.problems);
    }

    /// Returns a required field; if it is absent, that is noted.
    pub fn required(&mut self, name: &str) -> String {
        self.resolved(name).unwrap_or_else(|| {
            self.note(name, problem!("EMPTY", "import-empty", field = name));
            String::new()
        })
    }

    /// Returns an optional field.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.resolved(name)
    }

    /// Returns a text; empty if it is absent.
    pub fn text(&self, name: &str) -> String {
        self.resolved(name).unwrap_or_default()
    }

    /// Returns the items of a list; they are separated by semicolons unless the mapping says otherwise.
    pub fn list(&self, name: &str) -> Vec<String> {
        let separator =
            self.fields.get(name).and_then(|field| field.settings.split.as_deref()).filter(|split| !split.is_empty()).unwrap_or(";");
        let text = self.text(name);
        text.split(separator).map(trimmed).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Returns one of the contract's words; another is noted.
    pub fn word(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let text = self.resolved(name)?;
        value::word(&text, words).map_err(|problem| self.note(name, problem)).ok()
    }

    /// Returns whether a field says yes; absent is no.
    pub fn flag(&mut self, name: &str) -> bool {
        let Some(text) = self.resolved(name) else { return false };
        value::flag(&text).map_err(|problem| self.note(name, problem)).unwrap_or_default()
    }

    /// Returns an amount in the row's currency.
    pub fn money(&mut self, name: &str, is_required: bool) -> Option<proto::Money> {
        self.money_in(name, "currency", is_required)
    }

    /// Returns an amount in the currency of a field of its own, which an amount needs.
    pub fn money_in(&mut self, name: &str, currency: &str, is_required: bool) -> Option<proto::Money> {
        let text = if is_required { self.required(name) } else { self.text(name) };
        let is_own = currency != "currency";
        let code = if is_required || is_own && !text.is_empty() { self.required(currency) } else { self.text(currency) };
        if text.is_empty() || code.is_empty() {
            return None;
        }
        // A bad currency of the row is noted once, with the required amount.
        let currency = match value::currency(&code) {
            Ok(currency) => currency,
            Err(problem) => {
                if is_required || is_own {
                    self.note(currency, problem);
                }
                return None;
            }
        };
        let style = &self.fields.get(name)?.amount;
        let minor_units = value::amount(&text, currency, style).map_err(|problem| self.note(name, problem)).ok()?;
        Some(proto::Money { currency_code: currency.to_string(), minor_units })
    }

    /// Returns the instant of a required field.
    pub fn time(&mut self, name: &str) -> Option<prost_types::Timestamp> {
        let text = self.required(name);
        if text.is_empty() {
            return None;
        }
        let style = &self.fields.get(name)?.time;
        value::time(&text, style).map_err(|problem| self.note(name, problem)).ok().map(timestamp)
    }
}
