//! Money: whole minor units of an ISO 4217 currency, shares and their rounding (rules 3).

mod encoding;

use std::fmt;

/// The largest amount of one event, in minor units: 10^15 (rules 3.1).
pub const MAX_AMOUNT: i64 = 1_000_000_000_000_000;

/// Basis points that make a whole: 10 000.
pub const WHOLE_BPS: u32 = 10_000;

/// ISO 4217 list one, the codes that have a minor unit, with its decimals; sorted by code.
/// Codes without one (metals, XDR, XXX, test codes) are left out on purpose.
const LIST_ONE: &[(&str, u8)] = &[
    ("AED", 2),
    ("AFN", 2),
    ("ALL", 2),
    ("AMD", 2),
    ("AOA", 2),
    ("ARS", 2),
    ("AUD", 2),
    ("AWG", 2),
    ("AZN", 2),
    ("BAM", 2),
    ("BBD", 2),
    ("BDT", 2),
    ("BHD", 3),
    ("BIF", 0),
    ("BMD", 2),
    ("BND", 2),
    ("BOB", 2),
    ("BOV", 2),
    ("BRL", 2),
    ("BSD", 2),
    ("BTN", 2),
    ("BWP", 2),
    ("BYN", 2),
    ("BZD", 2),
    ("CAD", 2),
    ("CDF", 2),
    ("CHE", 2),
    ("CHF", 2),
    ("CHW", 2),
    ("CLF", 4),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("COU", 2),
    ("CRC", 2),
    ("CUP", 2),
    ("CVE", 2),
    ("CZK", 2),
    ("DJF", 0),
    ("DKK", 2),
    ("DOP", 2),
    ("DZD", 2),
    ("EGP", 2),
    ("ERN", 2),
    ("ETB", 2),
    ("EUR", 2),
    ("FJD", 2),
    ("FKP", 2),
    ("GBP", 2),
    ("GEL", 2),
    ("GHS", 2),
    ("GIP", 2),
    ("GMD", 2),
    ("GNF", 0),
    ("GTQ", 2),
    ("GYD", 2),
    ("HKD", 2),
    ("HNL", 2),
    ("HTG", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("IQD", 3),
    ("IRR", 2),
    ("ISK", 0),
    ("JMD", 2),
    ("JOD", 3),
    ("JPY", 0),
    ("KES", 2),
    ("KGS", 2),
    ("KHR", 2),
    ("KMF", 0),
    ("KPW", 2),
    ("KRW", 0),
    ("KWD", 3),
    ("KYD", 2),
    ("KZT", 2),
    ("LAK", 2),
    ("LBP", 2),
    ("LKR", 2),
    ("LRD", 2),
    ("LSL", 2),
    ("LYD", 3),
    ("MAD", 2),
    ("MDL", 2),
    ("MGA", 2),
    ("MKD", 2),
    ("MMK", 2),
    ("MNT", 2),
    ("MOP", 2),
    ("MRU", 2),
    ("MUR", 2),
    ("MVR", 2),
    ("MWK", 2),
    ("MXN", 2),
    ("MXV", 2),
    ("MYR", 2),
    ("MZN", 2),
    ("NAD", 2),
    ("NGN", 2),
    ("NIO", 2),
    ("NOK", 2),
    ("NPR", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PAB", 2),
    ("PEN", 2),
    ("PGK", 2),
    ("PHP", 2),
    ("PKR", 2),
    ("PLN", 2),
    ("PYG", 0),
    ("QAR", 2),
    ("RON", 2),
    ("RSD", 2),
    ("RUB", 2),
    ("RWF", 0),
    ("SAR", 2),
    ("SBD", 2),
    ("SCR", 2),
    ("SDG", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("SHP", 2),
    ("SLE", 2),
    ("SOS", 2),
    ("SRD", 2),
    ("SSP", 2),
    ("STN", 2),
    ("SVC", 2),
    ("SYP", 2),
    ("SZL", 2),
    ("THB", 2),
    ("TJS", 2),
    ("TMT", 2),
    ("TND", 3),
    ("TOP", 2),
    ("TRY", 2),
    ("TTD", 2),
    ("TWD", 2),
    ("TZS", 2),
    ("UAH", 2),
    ("UGX", 0),
    ("USD", 2),
    ("USN", 2),
    ("UYI", 0),
    ("UYU", 2),
    ("UYW", 4),
    ("UZS", 2),
    ("VED", 2),
    ("VES", 2),
    ("VND", 0),
    ("VUV", 0),
    ("WST", 2),
    ("XAD", 2),
    ("XAF", 0),
    ("XCD", 2),
    ("XCG", 2),
    ("XOF", 0),
    ("XPF", 0),
    ("YER", 2),
    ("ZAR", 2),
    ("ZMW", 2),
    ("ZWG", 2),
];

/// A currency of ISO 4217 list one that has a minor unit. Ordered by its code; the first of the list by default.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u8);

impl Currency {
    /// The currency of a three-letter code in capitals; `None` if list one has no such code with a minor unit.
    pub fn from_code(code: &str) -> Option<Self> {
        let index = LIST_ONE.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
        u8::try_from(index).ok().map(Self)
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        LIST_ONE[usize::from(self.0)].0
    }

    /// How many decimals the minor unit stands for: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u8 {
        LIST_ONE[usize::from(self.0)].1
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units of a currency. Signed: rules say where it may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// The currency.
    pub currency: Currency,
    /// Minor units (cents of a dollar, yen of a yen).
    pub minor_units: i64,
}

impl Money {
    /// An amount of minor units of a currency.
    pub fn new(currency: Currency, minor_units: i64) -> Self {
        Self { currency, minor_units }
    }

    /// Zero, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self::new(currency, 0)
    }
}

impl fmt::Display for Money {
    /// With the currency's decimals: `12.34 USD`, `1000 JPY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.currency.decimals());
        let sign = if self.minor_units < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.minor_units.unsigned_abs(), width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        if part.is_empty() { write!(f, "{sign}{whole} {}", self.currency) } else { write!(f, "{sign}{whole}.{part} {}", self.currency) }
    }
}

/// `numerator / denominator` rounded half away from zero (rules 3.3). The denominator is above zero.
pub fn round_half_away(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0, "a share divides by something above zero");
    let twice = numerator.abs() * 2 + denominator;
    let rounded = twice / (denominator * 2);
    if numerator < 0 { -rounded } else { rounded }
}

/// `amount × bps / 10 000`, rounded half away from zero (rules 3.3). It fits: bps is at most 10 000.
pub fn share(amount: i64, bps: u32) -> i64 {
    assert!(bps <= WHOLE_BPS, "a share is at most the whole");
    to_minor_units(round_half_away(i128::from(amount) * i128::from(bps), i128::from(WHOLE_BPS)))
}

/// Returns the base that is left with what is left of an amount: in proportion, rounded half away from zero (rules 14.9). In
/// minor units; `left` lies between 0 and `amount`.
pub fn base_left(base: i64, left: i64, amount: i64) -> i64 {
    if amount == 0 { base } else { to_minor_units(round_half_away(i128::from(base) * i128::from(left), i128::from(amount))) }
}

/// Allocates an amount by weights, by the largest-remainder method: the parts add up to it exactly (rules 3.3). Of equal
/// remainders the earlier part gets the minor unit, so the caller puts the parts in the order of the rules. Neither the
/// amount nor a weight is negative, and not all weights are zero.
pub fn apportion(amount: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    assert!(amount >= 0 && whole > 0, "what is apportioned has parts");
    let product = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let mut parts: Vec<i64> = weights.iter().map(|weight| to_minor_units(product(weight) / whole)).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    // The sort is stable.
    by_remainder.sort_by_key(|index| std::cmp::Reverse(product(&weights[*index]) % whole));
    let left = amount - parts.iter().sum::<i64>();
    by_remainder.into_iter().zip(0..left).for_each(|(index, _)| parts[index] += 1);
    parts
}

/// Converts a share of an `i64`, which always fits one.
fn to_minor_units(value: i128) -> i64 {
    i64::try_from(value).expect("a share of an amount lies between zero and the amount")
}

/// `value` as 64 bits, cut to their range: for figures that are shown and not added up again.
pub fn saturating_i64(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_one_is_sorted_and_without_doubles() {
        assert!(LIST_ONE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, decimals) in LIST_ONE {
            let currency = Currency::from_code(code).expect("every code is found");
            assert_eq!((currency.code(), currency.decimals()), (*code, *decimals));
        }
        for code in ["XXX", "XTS", "XAU", "XDR", "usd", "US", "", "HRK", "BGN"] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
    }

    #[test]
    fn shares_round_half_away_from_zero() {
        assert_eq!(share(9_999, 2_000), 2_000);
        assert_eq!(share(123_457, 5_000), 61_729);
        assert_eq!(share(-123_457, 5_000), -61_729);
        assert_eq!(share(i64::MAX, 10_000), i64::MAX);
        assert_eq!(share(i64::MIN, 10_000), i64::MIN);
        assert_eq!(round_half_away(1, 3), 0);
        assert_eq!(round_half_away(-3, 2), -2);
    }

    #[test]
    fn parts_add_up_and_the_first_of_equals_gets_the_odd_unit() {
        assert_eq!(apportion(4_000_001, &[5_000, 5_000]), [2_000_001, 2_000_000]);
        assert_eq!(apportion(100, &[3_333, 3_333, 3_334]), [33, 33, 34]);
        assert_eq!(apportion(101, &[3_333, 3_333, 3_334]), [34, 33, 34]);
        assert_eq!(apportion(1, &[0, 10_000]), [0, 1]);
        assert_eq!(apportion(0, &[1, 1]), [0, 0]);
        assert_eq!(apportion(i64::MAX, &[i64::MAX, i64::MAX]), [i64::MAX / 2 + 1, i64::MAX / 2]);
    }

    #[test]
    fn amounts_are_written_with_the_currency_s_decimals() {
        let money = |code: &str, units| Money::new(Currency::from_code(code).expect("listed"), units).to_string();
        assert_eq!(money("USD", 123_456), "1234.56 USD");
        assert_eq!(money("USD", -5), "-0.05 USD");
        assert_eq!(money("JPY", 1000), "1000 JPY");
        assert_eq!(money("KWD", 1), "0.001 KWD");
        assert_eq!(money("USD", i64::MIN), "-92233720368547758.08 USD");
    }
}
