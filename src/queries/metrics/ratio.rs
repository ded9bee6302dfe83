//! Exact fractions and rounded means; nothing divides by zero (rules 11).

use crate::domain::money::{WHOLE_BPS, round_half_away, saturating_i64};
use crate::proto::Ratio;

/// Returns the fraction as it stands, not reduced, with its basis points rounded half away from zero; `None` if the denominator is 0.
pub fn ratio(numerator: i128, denominator: i128) -> Option<Ratio> {
    let basis_points = saturating_i64(divided(numerator * i128::from(WHOLE_BPS), denominator)?);
    let (numerator, denominator) = fitted(numerator, denominator);
    Some(Ratio { numerator, denominator, basis_points })
}

/// An amount divided by a count, rounded half away from zero; `None` if the count is 0.
pub fn mean(amount: i128, count: i128) -> Option<i128> {
    divided(amount, count)
}

/// Fits sums into 64 bits, and remembers whether one of them did not (rules 13).
#[derive(Default)]
pub struct Fitting {
    /// Whether a value was out of range.
    pub is_out_of_range: bool,
}

impl Fitting {
    /// The value; `None` if it is out of range.
    pub fn optional(&mut self, value: i128) -> Option<i64> {
        let fitted = i64::try_from(value).ok();
        self.is_out_of_range |= fitted.is_none();
        fitted
    }

    /// The value; 0, which is an absent field on the wire, if it is out of range.
    pub fn fit(&mut self, value: i128) -> i64 {
        self.optional(value).unwrap_or_default()
    }
}

fn divided(numerator: i128, denominator: i128) -> Option<i128> {
    (denominator != 0).then(|| round_half_away(numerator * denominator.signum(), denominator.abs()))
}

/// The same fraction in 64 bits: as it stands if it fits, else reduced, else of both the leading bits.
fn fitted(numerator: i128, denominator: i128) -> (i64, i64) {
    let fits = |numerator, denominator| Some((i64::try_from(numerator).ok()?, i64::try_from(denominator).ok()?));
    if let Some(fraction) = fits(numerator, denominator) {
        return fraction;
    }
    let common = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
    let common = i128::try_from(common).unwrap_or(1).max(1);
    let (mut numerator, mut denominator) = (numerator / common, denominator / common);
    loop {
        if let Some(fraction) = fits(numerator, denominator) {
            return fraction;
        }
        numerator /= 2;
        // Nothing divides by zero.
        denominator = if denominator.abs() < 2 { denominator } else { denominator / 2 };
    }
}

fn greatest_common_divisor(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(numerator: i128, denominator: i128) -> Option<(i64, i64, i64)> {
        ratio(numerator, denominator).map(|ratio| (ratio.numerator, ratio.denominator, ratio.basis_points))
    }

    #[test]
    fn a_rate_is_the_exact_fraction_beside_rounded_basis_points() {
        assert_eq!(parts(50, 500), Some((50, 500, 1_000)));
        assert_eq!(parts(5_000, 150_000), Some((5_000, 150_000, 333)));
        assert_eq!(parts(1, 20_000), Some((1, 20_000, 1)), "half a basis point is rounded away from zero");
        assert_eq!(parts(-1, 20_000), Some((-1, 20_000, -1)));
        assert_eq!(parts(1, -20_000), Some((1, -20_000, -1)), "as a denominator below zero is kept");
        assert_eq!(parts(0, 7), Some((0, 7, 0)));
    }

    #[test]
    fn nothing_divides_by_zero() {
        assert_eq!((parts(7, 0), mean(7, 0)), (None, None));
        let mut fitting = Fitting::default();
        assert_eq!((fitting.fit(i128::from(i64::MAX)), fitting.is_out_of_range), (i64::MAX, false));
        assert_eq!((fitting.fit(i128::from(i64::MAX) + 1), fitting.optional(i128::MIN)), (0, None));
        assert!(fitting.is_out_of_range);
    }

    #[test]
    fn sums_beyond_64_bits_are_reduced_or_cut_to_their_leading_bits() {
        let wide = i128::from(i64::MAX) * 6;
        assert_eq!(parts(wide, wide * 2), Some((1, 2, 5_000)));
        let (numerator, denominator, basis_points) = parts(wide + 1, wide * 4).expect("a ratio");
        assert_eq!(basis_points, 2_500);
        assert!((i128::from(numerator) * 4 - i128::from(denominator)).abs() <= 8 && denominator > 1 << 61);
        assert_eq!(parts(wide + 1, 1).map(|(numerator, denominator, _)| (numerator > 1 << 61, denominator)), Some((true, 1)));
    }

    #[test]
    fn means_are_rounded_half_away_from_zero() {
        assert_eq!([mean(5, 2), mean(-5, 2), mean(4, 3)], [Some(3), Some(-3), Some(1)]);
    }
}
