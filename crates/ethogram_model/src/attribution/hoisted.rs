//! Paths through a network whose first layers are affine: they are taken once, not at each point.
//!
//! With h = A x + b, the path h(x′ + α (x − x′)) is h(x′) + α (h(x) − h(x′)), and Σ wᵢ ∂y/∂x at its points is Aᵀ Σ wᵢ ∂y/∂h: one pass
//! through the first layers for the ends, one back for the sum.

use super::Explained;
use super::integrated_gradients::sums_of_points;
use crate::error::Result;
use crate::exec::Cancel;

/// Points from which on a path is worth two more passes through its first layers.
const POINTS_LEAST: usize = 3;

/// Σ over a path of the gradient, weighed, for paths from `baseline`; path `i` leads to row `of[i]`. **Shapes**: `[of, width]`.
pub(super) fn sums_of_paths(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    points: &[(f64, f64)],
    cancel: &Cancel,
) -> Result<Vec<f64>> {
    let halves = if points.len() >= POINTS_LEAST { explained.halves(cancel)? } else { None };
    let Some((first, second)) = halves else {
        return sums_of_points(explained, of, baseline, points, cancel);
    };
    let (from, _) = first.outputs(baseline, of, cancel)?;
    let sums = sums_of_points(&second, of, &from, points, cancel)?;
    let counts: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
    // The gradient of an affine function is the same everywhere.
    let gradients = first.gradients_of(baseline, of, &counts, cancel)?;
    Ok(gradients.into_iter().map(f64::from).collect())
}
