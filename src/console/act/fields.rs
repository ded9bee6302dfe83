//! The fields of a form: how they are shown, and how what was written in them is read.

use crate::console::components::{chosen, values};
use crate::console::moment::{first_instant, timestamp};
use crate::console::parameters::Parameters;
use crate::domain::money::Currency;
use crate::language::text::{Coded, line};
use crate::language::written::minor_units;
use crate::language::{Key, Language, say};
use crate::proto::Money;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use maud::{Markup, html};
use prost_types::Timestamp;

/// A field of a form.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is called.
    pub label: Key,
    /// What is written in it.
    pub kind: Kind,
    /// Whether it may stay empty.
    pub is_optional: bool,
}

/// What is written in a field.
pub enum Kind {
    /// A short text.
    Text,
    /// A text of many lines.
    Long,
    /// An amount; its currency is a field of the same name with `currency` behind.
    Money,
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// Yes or no.
    Tick,
    /// One of some values.
    Choice(fn(Language) -> Vec<(String, String)>),
}

impl Field {
    /// A field that has to be filled in.
    pub const fn new(name: &'static str, label: Key, kind: Kind) -> Self {
        Self { name, label, kind, is_optional: false }
    }

    /// A field that may stay empty.
    pub const fn optional(name: &'static str, label: Key, kind: Kind) -> Self {
        Self { name, label, kind, is_optional: true }
    }

    /// The field with what is written in it.
    pub fn show(&self, language: Language, written: &Parameters) -> Markup {
        let (name, value) = (self.name, written.get(self.name));
        let label =
            html! { span { (language.text(self.label, &[])) @if self.is_optional { small { " " (say!(language, "console-optional")) } } } };
        let is_required = !self.is_optional;
        match self.kind {
            Kind::Text => html! { label { (label) input type="text" name=(name) value=(value) required[is_required]; } },
            Kind::Long => html! { label { (label) textarea name=(name) required[is_required] { (value) } } },
            Kind::Number => html! { label { (label) input type="number" min="1" name=(name) value=(value) required[is_required]; } },
            Kind::Day => html! { label { (label) input type="date" name=(name) value=(value) required[is_required]; } },
            Kind::Tick => html! { label.choice { input type="checkbox" name=(name) value="yes" checked[value == "yes"]; (label) } },
            Kind::Choice(choices) => html! {
                label {
                    (label)
                    select name=(name) required[is_required] {
                        option value="" {}
                        @for (choice, words) in choices(language) { option value=(choice) selected[choice == value] { (words) } }
                    }
                }
            },
            Kind::Money => html! {
                div.row {
                    label { (label) input type="text" inputmode="decimal" name=(name) value=(value) required[is_required]; }
                    label {
                        span { (say!(language, "column-currency")) }
                        input type="text" name=(CURRENCY) value=(written.get(CURRENCY)) maxlength="3" pattern="[A-Za-z]{3}" autocapitalize="characters" required[is_required];
                    }
                }
            },
        }
    }

    /// What is written in the field, in words; nothing if it is empty.
    pub fn told(&self, language: Language, written: &Parameters) -> String {
        let value = written.get(self.name);
        match self.kind {
            Kind::Choice(choices) => {
                choices(language).into_iter().find(|(choice, _)| choice == value).map(|(_, words)| words).unwrap_or_default()
            }
            Kind::Tick if value == "yes" => say!(language, "console-yes"),
            Kind::Money if !value.is_empty() => format!("{} {}", line(value), line(&written.get(CURRENCY).to_ascii_uppercase())),
            _ => line(value),
        }
    }
}

/// The field of the currency of the form's amount.
pub const CURRENCY: &str = "currency";

/// What was written in a form, read as events need it.
pub struct Input<'a> {
    /// What was written.
    pub written: &'a Parameters,
    /// The language of what is said about it.
    pub language: Language,
}

impl Input<'_> {
    /// A text; empty if nothing was written.
    pub fn text(&self, name: &str) -> String {
        self.written.get(name).to_owned()
    }

    /// A text; `None` if nothing was written.
    pub fn some(&self, name: &str) -> Option<String> {
        self.written.some(name)
    }

    /// Whether it is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.written.get(name) == "yes"
    }

    /// The number of an enum's value; 0 if none is chosen.
    pub fn choice<E: Coded>(&self, name: &str) -> i32 {
        chosen::<E>(self.written.get(name))
    }

    /// A whole number.
    ///
    /// # Errors
    /// If it is none.
    pub fn number(&self, name: &str) -> Result<u32, String> {
        let text = self.written.get(name);
        text.parse().map_err(|_| say!(self.language, "console-no-number", text = line(text)))
    }

    /// The first instant of a day in UTC; `None` if nothing was written.
    ///
    /// # Errors
    /// If it is no day.
    pub fn day(&self, name: &str) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.written.some(name) else { return Ok(None) };
        let day: NaiveDate = text.parse().map_err(|_| say!(self.language, "date-no-day", date = line(&text)))?;
        Ok(Some(timestamp(first_instant(day))))
    }

    /// An amount with its currency: `1,234.50` and `USD`.
    ///
    /// # Errors
    /// If it is no amount of such a currency.
    pub fn money(&self, name: &str) -> Result<Money, String> {
        let (text, code) = (self.written.get(name), self.written.get(CURRENCY).to_ascii_uppercase());
        let bad = || say!(self.language, "console-no-amount", amount = line(text), currency = line(&code));
        let currency = Currency::from_code(&code).ok_or_else(bad)?;
        let minor_units = minor_units(text.trim(), usize::from(currency.decimals())).ok_or_else(bad)?;
        Ok(Money { currency_code: code, minor_units })
    }
}

/// The instant that the field `occurred_at` says, in UTC.
pub fn occurred_at(text: &str) -> Option<DateTime<Utc>> {
    let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).map(|time| time.and_utc())
}

/// The choices of an enum.
pub fn choices<E: Coded>(language: Language) -> Vec<(String, String)> {
    values::<E>(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_seconds_and_without() {
        assert_eq!(occurred_at("2026-11-30T19:40").map(|time| time.to_rfc3339()).as_deref(), Some("2026-11-30T19:40:00+00:00"));
        assert_eq!(occurred_at("2026-11-30T19:40:05").map(|time| time.timestamp() % 60), Some(5));
        assert_eq!(occurred_at("yesterday"), None);
    }
}
