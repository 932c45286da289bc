//! Gradients on the ways from many baselines.

use super::baseline::SEED;
use super::integrated_gradients::{along, completeness};
use super::path::Way;
use super::{Attributed, Attribution, Explained, Method, Param, Tells};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::tensor::Tensor;
use ethogram_random::Random;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "expected_gradients",
    doc: "integrated gradients averaged over baselines drawn from data",
    does_not_show: "which of the baselines a share is due to; few samples leave noise",
    tells: Tells::Shares,
    cost: "`samples` passes forward and back, and as many forward",
    source: "Erion et al. (2021), equation 3; places on the way are stratified",
    params: &[
        Param::integer("samples", [100, 1, 10_000], "draws of a baseline and a place on the way"),
        Param::choice(
            "baseline",
            &["episode", "dataset"],
            "where baselines are drawn from: other steps of this episode, or steps of other recorded episodes",
        ),
        SEED,
    ],
    make: |settings| {
        Ok(Box::new(ExpectedGradients {
            samples: settings.count("samples"),
            baselines: None,
            seed: settings.integer("seed").unsigned_abs(),
        }))
    },
};

/// Integrated gradients averaged over baselines drawn from data: no single input stands for "nothing".
#[derive(Clone, Debug)]
pub struct ExpectedGradients {
    /// Draws of a baseline and a place on the way, for each row.
    pub samples: usize,
    /// Rows that baselines are drawn from, `[N, …]`; when left out those of [`Explained::with_baseline`], then of
    /// [`Explained::with_reference`], else the explained rows themselves.
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
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (rows, width, shape) = (explained.rows(), explained.width(), explained.at().shape());
        let wrong = |found: String| Error::Argument {
            argument: "baselines, samples",
            expected: format!("rows of shape {:?}, 1 to 10000 samples", &shape[1..]),
            found,
        };
        let pool = match self.baselines.as_ref().or(explained.baseline()) {
            Some(pool) => {
                let fits = pool.shape().len() == shape.len() && pool.shape()[1..] == shape[1..] && !pool.is_empty();
                pool.as_f32().filter(|_| fits).ok_or_else(|| wrong(pool.describe()))?
            }
            None => explained.reference("baseline").unwrap_or(explained.at_values()),
        };
        if self.samples == 0 || self.samples > 10_000 {
            return Err(wrong(format!("{} samples", self.samples)));
        }
        let all: Vec<usize> = (0..rows).collect();
        let at_input = explained.values(explained.at_values(), &all, cancel)?;
        let mut random = Random::new(self.seed);
        let mut sums = vec![0.0_f64; rows * width];
        let mut at_baseline = vec![0.0_f64; rows];
        for sample in 0..self.samples {
            // One for all rows: what is said of a step does not depend on which others are asked about with it.
            let row = random.below(pool.len() / width);
            let baseline = pool[row * width..][..width].repeat(rows);
            let place = (sample as f64 + f64::from(random.uniform())) / self.samples as f64;
            let shares = along(explained, &all, &baseline, &Way::Fixed(vec![(place, 1.0)]), cancel)?;
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
