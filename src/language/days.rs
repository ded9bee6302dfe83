//! Days in UTC as instants, and instants as the contract has them.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use prost_types::Timestamp;

/// The first instant of a day in UTC.
pub fn first_instant(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The last instant of a day in UTC. What takes effect at a close takes effect after it, at the first instant of the next day.
pub fn last_instant(day: NaiveDate) -> DateTime<Utc> {
    first_instant(day) + TimeDelta::nanoseconds(86_400_000_000_000 - 1)
}

/// An instant as the contract has it. A leap second reads as more than 10^9 nanoseconds, which the contract's times do not have.
pub fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    let nanos = instant.timestamp_subsec_nanos().min(999_999_999);
    Timestamp { seconds: instant.timestamp(), nanos: i32::try_from(nanos).expect("below 10^9") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_before_the_next_one_and_leap_seconds_are_instants_of_the_contract() {
        for day in [NaiveDate::MIN, NaiveDate::MAX, NaiveDate::default()] {
            assert_eq!(last_instant(day).date_naive(), day);
        }
        assert_eq!(
            last_instant(NaiveDate::default()) + TimeDelta::nanoseconds(1),
            first_instant(NaiveDate::default().succ_opt().expect("a day"))
        );
        let leap = DateTime::parse_from_rfc3339("2016-12-31T23:59:60Z").expect("a leap second").to_utc();
        assert_eq!(timestamp(leap).nanos, 999_999_999);
    }
}
