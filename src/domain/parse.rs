//! From messages to checked values: every bad field of a request is found at once (rules 2.3, 2.5).

use super::calendar::{EARLIEST, LATEST, Time, Tz};
use super::ids::{Id, MAX_ID_LENGTH};
use super::money::{Currency, MAX_AMOUNT, Money, WHOLE_BPS};
use super::named_value::{NamedValue, names};
use crate::proto;
use chrono::DateTime;
use std::fmt::Write as _;

/// The longest name or note, in bytes (rules 2.3).
pub const MAX_TEXT_BYTES: usize = 2_000;
/// The longest match key, product or category, in bytes (rules 2.3).
pub const MAX_KEY_BYTES: usize = 256;
/// The most days a term may name (rules 2.3).
pub const MAX_DAYS: u32 = 36_500;
/// The most months a term may name (rules 2.3).
pub const MAX_MONTHS: u32 = 1_200;
/// The most items of a list without a limit of its own.
pub const MAX_ITEMS: usize = 1_000;

/// One bad field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path: `events[3].sale_recorded.amount.currency_code`.
    pub field: String,
    /// What it must be.
    pub description: String,
}

/// Reads fields and collects the bad ones with their paths. For a bad value a placeholder is returned: what was read must
/// not be used once there is a violation.
#[derive(Default)]
pub struct Fields {
    path: String,
    violations: Vec<Violation>,
}

impl Fields {
    /// Returns the violations found so far.
    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Returns whether there is no violation so far.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// Adds a violation of a field of the message at hand.
    pub fn bad(&mut self, name: &str, description: impl Into<String>) {
        let field = if self.path.is_empty() || name.is_empty() { format!("{}{name}", self.path) } else { format!("{}.{name}", self.path) };
        self.violations.push(Violation { field, description: description.into() });
    }

    /// Reads a nested message: its field's name is put before the paths of what is bad in it.
    pub fn within<R>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        if length > 0 && !name.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
        let result = read(self);
        self.path.truncate(length);
        result
    }

    /// Reads every item of a list; more than `limit` items are a violation.
    pub fn each<T, R>(&mut self, name: &str, items: &[T], limit: usize, mut read: impl FnMut(&mut Self, &T) -> R) -> Vec<R> {
        if items.len() > limit {
            self.bad(name, format!("has {} items; at most {limit} are allowed", items.len()));
            return Vec::new();
        }
        let length = self.path.len();
        let mut results = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let dot = if length > 0 { "." } else { "" };
            let _ = write!(self.path, "{dot}{name}[{index}]");
            results.push(read(self, item));
            self.path.truncate(length);
        }
        results
    }

    /// A business id.
    pub fn id(&mut self, name: &str, text: &str) -> Id {
        Id::new(text).unwrap_or_else(|| {
            self.bad(name, format!("must be 1 to {MAX_ID_LENGTH} characters of A-Z a-z 0-9 . _ : -"));
            Id::default()
        })
    }

    /// A business id that may be left out: an absent field, not an empty one.
    pub fn optional_id(&mut self, name: &str, text: Option<&str>) -> Option<Id> {
        text.map(|text| self.id(name, text))
    }

    /// A name or note that must not be empty.
    pub fn required_text(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            self.bad(name, "must not be empty");
        }
        self.text(name, text);
    }

    /// A name or note of up to 2 000 bytes.
    pub fn text(&mut self, name: &str, text: &str) {
        if text.len() > MAX_TEXT_BYTES {
            self.bad(name, format!("is {} bytes long; at most {MAX_TEXT_BYTES} are allowed", text.len()));
        }
    }

    /// A match key, product or category.
    pub fn key(&mut self, name: &str, text: &str) -> Box<str> {
        if text.is_empty() || text.len() > MAX_KEY_BYTES {
            self.bad(name, format!("must be 1 to {MAX_KEY_BYTES} bytes long"));
        }
        text.into()
    }

    /// A product or coupon that may be empty.
    pub fn optional_key(&mut self, name: &str, text: &str) -> Box<str> {
        if text.is_empty() { Box::default() } else { self.key(name, text) }
    }

    /// An enum value other than `…_UNSPECIFIED`.
    pub fn enum_value<E: NamedValue>(&mut self, name: &str, value: i32) -> E {
        match E::try_from(value) {
            Ok(known) if known != E::default() => known,
            _ => {
                self.bad(name, format!("must be one of {}", names::<E>()));
                E::default()
            }
        }
    }

    /// An enum value; `…_UNSPECIFIED` stands for `default`.
    pub fn enum_or<E: NamedValue>(&mut self, name: &str, value: i32, default: E) -> E {
        match E::try_from(value) {
            Ok(known) if known == E::default() => default,
            Ok(known) => known,
            Err(_) => {
                self.bad(name, format!("must be one of {}, or left out", names::<E>()));
                default
            }
        }
    }

    /// A time that must be there.
    pub fn time(&mut self, name: &str, value: Option<&prost_types::Timestamp>) -> Time {
        match value {
            Some(_) => self.optional_time(name, value).unwrap_or(EARLIEST),
            None => {
                self.bad(name, "is required");
                EARLIEST
            }
        }
    }

    /// A time that may be left out.
    pub fn optional_time(&mut self, name: &str, value: Option<&prost_types::Timestamp>) -> Option<Time> {
        let value = value?;
        let time = u32::try_from(value.nanos)
            .ok()
            .filter(|nanos| *nanos < 1_000_000_000)
            .and_then(|nanos| DateTime::from_timestamp(value.seconds, nanos));
        let time = time.filter(|time| (EARLIEST..=LATEST).contains(time));
        if time.is_none() {
            self.bad(name, "must be a time of the years 1 to 9999 with 0 to 999 999 999 nanoseconds");
        }
        time
    }

    /// Reads between what times something is asked for: from one on, and up to but without another one. An end before the start
    /// is bad.
    pub fn optional_period(
        &mut self,
        from: Option<&prost_types::Timestamp>,
        to: Option<&prost_types::Timestamp>,
    ) -> (Option<Time>, Option<Time>) {
        let (from, to) = (self.optional_time("from", from), self.optional_time("to", to));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.bad("to", "must not be before from");
        }
        (from, to)
    }

    /// An amount from 1 to 10^15 minor units that must be there.
    pub fn amount(&mut self, name: &str, value: Option<&proto::Money>) -> Money {
        self.money_in(name, value, 1)
    }

    /// An amount from -10^15 to 10^15 minor units, but not zero, that must be there.
    pub fn signed_amount(&mut self, name: &str, value: Option<&proto::Money>) -> Money {
        self.money_in(name, value, -MAX_AMOUNT)
    }

    /// An amount from 0 to 10^15 minor units that must be there.
    pub fn amount_or_zero(&mut self, name: &str, value: Option<&proto::Money>) -> Money {
        self.money_in(name, value, 0)
    }

    /// An amount that may be left out.
    pub fn optional_amount(&mut self, name: &str, value: Option<&proto::Money>) -> Option<Money> {
        value.map(|_| self.amount(name, value))
    }

    fn money_in(&mut self, name: &str, value: Option<&proto::Money>, least: i64) -> Money {
        let any = Currency::from_code("USD").expect("USD is listed");
        let Some(value) = value else {
            self.bad(name, "is required");
            return Money::zero(any);
        };
        self.within(name, |fields| {
            let currency = fields.currency("currency_code", &value.currency_code).unwrap_or(any);
            let is_zero = value.minor_units == 0 && least != 0;
            if is_zero || !(least..=MAX_AMOUNT).contains(&value.minor_units) {
                let not_zero = if least < 0 { " and not zero" } else { "" };
                fields.bad("minor_units", format!("must be from {least} to {MAX_AMOUNT}{not_zero}"));
            }
            Money::new(currency, value.minor_units)
        })
    }

    /// A currency code.
    pub fn currency(&mut self, name: &str, code: &str) -> Option<Currency> {
        let currency = Currency::from_code(code);
        if currency.is_none() {
            self.bad(name, "must be an ISO 4217 code (list one, with a minor unit), such as USD");
        }
        currency
    }

    /// Basis points, 0 to 10 000.
    pub fn bps(&mut self, name: &str, value: u32) -> u32 {
        self.up_to(name, value, 0, WHOLE_BPS)
    }

    /// Days, 0 to 36 500.
    pub fn days(&mut self, name: &str, value: u32) -> u32 {
        self.up_to(name, value, 0, MAX_DAYS)
    }

    /// Months, from `least` to 1 200.
    pub fn months(&mut self, name: &str, value: u32, least: u32) -> u32 {
        self.up_to(name, value, least, MAX_MONTHS)
    }

    /// A score from 1 to 5.
    pub fn scale(&mut self, name: &str, value: u32) -> u32 {
        self.up_to(name, value, 1, 5)
    }

    fn up_to(&mut self, name: &str, value: u32, least: u32, most: u32) -> u32 {
        if !(least..=most).contains(&value) {
            self.bad(name, format!("must be from {least} to {most}"));
        }
        value.clamp(least, most)
    }

    /// An IANA time zone; empty means UTC.
    pub fn time_zone(&mut self, name: &str, text: &str) -> Tz {
        if text.is_empty() {
            return Tz::UTC;
        }
        text.parse().unwrap_or_else(|_| {
            self.bad(name, "must be an IANA time zone, such as Asia/Bangkok");
            Tz::UTC
        })
    }
}

/// A protobuf timestamp of an instant.
pub fn timestamp(time: Time) -> prost_types::Timestamp {
    // The nanoseconds of an instant are below 2 × 10^9, so they fit.
    prost_types::Timestamp { seconds: time.timestamp(), nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0) }
}
