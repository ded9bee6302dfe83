//! Values as each language writes them: amounts, dates, shares, parties.
//!
//! English tables have plain figures and ISO dates, as programs and people outside England read them; Thai ones have
//! groups of digits and dates of the Buddhist era. Letters, such as a month's statement, have groups in both.

use super::locale::Locale;
use super::text::{self, line};
use super::{Language, say};
use crate::domain::money::Currency;
use crate::proto;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Timelike as _, Utc};
use icu_calendar::{Date, Iso};
use icu_decimal::input::Decimal;
use prost_types::Timestamp;

impl Language {
    /// Minor units with their currency's decimals and its code, as tables show them: `1234.50 USD`.
    pub fn amount(self, currency_code: &str, minor_units: i64) -> String {
        match self {
            Self::English => text::amount(currency_code, minor_units),
            Self::Thai => self.grouped_amount(currency_code, minor_units),
        }
    }

    /// Minor units without the currency's code, where a heading names it: `1234.50`.
    pub fn bare_amount(self, currency_code: &str, minor_units: i64) -> String {
        match self {
            Self::English => text::bare_amount(currency_code, minor_units),
            Self::Thai => self.grouped(currency_code, minor_units),
        }
    }

    /// Minor units with groups of digits and the currency's code, as letters have them: `1,234.50 USD`.
    pub fn grouped_amount(self, currency_code: &str, minor_units: i64) -> String {
        match Currency::from_code(currency_code) {
            Some(currency) => format!("{} {currency}", self.grouped(currency_code, minor_units)),
            None => say!(self, "minor-units", amount = self.grouped(currency_code, minor_units), currency = line(currency_code)),
        }
    }

    /// Minor units with groups of digits and without the code: `1,234.50`. Of a currency that is not known, whole minor units.
    pub fn grouped(self, currency_code: &str, minor_units: i64) -> String {
        let decimals = Currency::from_code(currency_code).map_or(0, |currency| i16::from(currency.decimals()));
        let mut decimal = Decimal::from(minor_units);
        decimal.multiply_pow10(-decimals);
        Locale::of(self, |locale| locale.decimal.format(&decimal).to_string())
    }

    /// A number with groups of digits: `1,234`.
    pub fn number(self, number: i64) -> String {
        Locale::of(self, |locale| locale.decimal.format(&Decimal::from(number)).to_string())
    }

    /// An amount as tables show it; nothing if it is absent.
    pub fn money(self, money: Option<&proto::Money>) -> String {
        money.map(|money| self.amount(&money.currency_code, money.minor_units)).unwrap_or_default()
    }

    /// An instant in UTC as tables show it: the date alone if it is the date's first. Nothing if it is absent.
    pub fn time(self, time: Option<&Timestamp>) -> String {
        if self == Self::English {
            return text::time(time);
        }
        let Some(instant) = time else { return String::new() };
        match text::utc(instant) {
            Some(utc) if utc.time() == NaiveTime::MIN => self.date(utc.date_naive()),
            Some(utc) => format!("{} {}", self.date(utc.date_naive()), clock(&utc)),
            None => text::time(time),
        }
    }

    /// A date as tables show it: `2026-11-22`, `22 พ.ย. 2569`.
    pub fn date(self, date: NaiveDate) -> String {
        match self {
            Self::English => date.to_string(),
            Self::Thai => Locale::of(self, |locale| locale.date.format(&calendar_date(date)).to_string()),
        }
    }

    /// A date as letters have it: `22 November 2026`, `22 พฤศจิกายน 2569`.
    pub fn day(self, date: NaiveDate) -> String {
        Locale::of(self, |locale| locale.day.format(&calendar_date(date)).to_string())
    }

    /// The month of a date: `November 2026`, `พฤศจิกายน 2569`.
    pub fn month(self, date: NaiveDate) -> String {
        Locale::of(self, |locale| locale.month.format(&calendar_date(date)).to_string())
    }

    /// The month of a date where there is little room: `Nov 2026`, `พ.ย. 2569`.
    pub fn short_month(self, date: NaiveDate) -> String {
        Locale::of(self, |locale| locale.short_month.format(&calendar_date(date)).to_string())
    }

    /// Basis points as percent: `20 %`, `12.5 %`.
    pub fn percent(self, bps: u32) -> String {
        let mut decimal = Decimal::from(bps);
        decimal.multiply_pow10(-2);
        decimal.absolute.trim_end();
        match self {
            Self::English => text::percent(bps),
            Self::Thai => format!("{} %", Locale::of(self, |locale| locale.decimal.format(&decimal).to_string())),
        }
    }

    /// Basis points of any size and sign as percent, with groups of digits: `-12.5 %`, `1,150 %`.
    pub fn basis_points(self, basis_points: i64) -> String {
        let mut decimal = Decimal::from(basis_points);
        decimal.multiply_pow10(-2);
        decimal.absolute.trim_end();
        format!("{} %", Locale::of(self, |locale| locale.decimal.format(&decimal).to_string()))
    }

    /// The house or a partner.
    pub fn party(self, party: Option<&proto::Party>) -> String {
        match party.and_then(|party| party.party.as_ref()) {
            Some(proto::party::Party::House(_)) => say!(self, "the-house"),
            Some(proto::party::Party::PartnerId(partner_id)) => line(partner_id),
            None => say!(self, "nobody-yet"),
        }
    }
}

fn calendar_date(date: NaiveDate) -> Date<Iso> {
    let (month, day) = (u8::try_from(date.month()), u8::try_from(date.day()));
    let parts = month.ok().zip(day.ok());
    parts.and_then(|(month, day)| Date::try_new_iso(date.year(), month, day).ok()).expect("a date of one calendar is one of the other")
}

/// The time of day in UTC: `09:30:00 UTC`, with a fraction of a second if there is one.
fn clock(utc: &DateTime<Utc>) -> String {
    let fraction = if utc.nanosecond() == 0 { "%H:%M:%S UTC" } else { "%H:%M:%S%.f UTC" };
    utc.format(fraction).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: Language = Language::English;
    const THAI: Language = Language::Thai;

    #[test]
    fn amounts_have_groups_where_people_read_them() {
        assert_eq!([ENGLISH.amount("USD", 123_450), THAI.amount("USD", 123_450)], ["1234.50 USD", "1,234.50 USD"]);
        assert_eq!(ENGLISH.grouped_amount("USD", -123_456_789), "-1,234,567.89 USD");
        assert_eq!([THAI.grouped("JPY", 1_000), THAI.grouped("KWD", 1_234_567), THAI.grouped("USD", -5)], ["1,000", "1,234.567", "-0.05"]);
        assert_eq!(ENGLISH.grouped("USD", i64::MIN), "-92,233,720,368,547,758.08");
        assert_eq!(THAI.amount("ZZZ", 7), "7 หน่วยย่อยของ ZZZ");
    }

    #[test]
    fn percents_have_no_idle_zeros() {
        for bps in [0, 5, 50, 1_250, 2_000, 10_000] {
            assert_eq!(THAI.percent(bps), ENGLISH.percent(bps));
        }
        assert_eq!([THAI.percent(1_250), THAI.percent(123_456)], ["12.5 %", "1,234.56 %"]);
    }

    #[test]
    fn dates_are_of_the_language_s_calendar() {
        let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
        let midnight = at(1_795_305_600, 0);
        assert_eq!([ENGLISH.time(midnight.as_ref()), THAI.time(midnight.as_ref())], ["2026-11-22", "22 พ.ย. 2569"]);
        assert_eq!(THAI.time(at(1_795_305_661, 0).as_ref()), "22 พ.ย. 2569 00:01:01 UTC");
        assert_eq!(THAI.time(at(1_795_305_661, 5_000_000).as_ref()), "22 พ.ย. 2569 00:01:01.005 UTC");
        assert_eq!(THAI.time(None), "");
        let date = NaiveDate::from_ymd_opt(2024, 2, 29).expect("a leap day");
        assert_eq!([ENGLISH.day(date), THAI.day(date)], ["29 February 2024", "29 กุมภาพันธ์ 2567"]);
        assert_eq!([ENGLISH.month(date), THAI.month(date)], ["February 2024", "กุมภาพันธ์ 2567"]);
    }
}
