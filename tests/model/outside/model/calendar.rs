//! Calendar days and months in a time zone, by searching the instants themselves. Rules 1.5.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;

/// A point in time.
pub type Instant = DateTime<Utc>;

/// The zone that terms name; empty is UTC.
pub fn zone(name: &str) -> Tz {
    if name.is_empty() {
        return Tz::UTC;
    }
    name.parse().expect("a zone that the generator knows")
}

/// `days` calendar days after `start`.
pub fn plus_days(start: Instant, days: u64, zone: Tz) -> Instant {
    if days == 0 {
        return start;
    }
    first_reaching(local(start, zone) + Days::new(days), zone)
}

/// `days` calendar days before `end`.
pub fn minus_days(end: Instant, days: u64, zone: Tz) -> Instant {
    first_reaching(local(end, zone) - Days::new(days), zone)
}

/// `months` calendar months after `start`, clamped to the month's last day.
pub fn plus_months(start: Instant, months: u32, zone: Tz) -> Instant {
    if months == 0 {
        return start;
    }
    first_reaching(local(start, zone) + Months::new(months), zone)
}

/// The month, quarter or year around `at`: `months` is 1, 3 or 12.
pub fn period_around(at: Instant, months: u32, zone: Tz) -> (Instant, Instant) {
    let today = local(at, zone).date();
    let first_month = today.month0() / months * months;
    let start = today
        .with_day(1)
        .and_then(|day| day.with_month0(first_month))
        .expect("the first of a month exists")
        .and_hms_opt(0, 0, 0)
        .expect("midnight exists");
    let end = start + Months::new(months);
    (first_reaching(start, zone), first_reaching(end, zone))
}

fn local(at: Instant, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// The first instant at which the clocks of `zone` show `wanted` or, where they skip it, something later.
fn first_reaching(wanted: NaiveDateTime, zone: Tz) -> Instant {
    let shown = |at: Instant| local(at, zone);
    // No zone is further than 15 hours from UTC, and all are whole quarters of an hour from it, so that a walk by
    // quarters meets the instant itself, unless it is skipped.
    let mut at = Utc.from_utc_datetime(&wanted) - TimeDelta::hours(15);
    while shown(at + TimeDelta::minutes(15)) < wanted {
        at += TimeDelta::minutes(15);
    }
    if shown(at + TimeDelta::minutes(15)) == wanted {
        return at + TimeDelta::minutes(15);
    }
    // Clocks change at whole seconds.
    at = at.with_nanosecond(0).expect("zero is a nanosecond");
    while shown(at) < wanted {
        at += TimeDelta::seconds(1);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    #[test]
    fn months_are_clamped_and_counted_from_the_anchor() {
        let anchor = at("2025-01-31T10:00:00Z");
        assert_eq!(plus_months(anchor, 1, Tz::UTC), at("2025-02-28T10:00:00Z"));
        assert_eq!(plus_months(anchor, 2, Tz::UTC), at("2025-03-31T10:00:00Z"));
    }

    #[test]
    fn a_skipped_local_time_is_the_end_of_the_gap() {
        let berlin = zone("Europe/Berlin");
        // 02:30 on 30 March 2025 does not exist there; the gap ends at 01:00 UTC.
        let day_before = at("2025-03-29T01:30:00.5Z");
        assert_eq!(plus_days(day_before, 1, berlin), at("2025-03-30T01:00:00Z"));
    }

    #[test]
    fn a_repeated_local_time_is_its_first() {
        let berlin = zone("Europe/Berlin");
        // 02:30 on 26 October 2025 occurs at 00:30 and at 01:30 UTC.
        let day_before = at("2025-10-25T00:30:00Z");
        assert_eq!(plus_days(day_before, 1, berlin), at("2025-10-26T00:30:00Z"));
        let second = at("2025-10-26T01:30:00Z");
        assert_eq!(plus_days(second, 0, berlin), second);
    }

    #[test]
    fn periods_are_local() {
        let bangkok = zone("Asia/Bangkok");
        let late_on_new_years_eve = at("2024-12-31T17:00:00Z");
        assert_eq!(period_around(late_on_new_years_eve, 3, bangkok), (at("2024-12-31T17:00:00Z"), at("2025-03-31T17:00:00Z")));
    }
}
