//! A whole cut into parts by largest remainder. Rules 3.3.

/// Cuts `whole` in proportion to the weights, which stand in the order that decides ties; one weight at least is above
/// zero.
pub fn split(whole: i128, weights: &[i128]) -> Vec<i128> {
    let total: i128 = weights.iter().sum();
    let mut parts: Vec<i128> = weights.iter().map(|weight| whole * weight / total).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    // A stable sort: of equal remainders the first is served first.
    by_remainder.sort_by_key(|index| std::cmp::Reverse(whole * weights[*index] % total));
    let missing = whole - parts.iter().sum::<i128>();
    for index in by_remainder.into_iter().take(usize::try_from(missing).expect("less than one each")) {
        parts[index] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_takes_what_is_left_of_equal_parts() {
        assert_eq!(split(10_000_001, &[5_000, 5_000]), [5_000_001, 5_000_000]);
        assert_eq!(split(2, &[3_333, 3_333, 3_334]), [1, 0, 1]);
        assert_eq!(split(1, &[0, 10_000]), [0, 1]);
    }
}
