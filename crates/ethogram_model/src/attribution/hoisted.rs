//! Paths through a network whose first layers are affine: they are taken once, not at each point.
//!
//! With h = A x + b, the path h(x′ + α (x − x′)) is h(x′) + α (h(x) − h(x′)), and Σ wᵢ ∂y/∂x at its points is Aᵀ Σ wᵢ ∂y/∂h: one pass
//! through the first layers for the ends, one back for the sum.

use super::Explained;
use super::adaptive::sums_of_panels;
use super::integrated_gradients::sums_of_points;
use super::path::Way;
use crate::error::Result;
use crate::exec::Cancel;

/// Points from which on a path is worth two more passes through its first layers.
const POINTS_LEAST: usize = 3;

/// Σ over a path of the gradient, weighed, for paths from `baseline`; path `i` leads to row `of[i]`. **Shapes**: `[of, width]`.
pub(super) fn sums_of_paths(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    way: &Way,
    cancel: &Cancel,
) -> Result<Vec<f64>> {
    let halves = if way.count() >= POINTS_LEAST { explained.halves(cancel)? } else { None };
    let Some((first, second)) = halves else {
        return sums_of_way(explained, of, baseline, way, cancel);
    };
    let (from, _) = first.outputs(baseline, of, cancel)?;
    let sums = sums_of_way(&second, of, &from, way, cancel)?;
    let counts: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
    // The gradient of an affine function is the same everywhere.
    let gradients = first.gradients_of(baseline, of, &counts, cancel)?;
    Ok(gradients.into_iter().map(f64::from).collect())
}

fn sums_of_way(explained: &Explained, of: &[usize], baseline: &[f32], way: &Way, cancel: &Cancel) -> Result<Vec<f64>> {
    match way {
        Way::Fixed(points) => sums_of_points(explained, of, baseline, points, cancel),
        Way::Sought(steps) => sums_of_panels(explained, of, baseline, *steps, cancel),
    }
}
