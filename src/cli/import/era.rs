//! Years of the Buddhist era, which are 543 more than the common ones.

use chrono::format::Parsed;

/// What a year is more than the common one.
const AHEAD: i32 = 543;
/// The century of years that are written with two digits.
const CENTURY: i32 = 2_500;
/// No earlier year is taken for one of this era: a sheet that mixes eras would be recorded centuries off.
const FIRST_YEAR: i32 = 2_400;

/// Why something read is no time of this era.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It names no year.
    NoYear,
    /// The year is most likely a common one.
    TooEarly(i32),
}

/// What was read, with the common year. It is done before days are looked at: 29 February 2567 is in a leap year, and
/// the year 2567 of the common era is none.
pub fn in_common_era(read: &Parsed) -> Result<Parsed, Unfit> {
    let year = match (read.year(), read.year_div_100(), read.year_mod_100()) {
        (Some(year), ..) => year,
        (None, Some(century), Some(year)) => 100 * century + year,
        (None, None, Some(year)) => CENTURY + year,
        _ => return Err(Unfit::NoYear),
    };
    if year < FIRST_YEAR {
        return Err(Unfit::TooEarly(year));
    }
    with_year(read, year - AHEAD).ok_or(Unfit::NoYear)
}

/// The same day and hour in another year.
fn with_year(read: &Parsed, year: i32) -> Option<Parsed> {
    let mut other = Parsed::new();
    other.set_year(year.into()).ok()?;
    if let Some(month) = read.month() {
        other.set_month(month.into()).ok()?;
    }
    if let Some(day) = read.day() {
        other.set_day(day.into()).ok()?;
    }
    if let Some(ordinal) = read.ordinal() {
        other.set_ordinal(ordinal.into()).ok()?;
    }
    if let Some(weekday) = read.weekday() {
        other.set_weekday(weekday).ok()?;
    }
    if let (Some(half), Some(hour)) = (read.hour_div_12(), read.hour_mod_12()) {
        other.set_hour((12 * half + hour).into()).ok()?;
    }
    if let Some(minute) = read.minute() {
        other.set_minute(minute.into()).ok()?;
    }
    if let Some(second) = read.second() {
        other.set_second(second.into()).ok()?;
    }
    if let Some(nanosecond) = read.nanosecond() {
        other.set_nanosecond(nanosecond.into()).ok()?;
    }
    if let Some(offset) = read.offset() {
        other.set_offset(offset.into()).ok()?;
    }
    Some(other)
}
