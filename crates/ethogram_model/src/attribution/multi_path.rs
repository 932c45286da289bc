//! Gradients added up on many ways from a baseline, on which some channels hurry and the rest come late.

use super::baseline::{BASELINE, BASELINE_SIGMA, BASELINE_STEP, SEED};
use super::path::FIXED_RULE;
use super::perturbation::every;
use super::picture::Picture;
use super::{Attributed, Attribution, Baseline, Explained, Method, Param, Rule, Tells};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::tensor::Tensor;
use ethogram_random::Random;

/// Points that are asked about at once.
const POINTS_AT_ONCE: usize = 1_024;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "multi_path",
    doc: "integrated gradients averaged over many ways on which a random half of the channels goes ahead of the rest",
    does_not_show: "anything but the difference from the baseline; that the ways differ is averaged away",
    tells: Tells::Shares,
    cost: "`paths` · `steps` passes forward and back",
    source: "Hilton et al. (2020), appendix B: the hurrying half follows α², the other 1 − (1 − α)², each split both ways round; here halves of channels (of a vector its entries) unless directions are given, and any rule of integration whose points are known beforehand",
    params: &[
        Param::integer("paths", [10, 2, 1_000], "ways; each random split goes both ways round"),
        Param::integer("steps", [10, 1, 1_000], "points of each way"),
        FIXED_RULE,
        BASELINE,
        BASELINE_SIGMA,
        BASELINE_STEP,
        SEED,
    ],
    make: |settings| {
        Ok(Box::new(MultiPath {
            paths: settings.count("paths"),
            steps: settings.count("steps"),
            rule: Rule::of(settings),
            baseline: Baseline::of(settings),
            seed: settings.integer("seed").unsigned_abs(),
            components: Vec::new(),
        }))
    },
};

/// Path-integrated gradients over random orders of components.
#[derive(Clone, Debug)]
pub struct MultiPath {
    /// How many ways; the next even number.
    pub paths: usize,
    /// Points of each.
    pub steps: usize,
    /// How the integral is taken.
    pub rule: Rule,
    /// Where the ways begin.
    pub baseline: Baseline,
    /// Equal seeds give equal bits.
    pub seed: u64,
    /// Parts of the difference from the baseline that come together, for example what each direction of a factorisation explains, each of the
    /// explained value's shape. What they leave over goes the straight way. Channels when empty.
    pub components: Vec<Tensor>,
}

impl Attribution for MultiPath {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (paths, worst) = self.each_path(explained, cancel)?;
        let (rows, width) = (explained.rows(), explained.width());
        let mut sums = vec![0.0_f64; rows * width];
        for values in &paths {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        let values = sums.into_iter().map(|sum| (sum / paths.len() as f64) as f32).collect();
        let at_input = explained.values(explained.at_values(), &every(explained), cancel)?;
        let baseline = self.baseline.values(explained)?;
        let at_baseline = explained.values(&baseline, &every(explained), cancel)?;
        Ok(Attributed {
            values: Tensor::f32(explained.at().shape(), values)?,
            at_input,
            at_baseline,
            completeness_error: worst,
        })
    }
}

impl MultiPath {
    /// Shares by each way, and for each row the completeness error of the worst of them.
    fn each_path(&self, explained: &Explained, cancel: &Cancel) -> Result<(Vec<Vec<f64>>, Vec<f32>)> {
        let (rows, width, at) = (explained.rows(), explained.width(), explained.at_values());
        let baseline = self.baseline.values(explained)?;
        let points = self.rule.points(self.steps)?;
        let groups = self.groups(explained, &baseline)?;
        let all = every(explained);
        let at_input = explained.values(at, &all, cancel)?;
        let at_baseline = explained.values(&baseline, &all, cancel)?;
        let mut random = Random::new(self.seed);
        let mut worst = vec![0.0_f32; rows];
        let mut found = Vec::new();
        for _ in 0..self.paths.div_ceil(2).max(1) {
            let split = half(groups.count(), &mut random);
            for turned in [false, true] {
                let ahead: Vec<bool> = split.iter().map(|ahead| *ahead != turned).collect();
                let values = groups.along(explained, &baseline, &points, &ahead, cancel)?;
                for (row, values) in values.chunks(width).enumerate() {
                    let sum: f64 = values.iter().sum();
                    let error = (sum - (f64::from(at_input[row]) - f64::from(at_baseline[row]))) as f32;
                    if error.abs() >= worst[row].abs() {
                        worst[row] = error;
                    }
                }
                found.push(values);
            }
        }
        Ok((found, worst))
    }

    fn groups<'a>(&'a self, explained: &Explained, baseline: &[f32]) -> Result<Groups<'a>> {
        let (at, width) = (explained.at_values(), explained.width());
        if self.components.is_empty() {
            // Channels of pictures, entries of vectors.
            let mut channel = vec![0; width];
            let mut count = 0;
            for part in explained.parts() {
                let picture = Picture::of(part).filter(|_| part.channels_last);
                let channels = picture.map_or_else(|| part.shape.first().copied().unwrap_or(1).max(1), |it| it.planes);
                let each = (part.width / channels).max(1);
                for (index, channel) in channel[part.offset..][..part.width].iter_mut().enumerate() {
                    *channel = count + picture.map_or(index / each, |picture| picture.place(index)[0]);
                }
                count += channels;
            }
            return Ok(Groups::Channels { channel, count });
        }
        let mut rest: Vec<f32> = at.iter().zip(baseline).map(|(to, from)| to - from).collect();
        let mut parts = Vec::new();
        for component in &self.components {
            let values = component.as_f32().filter(|values| values.len() == rest.len());
            let values = values.ok_or_else(|| Error::Argument {
                argument: "components",
                expected: format!("float32 of shape {:?}", explained.at().shape()),
                found: component.describe(),
            })?;
            rest.iter_mut().zip(values).for_each(|(rest, value)| *rest -= value);
            parts.push(values);
        }
        Ok(Groups::Components { parts, rest })
    }
}

/// What comes together on the way.
enum Groups<'a> {
    /// The channel of every element.
    Channels { channel: Vec<usize>, count: usize },
    /// Parts of the difference from the baseline, and what they leave over.
    Components { parts: Vec<&'a [f32]>, rest: Vec<f32> },
}

impl Groups<'_> {
    fn count(&self) -> usize {
        match self {
            Groups::Channels { count, .. } => *count,
            Groups::Components { parts, .. } => parts.len(),
        }
    }

    /// How far, and how fast, each element of the difference goes: `Σ share · part`.
    fn moved(&self, difference: &[f32], ahead: &[bool], [slow, fast, straight]: [f64; 3], place: usize) -> f64 {
        let share = |group: usize| if ahead[group] { fast } else { slow };
        match self {
            Groups::Channels { channel, .. } => share(channel[place % channel.len()]) * f64::from(difference[place]),
            Groups::Components { parts, rest } => {
                let sum: f64 = parts.iter().enumerate().map(|(at, part)| share(at) * f64::from(part[place])).sum();
                sum + straight * f64::from(rest[place])
            }
        }
    }

    /// ∫ ∇F(γ(α)) · γ′(α) dα for every row. **Shapes**: `[B, width]`.
    fn along(
        &self,
        explained: &Explained,
        baseline: &[f32],
        points: &[(f64, f64)],
        ahead: &[bool],
        cancel: &Cancel,
    ) -> Result<Vec<f64>> {
        let (rows, width, at) = (explained.rows(), explained.width(), explained.at_values());
        let difference: Vec<f32> = at.iter().zip(baseline).map(|(to, from)| to - from).collect();
        let mut sums = vec![0.0_f64; at.len()];
        for points in points.chunks((POINTS_AT_ONCE / rows).max(1)) {
            let mut places = Vec::with_capacity(points.len() * at.len());
            let mut of = Vec::with_capacity(points.len() * rows);
            for &(alpha, _) in points {
                // The hurrying half: 1 − (1 − α)²; the late one: α².
                let shares = [alpha * alpha, 1.0 - (1.0 - alpha).powi(2), alpha];
                places.extend(
                    (0..at.len()).map(|place| {
                        (f64::from(baseline[place]) + self.moved(&difference, ahead, shares, place)) as f32
                    }),
                );
                of.extend(0..rows);
            }
            let (_, gradients) = explained.gradients(&places, &of, cancel)?;
            for (&(alpha, weight), gradients) in points.iter().zip(gradients.chunks(rows * width)) {
                let speeds = [2.0 * alpha, 2.0 * (1.0 - alpha), 1.0];
                for (place, gradient) in gradients.iter().enumerate() {
                    sums[place] += weight * f64::from(*gradient) * self.moved(&difference, ahead, speeds, place);
                }
            }
        }
        Ok(sums)
    }
}

/// A random half of `count`.
fn half(count: usize, random: &mut Random) -> Vec<bool> {
    let mut order: Vec<usize> = (0..count).collect();
    for place in 0..count {
        order.swap(place, place + random.below(count - place));
    }
    let mut ahead = vec![false; count];
    order[..count / 2].iter().for_each(|&at| ahead[at] = true);
    ahead
}
