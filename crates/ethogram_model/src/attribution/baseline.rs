//! What an input is compared with.

use super::Explained;
use super::perturbation::blurred;
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
    /// Given: one row for all, or a row each.
    Given(Tensor),
}

impl Baseline {
    /// The baseline of every row. **Shapes**: `[B, width]`, flat.
    pub(super) fn values(&self, explained: &Explained) -> Result<Vec<f32>> {
        let (at, width) = (explained.at_values(), explained.width());
        match self {
            Baseline::Zero => Ok(vec![0.0; at.len()]),
            Baseline::Constant(value) => Ok(vec![*value; at.len()]),
            Baseline::Mean => Ok(at
                .chunks(width)
                .flat_map(|row| {
                    let mean = row.iter().map(|&value| f64::from(value)).sum::<f64>() / width as f64;
                    std::iter::repeat_n(mean as f32, width)
                })
                .collect()),
            Baseline::Blur(sigma) => blurred(explained.at(), *sigma),
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
