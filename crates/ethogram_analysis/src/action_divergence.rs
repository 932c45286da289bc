//! How far a policy moved since an earlier episode: DRLVis's action divergence, fixed.

use crate::error::same_length;
use crate::{Error, Result, softmax};

/// Which of the two stands for the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// `KL(now ‖ before)`, DRLVis's.
    #[default]
    Forward,
    /// `KL(before ‖ now)`.
    Reverse,
    /// Their sum, Jeffreys' divergence.
    Symmetric,
}

/// How divergence is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DivergenceParams {
    /// Which way round.
    pub direction: Direction,
    /// Base of the logarithm: 2 for bits, e for nats.
    pub base: f64,
    /// Added to each entry of a distribution that another is measured by, which is then scaled to 1 again; above 0, so that what one policy
    /// never does is not infinitely far.
    pub epsilon: f64,
    /// The rows are logits (or anything else that is to be made a distribution by softmax), of both.
    pub softmax: bool,
}

impl Default for DivergenceParams {
    fn default() -> Self {
        Self { direction: Direction::Forward, base: 2.0, epsilon: 1e-4, softmax: false }
    }
}

/// Distance of a policy at each step from what another did on the mean.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionDivergence {
    /// One a step; missing where the row is, or is no distribution.
    pub per_step: Vec<Option<f64>>,
    /// Over the steps that are there; missing without any.
    pub mean: Option<f64>,
    /// What DRLVis tells of an episode: it grows with its length.
    pub sum: Option<f64>,
}

/// `D_t = Σ_a p_t(a) log(p_t(a) / q(a))` with `q` the mean over time of the earlier rows, `ε` added, scaled to 1; the reverse and the sum
/// likewise, with `ε` added to `p_t` where that stands for `q`. `0 log 0` is 0, so that nothing is NaN. A row with a negative or
/// not finite entry, or of sum 0, is missing, and passed over in the mean of the earlier ones; rows are scaled to 1 otherwise.
///
/// With the default parameters the sum is DRLVis's number, but for rows with a zero probability, of which its own is NaN, and for its softmax, which
/// it applied to the earlier rows alone.
///
/// **Shapes** `[T, A]`, `[S, A]` as rows. **Units** logarithms of `base`.
/// **Source** DRLVis, `log_action_divergence`; Kullback and Leibler, On Information and Sufficiency, 1951; Jeffreys, 1946.
///
/// # Errors
/// Rows of different lengths; `base` that is not above 1; `epsilon` that is not above 0 or is over 1.
pub fn action_divergence(
    now: &[Option<Vec<f64>>],
    before: &[Option<Vec<f64>>],
    params: &DivergenceParams,
) -> Result<ActionDivergence> {
    if !(params.base > 1.0 && params.base.is_finite()) {
        return Err(Error::OutOfRange { argument: "base", expected: "a number above 1", found: params.base });
    }
    if !(params.epsilon > 0.0 && params.epsilon <= 1.0) {
        return Err(Error::OutOfRange { argument: "epsilon", expected: "above 0, at most 1", found: params.epsilon });
    }
    let width = before.iter().chain(now).flatten().map(Vec::len).next().unwrap_or(0);
    for row in now.iter().flatten() {
        same_length("a row of now", row.len(), "a row of before", width)?;
    }
    let Some(mean) = mean_of(before, width, params.softmax)? else {
        return Ok(ActionDivergence { per_step: vec![None; now.len()], mean: None, sum: None });
    };
    let smooth_mean = smoothed(&mean, params.epsilon);
    let one = |row: &Vec<f64>| -> Option<f64> {
        let p = distribution(row, params.softmax)?;
        let forward = || kl(&p, &smooth_mean);
        let reverse = || kl(&mean, &smoothed(&p, params.epsilon));
        let nats = match params.direction {
            Direction::Forward => forward(),
            Direction::Reverse => reverse(),
            Direction::Symmetric => forward() + reverse(),
        };
        Some(nats / params.base.ln())
    };
    let per_step: Vec<Option<f64>> = now.iter().map(|row| row.as_ref().and_then(one)).collect();
    let count = per_step.iter().flatten().count();
    let sum: f64 = per_step.iter().flatten().sum();
    let some = count > 0;
    Ok(ActionDivergence { per_step, mean: some.then(|| sum / count as f64), sum: some.then_some(sum) })
}

/// The mean over time of the rows that are distributions.
fn mean_of(rows: &[Option<Vec<f64>>], width: usize, by_softmax: bool) -> Result<Option<Vec<f64>>> {
    let (mut sum, mut count) = (vec![0.0; width], 0_usize);
    for row in rows.iter().flatten() {
        same_length("a row of before", row.len(), "the first", width)?;
        let Some(p) = distribution(row, by_softmax) else { continue };
        sum.iter_mut().zip(&p).for_each(|(sum, p)| *sum += p);
        count += 1;
    }
    for sum in &mut sum {
        *sum /= count as f64;
    }
    Ok((count > 0).then_some(sum))
}

fn distribution(row: &[f64], by_softmax: bool) -> Option<Vec<f64>> {
    let p = if by_softmax { softmax(row) } else { row.to_vec() };
    let sum: f64 = p.iter().sum();
    let is_one = p.iter().all(|p| *p >= 0.0 && p.is_finite()) && sum > 0.0 && sum.is_finite();
    is_one.then(|| p.iter().map(|p| p / sum).collect())
}

fn smoothed(p: &[f64], epsilon: f64) -> Vec<f64> {
    let sum: f64 = p.iter().map(|p| p + epsilon).sum();
    p.iter().map(|p| (p + epsilon) / sum).collect()
}

/// In nats; `q` is above 0 everywhere.
fn kl(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(of: &[&[f64]]) -> Vec<Option<Vec<f64>>> {
        of.iter().map(|row| Some(row.to_vec())).collect()
    }

    fn close(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-12), "{found:?}, not {expected}");
    }

    #[test]
    fn a_zero_probability_is_finite() {
        let (now, before) = (rows(&[&[1.0, 0.0], &[0.0, 1.0]]), rows(&[&[1.0, 0.0]]));
        for direction in [Direction::Forward, Direction::Reverse, Direction::Symmetric] {
            let params = DivergenceParams { direction, ..DivergenceParams::default() };
            let found = action_divergence(&now, &before, &params).expect("a divergence");
            assert!(found.per_step.iter().all(|d| d.is_some_and(f64::is_finite)), "{direction:?} {found:?}");
        }
        let found = action_divergence(&now, &before, &DivergenceParams::default()).expect("a divergence");
        close(found.per_step[1], (1.0002_f64 / 1e-4).log2());
    }

    #[test]
    fn what_is_no_distribution_is_missing() {
        let now = vec![None, Some(vec![f64::NAN, 1.0]), Some(vec![0.0, 0.0]), Some(vec![1.0, 3.0])];
        let found = action_divergence(&now, &rows(&[&[-1.0, 2.0], &[0.5, 0.5]]), &DivergenceParams::default());
        let found = found.expect("a divergence");
        assert_eq!(found.per_step[..3], [None, None, None]);
        close(found.mean, 0.25 * 0.5_f64.log2() + 0.75 * 1.5_f64.log2());
        let nothing = action_divergence(&now, &[None], &DivergenceParams::default()).expect("nothing");
        assert_eq!((nothing.per_step.len(), nothing.mean, nothing.sum), (4, None, None));
    }

    #[test]
    fn arguments_out_of_range_are_named() {
        let row = rows(&[&[0.5, 0.5]]);
        let of = |params| action_divergence(&row, &row, &params).expect_err("an error").to_string();
        let params = DivergenceParams::default();
        assert_eq!(of(DivergenceParams { base: 1.0, ..params }), "base expected a number above 1, found 1");
        assert_eq!(of(DivergenceParams { epsilon: 0.0, ..params }), "epsilon expected above 0, at most 1, found 0");
        assert!(action_divergence(&rows(&[&[1.0]]), &row, &params).is_err());
    }
}
