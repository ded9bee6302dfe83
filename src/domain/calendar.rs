//! Instants, and calendar days and months in a time zone (rules 1.5).

use chrono::{DateTime, Datelike, Days, Duration, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
pub use chrono_tz::Tz;

/// An instant, to the nanosecond.
pub type Time = DateTime<Utc>;

/// The first instant that a protobuf timestamp can hold: the start of year 1.
pub const EARLIEST: Time = match DateTime::from_timestamp(-62_135_596_800, 0) {
    Some(time) => time,
    None => unreachable!(),
};

/// The last instant that a protobuf timestamp can hold: the end of year 9999. Later results are clamped to it.
pub const LATEST: Time = match DateTime::from_timestamp(253_402_300_799, 999_999_999) {
    Some(time) => time,
    None => unreachable!(),
};

/// A span in calendar units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Calendar days.
    Days(u32),
    /// Calendar months.
    Months(u32),
}

/// Returns the instant a span after `anchor`: the same local time that many days or months on (rules 1.5).
pub fn add_span(anchor: Time, span: Span, zone: Tz) -> Time {
    match span {
        Span::Days(days) => add_days(anchor, u64::from(days), zone),
        Span::Months(months) => add_months(anchor, months, zone),
    }
}

/// The same local time `days` calendar days on; zero days is the instant itself.
pub fn add_days(anchor: Time, days: u64, zone: Tz) -> Time {
    if days == 0 {
        return anchor;
    }
    let local = anchor.with_timezone(&zone).naive_local();
    local.checked_add_days(Days::new(days)).map_or(LATEST, |moved| resolve(moved, zone))
}

/// The same local time `days` calendar days before; zero days is the instant itself.
pub fn days_before(anchor: Time, days: u64, zone: Tz) -> Time {
    if days == 0 {
        return anchor;
    }
    let local = anchor.with_timezone(&zone).naive_local();
    local.checked_sub_days(Days::new(days)).map_or(EARLIEST, |moved| resolve(moved, zone))
}

/// The same local time `months` calendar months on, clamped to the month's last day, counted from the anchor.
pub fn add_months(anchor: Time, months: u32, zone: Tz) -> Time {
    if months == 0 {
        return anchor;
    }
    let local = anchor.with_timezone(&zone).naive_local();
    local.checked_add_months(Months::new(months)).map_or(LATEST, |moved| resolve(moved, zone))
}

/// A period over which tiers add up sales (rules 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A calendar month.
    Month,
    /// A calendar quarter, from January.
    Quarter,
    /// A calendar year.
    Year,
    /// Everything.
    Lifetime,
}

/// The local period that holds `time`, as [start, end); `None` for a lifetime.
pub fn period_around(time: Time, period: Period, zone: Tz) -> Option<(Time, Time)> {
    let local = time.with_timezone(&zone).date_naive();
    let (first_month, months) = match period {
        Period::Month => (local.month(), 1),
        Period::Quarter => ((local.month() - 1) / 3 * 3 + 1, 3),
        Period::Year => (1, 12),
        Period::Lifetime => return None,
    };
    let first = NaiveDate::from_ymd_opt(local.year(), first_month, 1)?;
    let next = first.checked_add_months(Months::new(months))?;
    Some((resolve(first.and_time(NaiveTime::MIN), zone), resolve(next.and_time(NaiveTime::MIN), zone)))
}

/// Returns the instant of a local time, clamped to the range of a timestamp: the first if it occurs twice, the first instant
/// after the gap if the zone skips it (rules 1.5).
fn resolve(local: NaiveDateTime, zone: Tz) -> Time {
    let instant = match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) => instant.with_timezone(&Utc),
        LocalResult::Ambiguous(first, second) => first.min(second).with_timezone(&Utc),
        LocalResult::None => first_after_gap(local, zone),
    };
    instant.clamp(EARLIEST, LATEST)
}

/// Returns the first whole second after a gap that holds `local`, by bisection: zones lie within 16 hours of UTC and skip a
/// day at most, so it lies within 26 hours.
fn first_after_gap(local: NaiveDateTime, zone: Tz) -> Time {
    let around = local.and_utc();
    let (mut before, mut past) = (-26 * 3600_i64, 26 * 3600_i64);
    while past - before > 1 {
        let middle = i64::midpoint(before, past);
        let instant = around + Duration::seconds(middle);
        if instant.with_timezone(&zone).naive_local() > local {
            past = middle;
        } else {
            before = middle;
        }
    }
    let instant = around + Duration::seconds(past);
    // Transitions fall on whole seconds; the anchor's fraction is not carried over the gap.
    DateTime::from_timestamp(instant.timestamp(), 0).unwrap_or(LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    #[test]
    fn months_are_counted_from_the_anchor_and_clamped() {
        let anchor = at("2025-01-31T10:00:00Z");
        assert_eq!(add_months(anchor, 1, Tz::UTC), at("2025-02-28T10:00:00Z"));
        assert_eq!(add_months(anchor, 2, Tz::UTC), at("2025-03-31T10:00:00Z"));
        assert_eq!(add_months(anchor, 0, Tz::UTC), anchor);
    }

    #[test]
    fn local_days_keep_the_local_time_over_a_clock_change() {
        let zone = Tz::Europe__Berlin;
        // 02:30 does not exist on 30 March 2025: the first instant after the gap is 03:00 (01:00 UTC).
        assert_eq!(add_days(at("2025-03-29T01:30:00.5Z"), 1, zone), at("2025-03-30T01:00:00Z"));
        // 02:30 occurs twice on 26 October 2025: the first is meant (00:30 UTC).
        assert_eq!(add_days(at("2025-10-25T00:30:00Z"), 1, zone), at("2025-10-26T00:30:00Z"));
        // Zero units is the instant itself, also within the second of the two hours.
        assert_eq!(add_days(at("2025-10-26T01:30:00Z"), 0, zone), at("2025-10-26T01:30:00Z"));
        assert_eq!(add_days(at("2025-03-29T11:00:00Z"), 1, zone), at("2025-03-30T10:00:00Z"));
    }

    #[test]
    fn days_are_counted_back_in_local_time_as_well() {
        let zone = Tz::Europe__Berlin;
        assert_eq!(days_before(at("2025-03-30T10:00:00Z"), 1, zone), at("2025-03-29T11:00:00Z"));
        assert_eq!(days_before(at("2025-03-30T10:00:00Z"), 0, zone), at("2025-03-30T10:00:00Z"));
        assert_eq!(days_before(EARLIEST, u64::MAX, Tz::UTC), EARLIEST);
    }

    #[test]
    fn a_skipped_day_ends_where_the_next_begins() {
        // Samoa skipped 30 December 2011.
        assert_eq!(add_days(at("2011-12-30T04:00:00Z"), 1, Tz::Pacific__Apia), at("2011-12-30T10:00:00Z"));
    }

    #[test]
    fn periods_are_local() {
        let zone = Tz::Asia__Bangkok;
        let time = at("2025-03-31T18:00:00Z");
        let month = period_around(time, Period::Month, zone).expect("bounded");
        assert_eq!(month, (at("2025-03-31T17:00:00Z"), at("2025-04-30T17:00:00Z")));
        let quarter = period_around(time, Period::Quarter, zone).expect("bounded");
        assert_eq!(quarter, (at("2025-03-31T17:00:00Z"), at("2025-06-30T17:00:00Z")));
        let year = period_around(time, Period::Year, zone).expect("bounded");
        assert_eq!(year, (at("2024-12-31T17:00:00Z"), at("2025-12-31T17:00:00Z")));
        assert_eq!(period_around(time, Period::Lifetime, zone), None);
    }

    #[test]
    fn what_lies_beyond_a_timestamp_is_cut_to_it() {
        assert_eq!(add_months(at("9999-01-01T00:00:00Z"), 1_200, Tz::UTC), LATEST);
        assert_eq!(add_days(LATEST, u64::MAX, Tz::UTC), LATEST);
        assert_eq!(EARLIEST, at("0001-01-01T00:00:00Z"));
        assert_eq!(LATEST, at("9999-12-31T23:59:59.999999999Z"));
    }
}
