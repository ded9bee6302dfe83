//! The time and the position that a page is asked for: a part of its address, so that it can be cited.

use super::parameters::Parameters;
pub use crate::language::days::{first_instant, last_instant, timestamp};
use crate::language::{Language, say};
use crate::proto::ReadOptions;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

/// The parameter of the time: a day, which means its end in UTC, or an instant in RFC 3339.
pub const AS_OF: &str = "as_of";
/// The parameter of the position.
pub const POSITION: &str = "position";

/// The time and the position that a page is asked for; without them it is now, with all that is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The time as it stands in the address; empty if it does not.
    pub as_of: String,
    /// The position as it stands in the address; empty if it does not.
    pub position: String,
    instant: Option<DateTime<Utc>>,
    known: Option<u64>,
}

impl Moment {
    /// Reads what an address says.
    ///
    /// # Errors
    /// What is no time, or no position.
    pub fn read(parameters: &Parameters, language: Language) -> Result<Self, String> {
        let (as_of, position) = (parameters.get(AS_OF).to_owned(), parameters.get(POSITION).to_owned());
        let instant = match as_of.as_str() {
            "" => None,
            text => Some(instant_of(text).ok_or_else(|| say!(language, "date-no-day", date = crate::language::text::line(text)))?),
        };
        let known = match position.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| say!(language, "console-no-position", text = crate::language::text::line(text)))?),
        };
        Ok(Self { as_of, position, instant, known })
    }

    /// As the contract has it.
    pub fn options(&self) -> ReadOptions {
        ReadOptions { as_of: self.instant.map(timestamp), as_of_position: self.known, min_position: None }
    }

    /// The same for another time, which is looked at with the records of this position.
    pub fn options_at(&self, instant: DateTime<Utc>) -> ReadOptions {
        ReadOptions { as_of: Some(timestamp(instant)), as_of_position: self.known, min_position: None }
    }

    /// Whether it is now, with all that is recorded.
    pub fn is_now(&self) -> bool {
        self.instant.is_none() && self.known.is_none()
    }

    /// The time that is asked for; the present if it is not said.
    pub fn time(&self) -> DateTime<Utc> {
        self.instant.unwrap_or_else(Utc::now)
    }

    /// In words: `as of 2025-12-01, as known at position 120`; empty if it is now.
    pub fn told(&self, language: Language) -> String {
        let mut told = Vec::new();
        if let Some(instant) = self.instant {
            told.push(match self.as_of.parse::<NaiveDate>() {
                Ok(day) => say!(language, "date-as-of-day", day = language.day(day)),
                Err(_) => say!(language, "date-as-of", time = language.time(Some(&timestamp(instant)))),
            });
        }
        if let Some(known) = self.known {
            told.push(say!(language, "console-known-at", position = known.to_string()));
        }
        told.join(", ")
    }
}

/// The instant of a text: that of RFC 3339, or the last one of a day in UTC.
pub fn instant_of(text: &str) -> Option<DateTime<Utc>> {
    let instant = match text.parse::<NaiveDate>() {
        Ok(day) => Some(last_instant(day)),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc()),
    };
    // Those that the contract has.
    instant.filter(|instant| (1..=9_999).contains(&instant.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Moment, String> {
        Moment::read(&Parameters::read(query.as_bytes()), Language::English)
    }

    #[test]
    fn years_that_the_contract_does_not_have_are_refused() {
        for text in ["+10000-01-01", "-262143-01-01", "-0001-01-01", "0000-01-01", "+262142-12-30"] {
            assert_eq!(instant_of(text), None, "{text}");
            assert!(
                Moment::read(&Parameters::read(format!("as_of={}", text.replace('+', "%2B")).as_bytes()), Language::English).is_err(),
                "{text}"
            );
        }
        assert!(instant_of("9999-12-31").is_some());
    }

    #[test]
    fn a_day_is_meant_whole_and_an_instant_as_it_is() {
        let day = read("as_of=2025-12-01&position=7").expect("good");
        assert_eq!(day.options().as_of_position, Some(7));
        assert_eq!(day.time().to_rfc3339(), "2025-12-01T23:59:59.999999999+00:00");
        assert_eq!(day.told(Language::English), "as of the end of 1 December 2025 (UTC), as known at position 7");
        assert_eq!(read("as_of=2025-12-01T07:00:00%2B07:00").expect("good").time().to_rfc3339(), "2025-12-01T00:00:00+00:00");
        assert!(read("").expect("good").is_now());
    }

    #[test]
    fn what_is_no_time_or_position_is_said() {
        assert!(read("as_of=yesterday").expect_err("no time").contains("yesterday"));
        assert!(read("position=-1").expect_err("no position").contains("-1"));
    }
}
