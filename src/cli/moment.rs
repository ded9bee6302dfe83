//! The time and the position that a question is asked for.

use chrono::{DateTime, NaiveDate, NaiveTime};
use partnership_ledger::proto::ReadOptions;
use prost_types::Timestamp;

/// The options of every question.
#[derive(clap::Args)]
pub struct Moment {
    /// Answer as of this time, in the past or the future
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    as_of: Option<Timestamp>,
    /// Answer as known when this position was the last
    #[arg(long, value_name = "N")]
    as_of_position: Option<u64>,
}

impl Moment {
    /// Returns them as the contract's options.
    pub fn options(&self) -> ReadOptions {
        ReadOptions { as_of: self.as_of, as_of_position: self.as_of_position, min_position: None }
    }

    /// Returns the position.
    pub fn as_of_position(&self) -> Option<u64> {
        self.as_of_position
    }
}

/// Parses a time in RFC 3339, or a date, which means its first instant in UTC.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    let time = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) => date.and_time(NaiveTime::MIN).and_utc(),
        Err(_) => DateTime::parse_from_rfc3339(text)
            .map_err(|_| "must be a time such as 2026-11-22T09:30:00Z or a date such as 2026-11-22".to_owned())?
            .to_utc(),
    };
    // A leap second reads as more than 10^9 nanoseconds, which the contract's times do not have.
    let nanos = time.timestamp_subsec_nanos().min(999_999_999);
    Ok(Timestamp { seconds: time.timestamp(), nanos: i32::try_from(nanos).map_err(|error| error.to_string())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_instant_in_utc() {
        let midnight = Timestamp { seconds: 1_735_689_600, nanos: 0 };
        assert_eq!(parse_time("2025-01-01"), Ok(midnight));
        assert_eq!(parse_time("2025-01-01T00:00:00Z"), Ok(midnight));
        assert_eq!(parse_time("2025-01-01T07:00:00+07:00"), Ok(midnight));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "tomorrow", "2025-02-30", "2025-01-01T00:00:00", "1735689600"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
