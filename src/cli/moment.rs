//! Times on the command line, and the time and the position that a question is asked for.
//!
//! A time is an instant in RFC 3339, or a day, which is meant whole: what is asked as of a day, or up to it, includes all of
//! it, and what is asked from a day on begins with it. Days are those of UTC, as answers show them. The year of a day is
//! written as the language shows years; an instant may always have a year of the common era, as RFC 3339 says.

use super::client::{AuditClient, Session};
use super::failure::Failure;
use super::language::{Language, say};
use super::output::Output;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use partnership_ledger::language::days::first_instant;
pub use partnership_ledger::language::days::{last_instant, timestamp};
use partnership_ledger::proto::{ReadOptions, ReadRecordsRequest, Record};
use prost_types::Timestamp;
use std::ops::RangeInclusive;

/// By so much a year of the Buddhist era is above that of the common era.
pub const BUDDHIST_YEARS: i32 = 543;
/// The years of the common era that days and months may have: others are mistakes, such as years of the Buddhist era.
pub const PLAUSIBLE_YEARS: RangeInclusive<i32> = 1900..=2200;

/// The options of every question.
#[derive(clap::Args)]
pub struct Moment {
    /// Answer as of this time, in the past or the future; a day means its end in UTC
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse)]
    as_of: Option<GivenTime>,
    /// Answer as known when this position was the last
    #[arg(long, value_name = "N")]
    as_of_position: Option<u64>,
    /// Answer as known at this time: by the records that were recorded until then; a day means its end in UTC
    #[arg(long, value_name = "TIME", value_parser = GivenTime::parse, conflicts_with = "as_of_position")]
    known_at: Option<GivenTime>,
}

impl Moment {
    /// Returns them as the contract's options; the output will say how the times were read.
    pub async fn options(&self, session: &mut Session) -> Result<ReadOptions, Failure> {
        let as_of = self.as_of.as_ref().map(|given| given.as_of(&mut session.out)).transpose()?;
        Ok(ReadOptions { as_of, as_of_position: self.position(session).await?, min_position: None })
    }

    /// Returns the position that is asked for. Of a time it is that of the last record that was recorded by then and that the
    /// caller may read; 0 if there is none.
    pub async fn position(&self, session: &mut Session) -> Result<Option<u64>, Failure> {
        let Some(given) = &self.known_at else { return Ok(self.as_of_position) };
        let language = session.out.language;
        let (instant, time) = match given.read(language)? {
            Reading::Day(day) => (last_instant(day), say!(language, "date-end-of-day", day = language.date(day))),
            Reading::Instant(instant) => (instant, language.time(Some(&timestamp(instant)))),
        };
        let position = recorded_by(timestamp(instant), session).await?;
        session.out.says_date(say!(language, "date-known-at", time = time, position = position.to_string()));
        Ok(Some(position))
    }
}

/// Finds the position of the last record that was recorded at or before a time, by bisection: times of recording never decrease
/// (rules 1.1). Partners read their own records alone, and get the last of those.
async fn recorded_by(time: Timestamp, session: &Session) -> Result<u64, Failure> {
    let mut client = session.audit().await?;
    let (newest, position) = record_from(&mut client, ReadRecordsRequest { backwards: true, ..ReadRecordsRequest::default() }).await?;
    let is_by_then = |record: &Record| record.recorded_at.is_none_or(|at| (at.seconds, at.nanos) <= (time.seconds, time.nanos));
    let Some(newest) = newest else { return Ok(0) };
    if is_by_then(&newest) {
        return Ok(position);
    }
    // The first record at or behind `known` + 1 need not be known by then; the first one at or behind `later` is not.
    let (mut known, mut later) = (0, newest.position);
    while known + 1 < later {
        let from = known + (later - known) / 2;
        match record_from(&mut client, ReadRecordsRequest { from, ..ReadRecordsRequest::default() }).await?.0 {
            Some(record) if is_by_then(&record) => known = record.position,
            _ => later = from,
        }
    }
    Ok(known)
}

/// The first record that a request is answered with, and the position that it was read at.
async fn record_from(client: &mut AuditClient, request: ReadRecordsRequest) -> Result<(Option<Record>, u64), Failure> {
    let mut pages = client.read_records(ReadRecordsRequest { page_size: 1, ..request }).await?.into_inner();
    let mut position = 0;
    while let Some(page) = pages.message().await? {
        position = page.position;
        if let Some(record) = page.records.into_iter().next() {
            return Ok((Some(record), position));
        }
    }
    Ok((None, position))
}

/// A time as it was written: its year, which the language decides about, and the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenTime {
    year: i32,
    rest: String,
}

/// A time as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

impl GivenTime {
    /// Parses a time in RFC 3339, or a day such as `2026-11-22`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (year, rest) = text.split_at_checked(4).filter(|(year, _)| year.bytes().all(|byte| byte.is_ascii_digit())).unzip();
        let given = year.and_then(|year| year.parse().ok()).zip(rest).map(|(year, rest)| Self { year, rest: rest.to_owned() });
        // A leap day of the Buddhist era need not be one of the common era.
        given
            .filter(|given| [given.year, given.year - BUDDHIST_YEARS].into_iter().any(|year| given.of_year(year).is_some()))
            .ok_or_else(|| "must be a time such as 2026-11-22T09:30:00Z or a day such as 2026-11-22".to_owned())
    }

    /// Asks as of it: of a day, as of its last instant.
    pub fn as_of(&self, out: &mut Output) -> Result<Timestamp, Failure> {
        let language = out.language;
        let (instant, words) = match self.read(language)? {
            Reading::Day(day) => (last_instant(day), say!(language, "date-as-of-day", day = language.date(day))),
            Reading::Instant(instant) => (instant, say!(language, "date-as-of", time = language.time(Some(&timestamp(instant))))),
        };
        out.says_date(words);
        Ok(timestamp(instant))
    }

    /// Asks for what is at or after it: from a day on, from its first instant.
    pub fn from(&self, out: &mut Output) -> Result<Timestamp, Failure> {
        let language = out.language;
        let (instant, words) = match self.read(language)? {
            Reading::Day(day) => (first_instant(day), say!(language, "date-from-day", day = language.date(day))),
            Reading::Instant(instant) => (instant, say!(language, "date-from", time = language.time(Some(&timestamp(instant))))),
        };
        out.says_date(words);
        Ok(timestamp(instant))
    }

    /// Asks for what is before it: up to a day, before the first instant of the next.
    pub fn to(&self, out: &mut Output) -> Result<Timestamp, Failure> {
        let language = out.language;
        let (instant, words) = match self.read(language)? {
            Reading::Day(day) => (first_instant(day + TimeDelta::days(1)), say!(language, "date-to-day", day = language.date(day))),
            Reading::Instant(instant) => (instant, say!(language, "date-to", time = language.time(Some(&timestamp(instant))))),
        };
        out.says_date(words);
        Ok(timestamp(instant))
    }

    /// Reads it in a language: Thai has years of the Buddhist era. Implausible years are refused.
    fn read(&self, language: Language) -> Result<Reading, Failure> {
        if self.is_day() {
            let year = year_of(self.year, language, |year| format!("{year}{}", self.rest))?;
            return self.of_year(year).ok_or_else(|| Failure::usage(say!(language, "date-no-day", date = self.text(self.year))));
        }
        let common = self.year - BUDDHIST_YEARS;
        let year = match language {
            Language::English if PLAUSIBLE_YEARS.contains(&common) => {
                return Err(other_era(language, &self.text(self.year), &self.text(common)));
            }
            Language::Thai if PLAUSIBLE_YEARS.contains(&common) => common,
            Language::English | Language::Thai => self.year,
        };
        self.of_year(year).ok_or_else(|| Failure::usage(say!(language, "date-no-day", date = self.text(self.year))))
    }

    fn is_day(&self) -> bool {
        !self.rest.contains(|letter: char| letter.is_ascii_alphabetic() || letter == ':')
    }

    fn text(&self, year: i32) -> String {
        format!("{year:04}{}", self.rest)
    }

    /// What it is in a year of the common era; `None` if there is no such time.
    fn of_year(&self, year: i32) -> Option<Reading> {
        let text = self.text(year);
        if self.is_day() {
            return NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().map(Reading::Day);
        }
        DateTime::parse_from_rfc3339(&text).ok().map(|instant| Reading::Instant(instant.to_utc()))
    }
}

/// The year of the common era that a written one is in a language; `text` writes the same date with another year. Years that are
/// implausible are refused, with what was probably meant.
pub fn year_of(written: i32, language: Language, text: impl Fn(i32) -> String) -> Result<i32, Failure> {
    let (year, other) = match language {
        Language::English => (written, written - BUDDHIST_YEARS),
        Language::Thai => (written - BUDDHIST_YEARS, written + BUDDHIST_YEARS),
    };
    // What would be plausible in the other era was probably meant of that one.
    let of_other_era = match language {
        Language::English => other,
        Language::Thai => written,
    };
    if PLAUSIBLE_YEARS.contains(&year) {
        Ok(year)
    } else if PLAUSIBLE_YEARS.contains(&of_other_era) {
        Err(other_era(language, &text(written), &text(other)))
    } else {
        let shift = written - year;
        let [first, last] = [PLAUSIBLE_YEARS.start(), PLAUSIBLE_YEARS.end()].map(|year| (year + shift).to_string());
        Err(Failure::usage(say!(language, "date-implausible", date = text(written), first = first, last = last)))
    }
}

fn other_era(language: Language, written: &str, meant: &str) -> Failure {
    Failure::usage(say!(language, "date-other-era", date = written, meant = meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, language: Language) -> Result<Reading, String> {
        GivenTime::parse(text)?.read(language).map_err(|failure| failure.text(language))
    }

    fn day(text: &str) -> Reading {
        Reading::Day(text.parse().expect("a date"))
    }

    fn instant(text: &str) -> Reading {
        Reading::Instant(text.parse().expect("an instant"))
    }

    #[test]
    fn a_day_is_meant_whole() {
        let date = "2026-02-28".parse().expect("a date");
        assert_eq!(timestamp(first_instant(date)), Timestamp { seconds: 1_772_236_800, nanos: 0 });
        assert_eq!(timestamp(last_instant(date)), Timestamp { seconds: 1_772_323_199, nanos: 999_999_999 });
        let mut out = Output::new(false, Language::English);
        let given = GivenTime::parse("2026-02-28").expect("a day");
        let [as_of, from, to] = [given.as_of(&mut out), given.from(&mut out), given.to(&mut out)].map(|time| time.expect("plausible"));
        assert_eq!((from.seconds, from.nanos), (1_772_236_800, 0));
        assert_eq!((as_of.seconds, as_of.nanos), (to.seconds - 1, 999_999_999));
        assert_eq!((to.seconds, to.nanos), (1_772_323_200, 0));
    }

    #[test]
    fn an_instant_is_what_it_says() {
        let mut out = Output::new(false, Language::English);
        let given = GivenTime::parse("2025-01-01T07:00:00+07:00").expect("an instant");
        for time in [given.as_of(&mut out), given.from(&mut out), given.to(&mut out)] {
            assert_eq!(time.expect("plausible"), Timestamp { seconds: 1_735_689_600, nanos: 0 });
        }
    }

    #[test]
    fn years_are_read_as_they_are_shown() {
        assert_eq!(read("2026-03-01", Language::English), Ok(day("2026-03-01")));
        assert_eq!(read("2569-03-01", Language::Thai), Ok(day("2026-03-01")));
        // 2567 is no leap year of the common era, and 2024 is.
        assert_eq!(read("2567-02-29", Language::Thai), Ok(day("2024-02-29")));
        assert_eq!(read("2569-03-01T07:00:00+07:00", Language::Thai), Ok(instant("2026-03-01T00:00:00Z")));
        // RFC 3339 has years of the common era, which no plausible one of the other era looks like.
        assert_eq!(read("2026-03-01T00:00:00Z", Language::Thai), Ok(instant("2026-03-01T00:00:00Z")));
        assert_eq!(read("9999-12-31T23:59:59Z", Language::English), Ok(instant("9999-12-31T23:59:59Z")));
    }

    #[test]
    fn implausible_years_are_refused_with_what_was_meant() {
        for (text, language, says) in [
            ("2569-03-01", Language::English, "write 2026-03-01"),
            ("2567-02-29", Language::English, "write 2024-02-29"),
            ("2569-03-01T00:00:00Z", Language::English, "write 2026-03-01T00:00:00Z"),
            ("2026-03-01", Language::Thai, "2569-03-01"),
            ("1026-03-01", Language::English, "1900"),
            ("9999-12-31", Language::English, "2200"),
            ("3000-03-01", Language::Thai, "2743"),
            ("2568-02-29", Language::Thai, "2568-02-29"),
        ] {
            let error = read(text, language).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "tomorrow", "2025-02-30", "2025-01-01T00:00:00", "1735689600", "+2025-01-01", "25-01-01", "พ.ศ."] {
            assert!(GivenTime::parse(text).is_err(), "{text}");
        }
    }
}
