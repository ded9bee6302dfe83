//! The month that a statement is about: a calendar month of a time zone, from its first instant to before the next one's.

use super::super::failure::Failure;
use super::super::language::Language;
pub use super::super::moment::timestamp;
use super::super::moment::year_of;
use super::super::text;
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use partnership_ledger::domain::calendar::{Period as Span, Tz, period_around};
use partnership_ledger::proto::ReadOptions;
use prost_types::Timestamp;

/// A month as `--month` has it, by its first day: `2025-03`. Its year is written as the language shows years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenMonth(NaiveDate);

impl GivenMonth {
    /// Parses it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        first.filter(|_| text.len() == 7).map(Self).ok_or_else(|| "must be a month such as 2025-03".to_owned())
    }

    /// Reads it in a language. Implausible years are refused.
    pub fn read(self, language: Language) -> Result<Month, Failure> {
        let year = year_of(self.0.year(), language, |year| format!("{year:04}-{:02}", self.0.month()))?;
        Ok(Month(self.0.with_year(year).expect("every year has the first of every month")))
    }
}

/// A month of the common era by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month(NaiveDate);

/// A time zone as `--time-zone` has it: `Asia/Bangkok`.
pub fn parse_zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| "must be the IANA name of a time zone, such as Asia/Bangkok".to_owned())
}

/// A month of a time zone: [start, end).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub start: DateTime<Utc>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
    /// The zone whose days it counts.
    pub zone: Tz,
    first: NaiveDate,
}

impl Period {
    /// A month of a zone.
    pub fn of(month: Month, zone: Tz) -> Self {
        // Zones lie within 16 hours of UTC: noon of the 15th is within the month everywhere.
        let within = (month.0 + TimeDelta::days(14)).and_hms_opt(12, 0, 0).map(|noon| noon.and_utc());
        let (start, end) =
            within.and_then(|within| period_around(within, Span::Month, zone)).expect("a month is limited, and every day has its noon");
        Self { start, end, zone, first: month.0 }
    }

    /// Its first day.
    pub fn first_day(&self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    pub fn last_day(&self) -> NaiveDate {
        self.local_date(self.end - TimeDelta::nanoseconds(1))
    }

    /// What programs call it, in the common era: `2025-03`.
    pub fn name(&self) -> String {
        self.first.format("%Y-%m").to_string()
    }

    /// The day of an instant in its zone.
    pub fn local_date(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The day of a contract's time in its zone.
    pub fn date_of(&self, time: Option<&Timestamp>) -> Option<NaiveDate> {
        time.and_then(text::utc).map(|instant| self.local_date(instant))
    }

    /// Asks as of the last instant before it, as known at a position. What takes effect at its start belongs to it.
    pub fn before(&self, position: u64) -> ReadOptions {
        options(self.start - TimeDelta::nanoseconds(1), Some(position))
    }

    /// Asks as of its last instant, as known at a position.
    pub fn at_end(&self, position: Option<u64>) -> ReadOptions {
        options(self.end - TimeDelta::nanoseconds(1), position)
    }
}

fn options(as_of: DateTime<Utc>, as_of_position: Option<u64>) -> ReadOptions {
    ReadOptions { as_of: Some(timestamp(as_of)), as_of_position, min_position: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(month: &str, zone: &str) -> Period {
        let month = GivenMonth::parse(month).expect("a month").read(Language::English).expect("plausible");
        Period::of(month, parse_zone(zone).expect("a zone"))
    }

    #[test]
    fn a_month_is_that_of_its_zone() {
        let march = period("2025-03", "UTC");
        assert_eq!(
            (march.start.to_rfc3339(), march.end.to_rfc3339()),
            ("2025-03-01T00:00:00+00:00".into(), "2025-04-01T00:00:00+00:00".into())
        );
        let bangkok = period("2025-03", "Asia/Bangkok");
        assert_eq!(bangkok.start.to_rfc3339(), "2025-02-28T17:00:00+00:00");
        assert_eq!((bangkok.first_day().to_string(), bangkok.last_day().to_string()), ("2025-03-01".into(), "2025-03-31".into()));
        assert_eq!(period("2025-12", "Pacific/Kiritimati").end.to_rfc3339(), "2025-12-31T10:00:00+00:00");
        assert_eq!(period("2024-02", "America/New_York").last_day().to_string(), "2024-02-29");
    }

    #[test]
    fn one_month_begins_where_the_one_before_ends() {
        for zone in ["UTC", "Asia/Bangkok", "Pacific/Apia", "America/Sao_Paulo"] {
            let mut before = period("2011-01", zone);
            for number in 1..48 {
                let next = period(&format!("{}-{:02}", 2011 + number / 12, number % 12 + 1), zone);
                assert_eq!(before.end, next.start, "{zone} {}", next.name());
                before = next;
            }
        }
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in ["", "2025", "2025-13", "2025-3", "2025-03-01", "march"] {
            assert!(GivenMonth::parse(text).is_err(), "{text}");
        }
        for (text, language) in [("0000-01", Language::English), ("2568-03", Language::English), ("2025-03", Language::Thai)] {
            assert!(GivenMonth::parse(text).expect("a month").read(language).is_err(), "{text}");
        }
        let thai = GivenMonth::parse("2568-03").expect("a month").read(Language::Thai).expect("plausible");
        assert_eq!(thai, GivenMonth::parse("2025-03").expect("a month").read(Language::English).expect("plausible"));
        assert!(parse_zone("Bangkok").is_err());
    }
}
