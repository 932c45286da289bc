//! Rolling means.

use crate::{Error, Result};

/// Mean of the last `window` rows up to and with each; of fewer at the start.
///
/// A missing row stays missing, and a NaN or infinite value stays as it is; both count as rows of the window but not
/// in the mean.
///
/// **Shapes** `[T]` → `[T]`. **Errors** when `window` is 0.
///
/// ```
/// let smooth = ethogram_analysis::rolling_mean(&[Some(2.0), Some(4.0), None, Some(8.0)], 3)?;
/// assert_eq!(smooth, [Some(2.0), Some(3.0), None, Some(6.0)]);
/// # Ok::<(), ethogram_analysis::Error>(())
/// ```
pub fn rolling_mean(values: &[Option<f64>], window: usize) -> Result<Vec<Option<f64>>> {
    if window == 0 {
        return Err(Error::OutOfRange { argument: "window", expected: "1 or more", found: 0.0 });
    }
    let finite = |row: &Option<f64>| row.filter(|value| value.is_finite());
    let (mut sum, mut count) = (0.0, 0_usize);
    let mut means = Vec::with_capacity(values.len());
    for (t, row) in values.iter().enumerate() {
        if t % window == 0 {
            // Summed afresh once a window, so that rounding does not pile up.
            let before = values[t.saturating_sub(window - 1)..t].iter().filter_map(finite);
            (sum, count) = before.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        } else if let Some(gone) = t.checked_sub(window).and_then(|gone| finite(&values[gone])) {
            sum -= gone;
            count -= 1;
        }
        if let Some(value) = finite(row) {
            sum += value;
            count += 1;
        }
        means.push(row.map(|value| if value.is_finite() { sum / count as f64 } else { value }));
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow(values: &[Option<f64>], window: usize) -> Vec<Option<f64>> {
        let mean = |t: usize| {
            let value = values[t]?;
            let of: Vec<f64> = values[(t + 1).saturating_sub(window)..=t].iter().copied().flatten().collect();
            let finite: Vec<f64> = of.into_iter().filter(|value| value.is_finite()).collect();
            Some(if value.is_finite() { finite.iter().sum::<f64>() / finite.len() as f64 } else { value })
        };
        (0..values.len()).map(mean).collect()
    }

    proptest! {
        #[test]
        fn it_is_the_mean_of_the_window(
            values in prop::collection::vec(prop::option::weighted(0.8, prop_oneof![9 => -1e3..1e3, 1 => Just(f64::NAN)]), 0..60),
            window in 1_usize..20,
        ) {
            let found = rolling_mean(&values, window).expect("a mean");
            for (t, (found, expected)) in found.iter().zip(slow(&values, window)).enumerate() {
                match (found, expected) {
                    (Some(found), Some(expected)) if !expected.is_nan() => prop_assert!((found - expected).abs() < 1e-9, "row {t}"),
                    (Some(found), Some(_)) => prop_assert!(found.is_nan(), "row {t}"),
                    (found, expected) => prop_assert_eq!(found.is_none(), expected.is_none(), "row {}", t),
                }
            }
        }
    }
}
