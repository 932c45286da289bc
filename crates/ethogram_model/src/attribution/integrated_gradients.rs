//! Gradients added up on the way from a baseline.

use super::baseline::{BASELINE, BASELINE_SIGMA, BASELINE_STEP, SEED};
use super::hoisted::sums_of_paths;
use super::path::{RULE, STEPS_MAX, Way};
use super::{Attributed, Attribution, Baseline, Explained, Method, Param, Rule, Tells};
use crate::error::Result;
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// Points that are asked about at once; more only costs memory.
const POINTS_AT_ONCE: usize = 1_024;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "integrated_gradients",
    doc: "gradients added up on the straight way from a baseline: shares that sum to the target's difference from it",
    does_not_show: "anything but the difference from the baseline: what looks like the baseline gets nothing, however much it matters",
    tells: Tells::Shares,
    cost: "`steps` passes forward and back",
    source: "Sundararajan, Taly and Yan (2017), equation 1; of a hidden layer Leino et al. (2018)",
    params: &[
        Param::integer("steps", [50, 1, STEPS_MAX as i64], "points on the way; more make the sum truer"),
        RULE,
        BASELINE,
        BASELINE_SIGMA,
        BASELINE_STEP,
        SEED,
    ],
    make: |settings| {
        Ok(Box::new(IntegratedGradients {
            steps: settings.count("steps"),
            rule: Rule::of(settings),
            baseline: Baseline::of(settings),
        }))
    },
};

/// (x − x′) · ∫ ∂y/∂x(x′ + α (x − x′)) dα: shares that add up to the whole difference from the baseline.
#[derive(Clone, Debug)]
pub struct IntegratedGradients {
    /// Points of the path.
    pub steps: usize,
    /// How the integral is taken.
    pub rule: Rule,
    /// Where the path begins.
    pub baseline: Baseline,
}

impl Default for IntegratedGradients {
    fn default() -> Self {
        IntegratedGradients { steps: 50, rule: Rule::GaussLegendre, baseline: Baseline::Zero }
    }
}

impl Attribution for IntegratedGradients {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let rows = explained.rows();
        let baseline = self.baseline.values(explained)?;
        let way = self.rule.way(self.steps)?;
        let all: Vec<usize> = (0..rows).collect();
        let at_input = explained.values(explained.at_values(), &all, cancel)?;
        let at_baseline = explained.values(&baseline, &all, cancel)?;
        let values = along(explained, &all, &baseline, &way, cancel)?;
        let completeness_error = completeness(&values, explained.width(), &at_input, &at_baseline);
        Ok(Attributed {
            values: Tensor::f32(explained.at().shape(), values)?,
            at_input,
            at_baseline,
            completeness_error,
        })
    }
}

/// Shares of each element for paths from `baseline`; path `i` leads to row `of[i]`. **Shapes**: `[of, width]`.
pub(super) fn along(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    way: &Way,
    cancel: &Cancel,
) -> Result<Vec<f32>> {
    let (width, at) = (explained.width(), explained.at_values());
    let mut sums = sums_of_paths(explained, of, baseline, way, cancel)?;
    for (path, sums) in sums.chunks_mut(width).enumerate() {
        let (from, to) = (&baseline[path * width..][..width], &at[of[path] * width..][..width]);
        sums.iter_mut().zip(from.iter().zip(to)).for_each(|(sum, (from, to))| *sum *= f64::from(to - from));
    }
    Ok(sums.into_iter().map(|sum| sum as f32).collect())
}

/// Σ over a path of the gradient, weighed, point by point. **Shapes**: `[of, width]`.
pub(super) fn sums_of_points(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    points: &[(f64, f64)],
    cancel: &Cancel,
) -> Result<Vec<f64>> {
    let width = explained.width();
    let mut sums = vec![0.0_f64; of.len() * width];
    let places: Vec<Place> =
        (0..of.len()).flat_map(|path| points.iter().map(move |&(at, _)| Place { path, at })).collect();
    let mut weights = points.iter().map(|(_, weight)| *weight).cycle();
    gradients_at(explained, of, baseline, &places, cancel, |place, _, gradient| {
        let weight = weights.next().unwrap_or_default();
        for (sum, value) in sums[place.path * width..].iter_mut().zip(gradient) {
            *sum += weight * f64::from(*value);
        }
    })?;
    Ok(sums)
}

/// A place on one of several paths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Which path.
    pub path: usize,
    /// 0 at the baseline, 1 at the row.
    pub at: f64,
}

/// Tells `found` of each place, in order: the target's value and its gradient.
pub(super) fn gradients_at(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    places: &[Place],
    cancel: &Cancel,
    mut found: impl FnMut(Place, f32, &[f32]),
) -> Result<()> {
    let (width, at) = (explained.width(), explained.at_values());
    for places in places.chunks(POINTS_AT_ONCE) {
        let rows: Vec<usize> = places.iter().map(|place| of[place.path]).collect();
        let mut points = Vec::with_capacity(places.len() * width);
        for place in places {
            let (from, to) = (&baseline[place.path * width..][..width], &at[of[place.path] * width..][..width]);
            points.extend(from.iter().zip(to).map(|(from, to)| from + place.at as f32 * (to - from)));
        }
        let (values, gradients) = explained.gradients(&points, &rows, cancel)?;
        for ((&place, value), gradient) in places.iter().zip(values).zip(gradients.chunks(width)) {
            found(place, value, gradient);
        }
    }
    Ok(())
}

/// Σ values − (at input − at baseline), one a row.
pub(super) fn completeness(values: &[f32], width: usize, at_input: &[f32], at_baseline: &[f32]) -> Vec<f32> {
    let sums = values.chunks(width).map(|row| row.iter().map(|&value| f64::from(value)).sum::<f64>());
    sums.zip(at_input.iter().zip(at_baseline))
        .map(|(sum, (input, baseline))| (sum - (f64::from(*input) - f64::from(*baseline))) as f32)
        .collect()
}
