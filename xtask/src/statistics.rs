//! Medians and other quantiles of a few measurements.

/// The value below which a share `of` from 0 to 1 of the values lies; NaN when there are none.
pub fn quantile(values: &[f64], of: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len().saturating_sub(1) as f64 * of).round() as usize;
    sorted.get(position).copied().unwrap_or(f64::NAN)
}

/// The value in the middle, or half way between the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = |at: usize| sorted.get(at).copied().unwrap_or(f64::NAN);
    f64::midpoint(middle(sorted.len().saturating_sub(1) / 2), middle(sorted.len() / 2))
}

/// The largest value.
pub fn max(values: &[f64]) -> f64 {
    quantile(values, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_few_values() {
        let check = |found: f64, expected: f64| assert_eq!(found.to_bits(), expected.to_bits());
        check(median(&[3.0, 1.0, 2.0]), 2.0);
        check(median(&[4.0, 1.0]), 2.5);
        check(max(&[3.0, 1.0, 2.0]), 3.0);
        check(quantile(&[5.0], 0.99), 5.0);
        assert!(median(&[]).is_nan());
    }
}
