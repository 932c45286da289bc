//! Reinforcement learning's quantities for arrays of Python: the native half of `ethogram.analysis`.

use ethogram_analysis::Rollout;
use pyo3::prelude::*;

use crate::fault::ShapeError;

/// Rows of which some may be missing.
type Rows = Vec<Option<f64>>;

/// See [`ethogram_analysis::gae`].
#[pyfunction]
#[pyo3(signature = (rewards, values, ends, final_value, gamma, lambda_))]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub fn gae(
    py: Python<'_>,
    rewards: Rows,
    values: Rows,
    ends: (Vec<bool>, Vec<bool>),
    final_value: Option<f64>,
    gamma: f64,
    lambda_: f64,
) -> PyResult<Rows> {
    let rollout = rollout(&rewards, &values, &ends, final_value);
    py.detach(|| ethogram_analysis::gae(&rollout, gamma, lambda_)).map_err(|error| from_analysis(&error))
}

/// See [`ethogram_analysis::td_error`], of V(s).
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub fn td_error(
    py: Python<'_>,
    rewards: Rows,
    values: Rows,
    ends: (Vec<bool>, Vec<bool>),
    final_value: Option<f64>,
    gamma: f64,
) -> PyResult<Rows> {
    // λ = 0 leaves the error of one step, and checks the same arrays.
    let rollout = rollout(&rewards, &values, &ends, final_value);
    py.detach(|| ethogram_analysis::gae(&rollout, gamma, 0.0)).map_err(|error| from_analysis(&error))
}

/// Entropy of each row of `width` logits or probabilities.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub fn entropy(py: Python<'_>, rows: Vec<f64>, width: usize, of_logits: bool) -> Vec<f64> {
    let of =
        if of_logits { ethogram_analysis::entropy_from_logits } else { ethogram_analysis::entropy_from_probabilities };
    py.detach(|| rows.chunks(width.max(1)).map(of).collect())
}

/// A divergence of each row of `width` logits or probabilities.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub fn divergence(
    py: Python<'_>,
    kind: &str,
    p: Vec<f64>,
    q: Vec<f64>,
    width: usize,
    of_logits: bool,
) -> PyResult<Vec<f64>> {
    let between = match (kind, of_logits) {
        ("kl", true) => ethogram_analysis::kl_from_logits,
        ("kl", false) => ethogram_analysis::kl_from_probabilities,
        ("js", true) => ethogram_analysis::js_from_logits,
        _ => ethogram_analysis::js_from_probabilities,
    };
    let pairs = || p.chunks(width.max(1)).zip(q.chunks(width.max(1)));
    py.detach(|| pairs().map(|(p, q)| between(p, q)).collect::<Result<_, _>>()).map_err(|error| from_analysis(&error))
}

fn rollout<'a>(
    rewards: &'a [Option<f64>],
    values: &'a [Option<f64>],
    ends: &'a (Vec<bool>, Vec<bool>),
    final_value: Option<f64>,
) -> Rollout<'a> {
    Rollout { rewards, values, terminated: &ends.0, truncated: &ends.1, final_value }
}

fn from_analysis(error: &ethogram_analysis::Error) -> PyErr {
    ShapeError::new_err(error.to_string())
}
