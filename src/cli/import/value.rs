//! Cells as values: amounts, times, words. Exact, or with a reason why not.

use super::era::{self, Unfit};
use super::problem::{Problem, problem};
use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use partnership_ledger::domain::money::Currency;
use std::fmt::Write as _;
use uuid::fmt::Hyphenated;

/// How amounts are written.
#[derive(Clone, Debug)]
pub struct AmountStyle {
    /// Between the whole and its decimals.
    pub decimal: char,
    /// Between groups of three digits, if anything is.
    pub thousands: Option<char>,
    /// What may stand around the number, such as "$".
    pub strip: Vec<String>,
    /// Whether the number is minor units already.
    pub minor_units: bool,
}

/// Parses an amount into minor units of a currency, without rounding.
pub fn amount(text: &str, currency: Currency, style: &AmountStyle) -> Result<i64, Problem> {
    let not_an_amount = || {
        let example = if style.minor_units { "1250".to_owned() } else { format!("12{}50", style.decimal) };
        problem!("NOT_AN_AMOUNT", "import-not-an-amount", text = text, example = example)
    };
    let (is_negative, number) = unsigned(text, &style.strip);
    let (whole, decimals) = number.split_once(style.decimal).unwrap_or((number.as_str(), ""));
    let whole = ungrouped(whole, style.thousands).ok_or_else(not_an_amount)?;
    if (whole.is_empty() && decimals.is_empty()) || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(not_an_amount());
    }
    let allowed = if style.minor_units { 0 } else { usize::from(currency.decimals()) };
    let significant = decimals.trim_end_matches('0');
    if significant.len() > allowed {
        return Err(if style.minor_units {
            problem!("TOO_MANY_DECIMALS", "import-not-minor-units", text = text)
        } else {
            let (decimals, currency) = (significant.len(), currency.code());
            problem!(
                "TOO_MANY_DECIMALS",
                "import-too-many-decimals",
                text = text,
                decimals = decimals,
                currency = currency,
                allowed = allowed
            )
        });
    }
    let digits = format!("{whole}{significant:0<allowed$}");
    let too_large = |_| problem!("AMOUNT_TOO_LARGE", "import-too-large", text = text);
    let minor_units: i64 = digits.parse().map_err(too_large)?;
    Ok(if is_negative { -minor_units } else { minor_units })
}

/// Returns whether a number is negative, by a minus or by brackets, and the number without its sign and what stands around it.
fn unsigned(text: &str, strip: &[String]) -> (bool, String) {
    let mut rest = text.trim();
    let (mut is_negative, mut before) = (false, "");
    while before != rest {
        before = rest;
        for around in strip.iter().filter(|around| !around.is_empty()) {
            rest = rest.strip_prefix(around.as_str()).unwrap_or(rest);
            rest = rest.strip_suffix(around.as_str()).unwrap_or(rest).trim();
        }
        if let Some(number) = rest.strip_prefix(['-', '\u{2212}']).filter(|_| !is_negative) {
            (is_negative, rest) = (true, number.trim_start());
        } else if let Some(number) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|_| !is_negative) {
            (is_negative, rest) = (true, number.trim());
        }
    }
    (is_negative, rest.strip_prefix('+').filter(|_| !is_negative).unwrap_or(rest).to_owned())
}

/// Returns digits without the separators of thousands; `None` for anything else.
fn ungrouped(whole: &str, thousands: Option<char>) -> Option<String> {
    let groups: Vec<&str> = match thousands {
        Some(mark) => whole.split(mark).collect(),
        None => vec![whole],
    };
    let is_grouped_well = groups.len() == 1 || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3));
    let digits = groups.concat();
    (is_grouped_well && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

/// The currency of a code, in letters of any size.
pub fn currency(text: &str) -> Result<Currency, Problem> {
    Currency::from_code(&text.to_ascii_uppercase()).ok_or_else(|| problem!("UNKNOWN_CURRENCY", "import-unknown-currency", text = text))
}

/// How times are written.
#[derive(Clone, Debug)]
pub struct TimeStyle {
    /// The formats to try, in order; empty: RFC 3339, and a date.
    pub formats: Vec<String>,
    /// The zone of times that name none.
    pub zone: Tz,
    /// Whether years are those of the Buddhist era, 543 more.
    pub buddhist_era: bool,
}

/// Whether a format of times is valid.
pub fn is_format(format: &str) -> bool {
    matches!(format, "unix" | "unix_ms") || StrftimeItems::new(format).all(|item| item != Item::Error)
}

/// The instant of a text; of a date the first instant of the day. A local time that occurs twice means the first, a
/// skipped one the first instant after the gap (rules 1.5).
pub fn time(text: &str, style: &TimeStyle) -> Result<DateTime<Utc>, Problem> {
    let usual = ["%+", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"].map(str::to_owned);
    let formats: &[String] = if style.formats.is_empty() { &usual } else { &style.formats };
    let mut too_early = None;
    for format in formats {
        let read = match format.as_str() {
            "unix" => text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            "unix_ms" => text.parse().ok().and_then(DateTime::from_timestamp_millis),
            format => parsed(text, format).and_then(|parsed| match style.in_common_era(parsed) {
                Ok(parsed) => instant(&parsed, style.zone),
                Err(Unfit::NoYear) => None,
                Err(Unfit::TooEarly(year)) => {
                    too_early = Some(year);
                    None
                }
            }),
        };
        if let Some(time) = read {
            return Ok(time);
        }
    }
    Err(match too_early {
        Some(year) => problem!("NOT_A_TIME", "import-not-buddhist-era", text = text, year = year),
        None => {
            let form = if style.formats.is_empty() { "2026-01-31T09:30:00Z or 2026-01-31".to_owned() } else { formats.join(" or ") };
            problem!("NOT_A_TIME", "import-not-a-time", text = text, form = form)
        }
    })
}

impl TimeStyle {
    /// Returns what was read with the year of the common era; a Unix time has none.
    fn in_common_era(&self, parsed: Parsed) -> Result<Parsed, Unfit> {
        if self.buddhist_era && parsed.timestamp().is_none() { era::in_common_era(&parsed) } else { Ok(parsed) }
    }
}

/// Parses the parts of a time, such as year and hour.
fn parsed(text: &str, format: &str) -> Option<Parsed> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, StrftimeItems::new(format)).ok()?;
    Some(parsed)
}

fn instant(parsed: &Parsed, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(time) = parsed.to_datetime() {
        return Some(time.to_utc());
    }
    let date = || parsed.to_naive_date().ok().map(|date| date.and_time(NaiveTime::MIN));
    let local = parsed.to_naive_datetime_with_offset(0).ok().or_else(date)?;
    // A leap second is more than the contract's times hold.
    let local = local.with_nanosecond(local.nanosecond().min(999_999_999))?;
    in_zone(local, zone)
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => Some(time.to_utc()),
        LocalResult::Ambiguous(first, second) => Some(first.min(second).to_utc()),
        LocalResult::None => {
            // Gaps begin and end on whole minutes, and are a day long at the most.
            let minute = local.with_second(0)?.with_nanosecond(0)?;
            (1..=26 * 60).find_map(|minutes| Some(zone.from_local_datetime(&(minute + TimeDelta::minutes(minutes))).earliest()?.to_utc()))
        }
    }
}

/// Yes or no.
pub fn flag(text: &str) -> Result<bool, Problem> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Ok(true),
        "no" | "n" | "false" | "0" => Ok(false),
        _ => Err(problem!("UNKNOWN_WORD", "import-not-yes-or-no", text = text)),
    }
}

/// One of the contract's words, with or without its prefix, in letters of any size.
pub fn word(text: &str, words: &[&str]) -> Result<String, Problem> {
    let plain = text.to_uppercase().replace([' ', '-'], "_");
    let known = words.iter().find(|word| **word == plain).map(|word| (*word).to_owned());
    known.ok_or_else(|| problem!("UNKNOWN_WORD", "import-unknown-word", text = text, words = words.join(", ")))
}

/// Escapes any text to an id, reversibly: `:` and bytes that ids may not hold become `:` and two hexadecimal digits.
pub fn escaped_id(text: &str) -> String {
    let mut id = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            id.push(char::from(byte));
        } else {
            let _ = write!(id, ":{byte:02x}");
        }
    }
    id
}

/// Returns the id of a row's event: a UUID (version 5) of the kind of event and the row's identity alone.
pub fn event_id(event: &str, identity: &[String]) -> Hyphenated {
    /// Never changes: another one would make other ids, and all rows would be imported again.
    const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x7d3c_1d5e_4b0a_5c6f_9a57_30b1_c04e_8f21);
    let mut name = event.to_owned();
    for part in identity {
        name.push('\0');
        name.push_str(part);
    }
    uuid::Uuid::new_v5(&NAMESPACE, name.as_bytes()).hyphenated()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(decimal: char, thousands: Option<char>) -> AmountStyle {
        AmountStyle { decimal, thousands, strip: vec!["$".to_owned(), "USD".to_owned(), "฿".to_owned()], minor_units: false }
    }

    fn units(text: &str, code: &str, style: &AmountStyle) -> Result<i64, String> {
        amount(text, currency(code).expect("a currency"), style).map_err(|problem| problem.code)
    }

    #[test]
    fn amounts_are_exact_in_the_currency_s_decimals() {
        let plain = style('.', Some(','));
        for (text, code, expected) in [
            ("12.34", "USD", 1_234),
            ("12", "usd", 1_200),
            ("12.3", "USD", 1_230),
            (".5", "USD", 50),
            ("1000", "JPY", 1_000),
            ("0.001", "KWD", 1),
            ("1,234,567.89", "USD", 123_456_789),
            ("$ 1,000.00", "USD", 100_000),
            ("-$5", "USD", -500),
            ("(5.00)", "USD", -500),
            ("\u{2212}5", "USD", -500),
            ("+5", "USD", 500),
            ("12.3400", "USD", 1_234),
            ("12.00", "JPY", 12),
            ("฿99.95", "THB", 9_995),
            ("1234 USD", "USD", 123_400),
            ("92233720368547758.07", "USD", i64::MAX),
        ] {
            assert_eq!(units(text, code, &plain), Ok(expected), "{text} {code}");
        }
        assert_eq!(units("1.234.567,89", "EUR", &style(',', Some('.'))), Ok(123_456_789));
        assert_eq!(units("1250", "USD", &AmountStyle { minor_units: true, ..plain }), Ok(1_250));
    }

    #[test]
    fn what_is_no_amount_is_named() {
        let plain = style('.', Some(','));
        for (text, code, reason) in [
            ("12.345", "USD", "TOO_MANY_DECIMALS"),
            ("0.5", "JPY", "TOO_MANY_DECIMALS"),
            ("", "USD", "NOT_AN_AMOUNT"),
            ("-", "USD", "NOT_AN_AMOUNT"),
            ("1,23", "USD", "NOT_AN_AMOUNT"),
            ("1234,567", "USD", "NOT_AN_AMOUNT"),
            ("1.2.3", "USD", "NOT_AN_AMOUNT"),
            ("1e3", "USD", "NOT_AN_AMOUNT"),
            ("--5", "USD", "NOT_AN_AMOUNT"),
            ("(-5)", "USD", "NOT_AN_AMOUNT"),
            ("five", "USD", "NOT_AN_AMOUNT"),
            ("๕", "USD", "NOT_AN_AMOUNT"),
            ("99999999999999999999", "USD", "AMOUNT_TOO_LARGE"),
        ] {
            assert_eq!(units(text, code, &plain), Err(reason.to_owned()), "{text} {code}");
        }
        assert_eq!(units("12,50", "EUR", &style('.', None)), Err("NOT_AN_AMOUNT".to_owned()));
        assert_eq!(units("12.50", "USD", &AmountStyle { minor_units: true, ..plain }), Err("TOO_MANY_DECIMALS".to_owned()));
    }

    fn read(text: &str, formats: &[&str], zone: Tz, buddhist_era: bool) -> Option<String> {
        let style = TimeStyle { formats: formats.iter().map(ToString::to_string).collect(), zone, buddhist_era };
        time(text, &style).ok().map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn times_are_read_in_their_form_and_zone() {
        let bangkok = Tz::Asia__Bangkok;
        for (text, formats, zone, expected) in [
            ("2025-03-01T10:00:00+07:00", &[][..], Tz::UTC, "2025-03-01T03:00:00Z"),
            ("2025-03-01T10:00:00.250Z", &[], bangkok, "2025-03-01T10:00:00.250Z"),
            ("2025-03-01", &[], bangkok, "2025-02-28T17:00:00Z"),
            ("31/12/2024 23:59", &["%d/%m/%Y", "%d/%m/%Y %H:%M"], bangkok, "2024-12-31T16:59:00Z"),
            ("1735689600", &["unix"], bangkok, "2025-01-01T00:00:00Z"),
            ("1735689600123", &["unix_ms"], Tz::UTC, "2025-01-01T00:00:00.123Z"),
            // Skipped: the first instant after the gap; twice: the first.
            ("2025-03-30 02:30:00", &[], Tz::Europe__Berlin, "2025-03-30T01:00:00Z"),
            ("2025-10-26 02:30:00", &[], Tz::Europe__Berlin, "2025-10-26T00:30:00Z"),
        ] {
            assert_eq!(read(text, formats, zone, false).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "2025-02-30", "yesterday", "45000", "01/02/2025"] {
            assert_eq!(read(text, &[], Tz::UTC, false), None, "{text}");
        }
    }

    #[test]
    fn years_of_the_buddhist_era_become_common_ones() {
        for (text, formats, expected) in [
            ("29/02/2567", &["%d/%m/%Y"][..], "2024-02-29T00:00:00Z"),
            ("01/02/68", &["%d/%m/%y"], "2025-02-01T00:00:00Z"),
            ("01/02/68", &["%d/%m/%Y", "%d/%m/%y"], "2025-02-01T00:00:00Z"),
            ("29/02/67 11:30 PM", &["%d/%m/%y %I:%M %p"], "2024-02-29T23:30:00Z"),
            ("2400 01/02/2568", &["%H%M %d/%m/%Y", "2400 %d/%m/%Y"], "2025-02-01T00:00:00Z"),
            ("0930 01/02/2568", &["%H%M %d/%m/%Y"], "2025-02-01T09:30:00Z"),
            ("25680201", &["%Y%m%d"], "2025-02-01T00:00:00Z"),
            ("Sat 01.02.2568", &["%a %d.%m.%Y"], "2025-02-01T00:00:00Z"),
            ("2568-02-01T09:30:15.25+07:00", &[], "2025-02-01T02:30:15.250Z"),
            ("2568-02-01", &[], "2025-02-01T00:00:00Z"),
            ("2400-12-31", &[], "1857-12-31T00:00:00Z"),
            ("1735689600", &["unix"], "2025-01-01T00:00:00Z"),
            ("1735689600", &["%s"], "2025-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text, formats, Tz::UTC, true).as_deref(), Some(expected), "{text} {formats:?}");
        }
        for (text, formats) in [("01/02", &["%d/%m"][..]), ("2025-W05-6", &["%G-W%V-%u"]), ("29/02/68", &["%d/%m/%y"])] {
            assert_eq!(read(text, formats, Tz::UTC, true), None, "{text} {formats:?}");
        }
    }

    #[test]
    fn common_years_are_not_taken_for_those_of_the_buddhist_era() {
        for (text, formats) in
            [("2026-03-01", &[][..]), ("2399-12-31", &[]), ("01/03/2026", &["%d/%m/%y", "%d/%m/%Y"]), ("20260301", &["%Y%m%d"])]
        {
            let style = TimeStyle { formats: formats.iter().map(ToString::to_string).collect(), zone: Tz::UTC, buddhist_era: true };
            let problem = time(text, &style).expect_err(text);
            assert_eq!(problem.code, "NOT_A_TIME");
            let sentence = problem.sentence(crate::cli::language::Language::English);
            assert!(sentence.contains("none of the Buddhist era (2569 is 2026)"), "{sentence}");
        }
    }

    #[test]
    fn formats_are_checked_before_any_row_is() {
        assert!(["%d/%m/%Y", "%+", "unix"].iter().all(|format| is_format(format)));
        assert!(!is_format("%Q"));
    }

    #[test]
    fn texts_become_ids_and_stay_apart() {
        assert_eq!(escaped_id("jo@acme.example"), "jo:40acme.example");
        assert_eq!([escaped_id("a:40"), escaped_id("a@")], ["a:3a40", "a:40"]);
    }

    #[test]
    fn event_ids_come_from_the_identity_alone() {
        let id = |event: &str, parts: &[&str]| event_id(event, &parts.iter().map(ToString::to_string).collect::<Vec<_>>()).to_string();
        assert_eq!(id("sale_recorded", &["s-1"]), "3c701d19-98ad-5ae0-9168-cfe47b1b9ea5", "pinned: another id would import rows again");
        assert_ne!(id("sale_recorded", &["s-1"]), id("lead_referred", &["s-1"]));
        assert_ne!(id("lead_referred", &["a", "b"]), id("lead_referred", &["ab"]));
    }
}
