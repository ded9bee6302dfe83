//! Words of sentences: times, shares and sides, as a person reads them.

use crate::domain::State;
use crate::domain::calendar::Time;
use crate::domain::leads::Owner;
use crate::domain::money::{Currency, Money};
use chrono::Timelike;

/// A time: the date alone at midnight UTC, else to the minute.
pub fn when(time: Time) -> String {
    let at_midnight = time.num_seconds_from_midnight() == 0 && time.nanosecond() == 0;
    time.format(if at_midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M UTC" }).to_string()
}

/// Basis points as a percentage: `20 %`, `12.5 %`, `0.05 %`.
pub fn percent(bps: u32) -> String {
    let (whole, part) = (bps / 100, bps % 100);
    match part {
        0 => format!("{whole} %"),
        _ if part.is_multiple_of(10) => format!("{whole}.{} %", part / 10),
        _ => format!("{whole}.{part:02} %"),
    }
}

/// Who owns a lead: the house, or a partner by its id.
pub fn owner(owner: Owner, state: &State) -> String {
    match owner {
        Owner::House => "the house".to_owned(),
        Owner::Partner(row) => state.partners.key(row).to_string(),
    }
}

/// An amount of a message, with its currency's decimals.
pub fn amount(money: &crate::proto::Money) -> String {
    match Currency::from_code(&money.currency_code) {
        Some(currency) => Money::new(currency, money.minor_units).to_string(),
        None => format!("{} {}", money.minor_units, money.currency_code),
    }
}

/// The sentence with a capital at its beginning, unless an id stands there.
pub fn begun(sentence: &str) -> String {
    sentence.strip_prefix("the ").map_or_else(|| sentence.to_owned(), |rest| format!("The {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_without_idle_zeros() {
        assert_eq!([0, 5, 50, 1_250, 2_000, 10_000].map(percent), ["0 %", "0.05 %", "0.5 %", "12.5 %", "20 %", "100 %"]);
    }

    #[test]
    fn times_are_dates_at_midnight() {
        let at = |text: &str| text.parse().expect("a time");
        assert_eq!(when(at("2025-03-03T00:00:00Z")), "2025-03-03");
        assert_eq!(when(at("2025-03-03T10:05:59Z")), "2025-03-03 10:05 UTC");
    }
}
