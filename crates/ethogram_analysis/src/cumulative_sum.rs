//! Running sums.

/// The sum of the values up to and with each: `y_t = Σ_{k ≤ t} x_k`.
///
/// A missing value makes its own row missing and all later ones too, for they are not known either. Rows after the last
/// known value are missing in any case.
///
/// **Shapes** `[T]` → `[T]`.
///
/// ```
/// let sums = ethogram_analysis::cumulative_sum(&[Some(1.0), Some(2.5), None, Some(1.0)]);
/// assert_eq!(sums, [Some(1.0), Some(3.5), None, None]);
/// ```
pub fn cumulative_sum(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut sum = Some(0.0);
    values
        .iter()
        .map(|value| {
            sum = sum.zip(*value).map(|(sum, value)| sum + value);
            sum
        })
        .collect()
}
