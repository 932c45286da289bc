//! Gradients on the ways from many baselines.

use super::integrated_gradients::{along, completeness};
use super::{Attributed, Attribution, Explained};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::random::Random;
use crate::tensor::Tensor;

/// Integrated gradients averaged over baselines drawn from data: no single input stands for "nothing".
#[derive(Clone, Debug)]
pub struct ExpectedGradients {
    /// Draws of a baseline and a place on the way, for each row.
    pub samples: usize,
    /// Rows that baselines are drawn from, `[N, …]`; the explained rows themselves when there are none.
    pub baselines: Option<Tensor>,
    /// Equal seeds give equal bits.
    pub seed: u64,
}

impl Default for ExpectedGradients {
    fn default() -> Self {
        ExpectedGradients { samples: 100, baselines: None, seed: 0 }
    }
}

impl Attribution for ExpectedGradients {
    fn name(&self) -> &'static str {
        "expected_gradients"
    }

    fn doc(&self) -> &'static str {
        "integrated gradients averaged over baselines drawn from data"
    }

    fn source(&self) -> &'static str {
        "Erion et al. (2021), equation 3; places on the way are stratified"
    }

    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (rows, width, shape) = (explained.rows(), explained.width(), explained.at().shape());
        let wrong = |found: String| Error::Argument {
            argument: "baselines, samples",
            expected: format!("rows of shape {:?}, 1 to 10000 samples", &shape[1..]),
            found,
        };
        let pool = self.baselines.as_ref().unwrap_or(explained.at());
        let fits = pool.shape().len() == shape.len() && pool.shape()[1..] == shape[1..] && !pool.is_empty();
        let Some(pool) = pool.as_f32().filter(|_| fits) else { return Err(wrong(pool.describe())) };
        if self.samples == 0 || self.samples > 10_000 {
            return Err(wrong(format!("{} samples", self.samples)));
        }
        let all: Vec<usize> = (0..rows).collect();
        let at_input = explained.values(explained.at_values(), &all, cancel)?;
        let mut random = Random::new(self.seed);
        let mut sums = vec![0.0_f64; rows * width];
        let mut at_baseline = vec![0.0_f64; rows];
        for sample in 0..self.samples {
            let mut baseline = Vec::with_capacity(rows * width);
            for _ in 0..rows {
                let row = random.below(pool.len() / width);
                baseline.extend_from_slice(&pool[row * width..][..width]);
            }
            let place = (sample as f64 + f64::from(random.uniform())) / self.samples as f64;
            let shares = along(explained, &all, &baseline, &[(place, 1.0)], cancel)?;
            sums.iter_mut().zip(shares).for_each(|(sum, value)| *sum += f64::from(value));
            let found = explained.values(&baseline, &all, cancel)?;
            at_baseline.iter_mut().zip(found).for_each(|(sum, value)| *sum += f64::from(value));
        }
        let count = self.samples as f64;
        let values: Vec<f32> = sums.into_iter().map(|sum| (sum / count) as f32).collect();
        let at_baseline: Vec<f32> = at_baseline.into_iter().map(|sum| (sum / count) as f32).collect();
        let completeness_error = completeness(&values, width, &at_input, &at_baseline);
        Ok(Attributed { values: Tensor::f32(shape, values)?, at_input, at_baseline, completeness_error })
    }
}
