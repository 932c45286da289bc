//! Exponential moving averages.

use crate::error::same_length;
use crate::{Error, Result};

/// Debiased exponential average: `y_t = Σ_{k ≤ t} w^{t−k} x_k / Σ_{k ≤ t} w^{t−k}`, the smoothing of `TensorBoard`'s charts.
///
/// `weight` is the weight of the past: 0 leaves the values as they are. A missing row stays missing, and a NaN or infinite
/// value stays as it is; neither enters the average nor ages it.
///
/// **Shapes** `[T]` → `[T]`. **Errors** when `weight` is not from 0 up to but not including 1.
///
/// ```
/// let smooth = ethogram_analysis::ema(&[Some(0.0), None, Some(3.0)], 0.5)?;
/// assert_eq!(smooth, [Some(0.0), None, Some(2.0)]);
/// # Ok::<(), ethogram_analysis::Error>(())
/// ```
pub fn ema(values: &[Option<f64>], weight: f64) -> Result<Vec<Option<f64>>> {
    check(weight)?;
    let mut average = Average::default();
    Ok(values.iter().map(|value| value.map(|value| average.push(value, weight))).collect())
}

/// The same for points at irregular steps: the past loses `weight` each `unit` of steps rather than each point.
/// Points `unit` apart give what [`ema`] gives. Steps ascend.
///
/// **Shapes** `[T]`. **Errors** when lengths differ, `weight` is not from 0 up to but not including 1, or `unit` is not positive.
pub fn ema_by_step(steps: &[i64], values: &[Option<f64>], weight: f64, unit: f64) -> Result<Vec<Option<f64>>> {
    check(weight)?;
    same_length("values", values.len(), "steps", steps.len())?;
    if unit.is_nan() || unit <= 0.0 {
        return Err(Error::OutOfRange { argument: "unit", expected: "more than 0", found: unit });
    }
    let (mut average, mut before) = (Average::default(), None);
    let mut push = |step: i64, value: f64| {
        let since = before.map_or(0.0, |before: i64| step.abs_diff(before) as f64);
        if value.is_finite() {
            before = Some(step);
        }
        average.push(value, weight.powf(since / unit))
    };
    Ok(steps.iter().zip(values).map(|(&step, value)| value.map(|value| push(step, value))).collect())
}

#[derive(Default)]
struct Average {
    sum: f64,
    weights: f64,
}

impl Average {
    fn push(&mut self, value: f64, decay: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        self.sum = self.sum * decay + value;
        self.weights = self.weights * decay + 1.0;
        self.sum / self.weights
    }
}

fn check(weight: f64) -> Result<()> {
    if (0.0..1.0).contains(&weight) {
        Ok(())
    } else {
        Err(Error::OutOfRange { argument: "weight", expected: "0 up to but not including 1", found: weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_smoothing_of_the_usual_recursion_with_its_bias_divided_out() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i * i % 17)).collect();
        let found = ema(&values.iter().copied().map(Some).collect::<Vec<_>>(), 0.9).expect("an average");
        let mut last = 0.0;
        for (i, value) in values.iter().enumerate() {
            last = last * 0.9 + 0.1 * value;
            let expected = last / (1.0 - 0.9_f64.powi(i as i32 + 1));
            assert!(found[i].is_some_and(|found| (found - expected).abs() < 1e-12), "row {i}");
        }
    }

    #[test]
    fn nan_stays_and_does_not_spread() {
        let found = ema(&[Some(1.0), Some(f64::NAN), Some(f64::INFINITY), Some(1.0)], 0.5).expect("an average");
        assert!(found[1].is_some_and(f64::is_nan));
        assert_eq!((found[2], found[3]), (Some(f64::INFINITY), Some(1.0)));
    }

    #[test]
    fn a_long_gap_forgets() {
        let found = ema_by_step(&[0, 1, 1001], &[Some(0.0), Some(3.0), Some(8.0)], 0.5, 1.0).expect("an average");
        assert_eq!(found, [Some(0.0), Some(2.0), Some(8.0)]);
        assert!(ema_by_step(&[0], &[None], 0.5, 0.0).is_err());
        assert!(ema(&[], 1.0).is_err_and(|error| error.to_string().starts_with("weight expected 0 up to")));
    }
}
