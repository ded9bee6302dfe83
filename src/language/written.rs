//! Amounts as people write them.

use crate::domain::money::Currency;
use crate::proto::Money;

/// Returns an amount that is written with its currency before or behind it: `499.00USD`, `USD 1,234.50`. `None` if it is none, or has
/// more decimals than the currency.
pub fn money(text: &str) -> Option<Money> {
    let text = text.trim();
    let is_letter = |letter: char| letter.is_ascii_alphabetic();
    let code = text.trim_matches(|letter: char| !is_letter(letter));
    let number = text.strip_prefix(code).or_else(|| text.strip_suffix(code))?;
    let currency = Currency::from_code(&code.to_ascii_uppercase())?;
    let minor_units = minor_units(number.trim(), usize::from(currency.decimals()))?;
    Some(Money { currency_code: currency.code().to_owned(), minor_units })
}

/// Returns the minor units of an amount, with groups of three digits or without; `None` if it is none, or has more decimals. A comma that
/// stands for a decimal point is refused and not taken for a group.
pub fn minor_units(text: &str, decimals: usize) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let groups: Vec<&str> = whole.split([',', ' ']).collect();
    let is_grouped = groups.len() == 1 || groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
    let has_part = text.contains('.');
    if !is_grouped || !groups.iter().all(|group| is_number(group)) || has_part && !is_number(part) || part.len() > decimals {
        return None;
    }
    format!("{sign}{}{part:0<decimals$}", groups.concat()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them_and_nothing_else_is() {
        for (text, expected) in [("1,234.50", 123_450), ("1234", 123_400), ("0.5", 50), ("-12.30", -1_230), ("1 000.00", 100_000)] {
            assert_eq!(minor_units(text, 2), Some(expected), "{text}");
        }
        assert_eq!(minor_units("1000", 0), Some(1_000));
        for bad in
            ["", "1.234", "12.", "abc", "--1", "1.-5", "99999999999999999999", "-", "12,50", "1,50", "1,2345", "1234,567", ",500", ".5"]
        {
            assert_eq!(minor_units(bad, 2), None, "{bad}");
        }
    }

    #[test]
    fn an_amount_has_its_currency_before_or_behind_it() {
        let usd = |minor_units| Some(Money { currency_code: "USD".to_owned(), minor_units });
        for text in ["499.00USD", "499 USD", "USD499", "usd 499.0", " USD 499.00 "] {
            assert_eq!(money(text), usd(49_900), "{text}");
        }
        assert_eq!(money("-5.01 USD"), usd(-501));
        assert_eq!(money("1000JPY"), Some(Money { currency_code: "JPY".to_owned(), minor_units: 1_000 }));
        for bad in ["499", "USD", "", "499.001USD", "1.5JPY", "499XYZ", "USD 499 USD", "4USD9"] {
            assert_eq!(money(bad), None, "{bad}");
        }
    }
}
