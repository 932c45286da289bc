//! What many numbers have in common.

/// A few words on many numbers; those that are NaN or infinite are counted and left out of the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Finite values.
    pub count: usize,
    /// NaN and infinities.
    pub not_finite: usize,
    /// Mean of the finite values; NaN when there is none, as are the others.
    pub mean: f64,
    /// Standard deviation of the sample (n − 1); NaN of fewer than two.
    pub sd: f64,
    /// Smallest.
    pub min: f64,
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// Largest.
    pub max: f64,
}

/// **Shapes** `[T]`.
///
/// ```
/// let found = ethogram_analysis::summary(&[-21.0, 21.0, f64::NAN, -3.0]);
/// assert_eq!((found.count, found.not_finite, found.mean, found.median), (3, 1, -1.0, -3.0));
/// ```
pub fn summary(values: &[f64]) -> Summary {
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (count, not_finite) = (finite.len(), values.len() - finite.len());
    let nan = f64::NAN;
    if finite.is_empty() {
        return Summary { count, not_finite, mean: nan, sd: nan, min: nan, median: nan, max: nan };
    }
    finite.sort_unstable_by(f64::total_cmp);
    // Divided before they are summed, so that large values do not overflow.
    let mean = finite.iter().map(|value| value / count as f64).sum::<f64>();
    let square = finite.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let sd = if count > 1 { (square / (count - 1) as f64).sqrt() } else { nan };
    let (below, above) = (finite[(count - 1) / 2], finite[count / 2]);
    let median = below / 2.0 + above / 2.0;
    Summary { count, not_finite, mean, sd, min: finite[0], median, max: finite[count - 1] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_a_sample() {
        let found = summary(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((found.count, found.mean, found.median, found.min, found.max), (8, 5.0, 4.5, 2.0, 9.0));
        assert!((found.sd - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn nothing_has_no_mean_and_one_no_deviation() {
        let none = summary(&[f64::INFINITY, f64::NAN]);
        assert_eq!((none.count, none.not_finite), (0, 2));
        assert!(none.mean.is_nan() && none.median.is_nan());
        let one = summary(&[3.0]);
        assert!(one.sd.is_nan() && one.mean.total_cmp(&3.0).is_eq());
    }

    #[test]
    fn large_values_do_not_overflow() {
        let found = summary(&[f64::MAX, f64::MAX]);
        assert!(found.mean.is_finite() && found.median.is_finite());
    }
}
