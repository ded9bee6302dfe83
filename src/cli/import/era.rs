//! Years of the Buddhist era, which are 543 more than the common ones.

use chrono::format::Parsed;

/// The difference to the year of the common era.
const OFFSET: i32 = 543;
/// The century of years that are written with two digits.
const CENTURY: i32 = 2_500;
/// The first year that is accepted: a sheet that mixes eras would otherwise be recorded centuries off.
const FIRST_YEAR: i32 = 2_400;

/// Why a time is not of this era.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It names no year.
    NoYear,
    /// The year is most likely a common one.
    TooEarly(i32),
}

/// Returns what was read with the year of the common era. Dates are validated afterwards: 29 February 2567 is valid, but 2567
/// of the common era is no leap year.
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
    with_year(read, year - OFFSET).ok_or(Unfit::NoYear)
}

/// Returns the same parts with another year.
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
