//! Gradients averaged over noise.

use super::baseline::SEED;
use super::{Attributed, Attribution, Explained, Method, Param, Tells};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::random::Random;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "smooth_grad",
    doc: "the mean gradient over noisy copies of the input",
    does_not_show: "what an element contributed; with much noise it explains pictures that the policy never sees",
    tells: Tells::Slopes,
    cost: "`samples` passes forward and back",
    source: "Smilkov et al. (2017), section 2.1",
    params: &[
        Param::integer("samples", [25, 1, 10_000], "noisy copies of each step's input"),
        Param::float(
            "sigma",
            [0.15, 0.0, 10.0],
            "standard deviation of the noise, as a share of the input's range at the step",
        ),
        SEED,
    ],
    make: |settings| {
        Ok(Box::new(SmoothGrad {
            samples: settings.count("samples"),
            noise: settings.float("sigma") as f32,
            seed: settings.integer("seed").unsigned_abs(),
        }))
    },
};

/// The mean of gradients at inputs with Gaussian noise on them.
#[derive(Clone, Debug)]
pub struct SmoothGrad {
    /// Noisy copies of each row.
    pub samples: usize,
    /// Standard deviation of the noise, as a share of the row's range.
    pub noise: f32,
    /// Equal seeds give equal bits.
    pub seed: u64,
}

impl Default for SmoothGrad {
    fn default() -> Self {
        SmoothGrad { samples: 25, noise: 0.15, seed: 0 }
    }
}

impl Attribution for SmoothGrad {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        if self.samples == 0 || self.samples > 10_000 || self.noise.is_nan() || self.noise < 0.0 {
            return Err(Error::Argument {
                argument: "samples, noise",
                expected: "1 to 10000 samples, noise of at least 0".to_owned(),
                found: format!("{}, {}", self.samples, self.noise),
            });
        }
        let (rows, width, at) = (explained.rows(), explained.width(), explained.at_values());
        let all: Vec<usize> = (0..rows).collect();
        let at_input = explained.values(at, &all, cancel)?;
        let mut random = Random::new(self.seed);
        let mut sums = vec![0.0_f64; at.len()];
        for _ in 0..self.samples {
            let mut points = Vec::with_capacity(at.len());
            for row in at.chunks(width) {
                let low = row.iter().copied().fold(f32::INFINITY, f32::min);
                let high = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let deviation = self.noise * (high - low);
                points.extend(row.iter().map(|value| value + deviation * random.normal()));
            }
            let (_, gradients) = explained.gradients(&points, &all, cancel)?;
            sums.iter_mut().zip(gradients).for_each(|(sum, value)| *sum += f64::from(value));
        }
        let values = sums.into_iter().map(|sum| (sum / self.samples as f64) as f32).collect();
        Attributed::plain(explained.at().shape(), values, at_input)
    }
}
