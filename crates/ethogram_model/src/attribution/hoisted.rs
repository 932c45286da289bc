//! Paths through a network whose first layers are affine: they are taken once, not at each point.
//!
//! With h = A x + b, the path h(x′ + α (x − x′)) is h(x′) + α (h(x) − h(x′)), and Σ wᵢ ∂y/∂x at its points is Aᵀ Σ wᵢ ∂y/∂h: one pass
//! through the first layers for the ends, one back for the sum.

use super::integrated_gradients::sums_of_points;
use super::{Explained, Target, View};
use crate::error::Result;
use crate::exec::Cancel;

/// Σ over a path of the gradient, weighed, for paths from `baseline`; path `i` leads to row `of[i]`. **Shapes**: `[of, width]`.
pub(super) fn sums_of_paths(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    points: &[(f64, f64)],
    cancel: &Cancel,
) -> Result<Vec<f64>> {
    let Some((middle, row)) = explained.affine_until()?.filter(|_| points.len() > 2) else {
        return sums_of_points(explained, of, baseline, points, cancel);
    };
    let rows: Vec<usize> = (0..of.len()).collect();
    let asked = explained.rows_of(of)?;
    let target = |weights| Target { output: middle.clone(), view: View::Plain, weights };
    let ends = asked.towards(target(Vec::new()));
    let (from, wide) = ends.outputs(baseline, &rows, cancel)?;
    let (to, _) = ends.outputs(asked.at_values(), &rows, cancel)?;
    let sums = sums_of_points(&asked.later(&middle, &row, to)?, &rows, &from, points, cancel)?;
    let entries =
        |sums: &[f64]| sums.iter().map(|&sum| sum as f32).enumerate().filter(|(_, sum)| *sum != 0.0).collect();
    let pulled = asked.towards(target(sums.chunks(wide.max(1)).map(entries).collect()));
    // The gradient of an affine function is the same everywhere.
    let (_, gradients) = pulled.gradients(asked.at_values(), &rows, cancel)?;
    Ok(gradients.into_iter().map(f64::from).collect())
}
