//! What an input is compared with.

use super::blur::blurred;
use super::{Explained, Param, Settings};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// The reference input of a path or an occlusion.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Baseline {
    /// All zeros.
    #[default]
    Zero,
    /// One number everywhere.
    Constant(f32),
    /// Each row's own mean.
    Mean,
    /// The input blurred over its last two axes by a Gaussian of this standard deviation, in elements.
    Blur(f32),
    /// The mean, element by element, of the rows of [`Explained::with_reference`].
    ReferenceMean,
    /// The first of those rows.
    ReferenceRow,
    /// Given: one row for all, or a row each.
    Given(Tensor),
}

/// The settings by which people choose a baseline.
pub(super) const BASELINE: Param = Param::choice(
    "baseline",
    &["zero", "row_mean", "blur", "episode_mean", "dataset", "step"],
    "what the input is compared with: zeros, its own mean, itself blurred, the mean of the episode, a step of another episode, or one of this",
);
/// Of the baseline `blur`.
pub(super) const BASELINE_SIGMA: Param = Param::float(
    "baseline_sigma",
    [3.0, 0.1, 100.0],
    "standard deviation of the baseline \"blur\", in pixels of the network's input",
);
/// Of the baseline `step`.
pub(super) const BASELINE_STEP: Param =
    Param::integer("baseline_step", [0, 0, 1 << 40], "the step of this episode that the baseline \"step\" takes");
/// Of whatever is drawn by chance.
pub(super) const SEED: Param =
    Param::integer("seed", [0, 0, 1 << 40], "whatever is drawn by chance is the same for the same seed");

impl Baseline {
    /// The baseline that was chosen.
    pub(super) fn of(settings: &Settings) -> Self {
        match settings.choice("baseline") {
            "row_mean" => Baseline::Mean,
            "blur" => Baseline::Blur(settings.float("baseline_sigma") as f32),
            "episode_mean" => Baseline::ReferenceMean,
            "dataset" | "step" => Baseline::ReferenceRow,
            _ => Baseline::Zero,
        }
    }

    /// The baseline of every row. **Shapes**: `[B, width]`, flat.
    pub(super) fn values(&self, explained: &Explained) -> Result<Vec<f32>> {
        let (at, width) = (explained.at_values(), explained.width());
        match self {
            Baseline::Zero => Ok(vec![0.0; at.len()]),
            Baseline::Constant(value) => Ok(vec![*value; at.len()]),
            Baseline::Mean => {
                let mut values = at.to_vec();
                for row in values.chunks_mut(width) {
                    for part in explained.parts() {
                        let part = &mut row[part.offset..][..part.width];
                        let mean = part.iter().map(|&value| f64::from(value)).sum::<f64>() / part.len().max(1) as f64;
                        part.fill(mean as f32);
                    }
                }
                Ok(values)
            }
            Baseline::Blur(sigma) => blurred(explained, at, *sigma),
            Baseline::ReferenceMean => {
                let reference = explained.reference("baseline")?;
                let mut sums = vec![0.0_f64; width];
                for row in reference.chunks(width) {
                    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
                }
                let count = (reference.len() / width) as f64;
                let mean: Vec<f32> = sums.into_iter().map(|sum| (sum / count) as f32).collect();
                Ok(mean.repeat(explained.rows()))
            }
            Baseline::ReferenceRow => Ok(explained.reference("baseline")?[..width].repeat(explained.rows())),
            Baseline::Given(tensor) => {
                let shape = explained.at().shape();
                let wrong = || Error::Argument {
                    argument: "baseline",
                    expected: format!("float32 of shape {shape:?}, or one row of it"),
                    found: tensor.describe(),
                };
                let values = tensor.as_f32().ok_or_else(wrong)?;
                if tensor.shape() == shape {
                    return Ok(values.to_vec());
                }
                let one = tensor.shape() == &shape[1..] || tensor.shape() == [&[1], &shape[1..]].concat();
                if one { Ok(values.repeat(explained.rows())) } else { Err(wrong()) }
            }
        }
    }
}
