//! How far attributions are to be trusted: what happens when what they point at is taken away, and whether they follow the weights.

use std::collections::BTreeMap;

use super::perturbation::every;
use super::{Attribution, Baseline, Explained, Subject};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::model::Model;
use crate::tensor::Tensor;
use ethogram_random::Random;

/// Most points of a curve.
const POINTS_MAX: usize = 1_000;
/// Random orders that a curve is compared with.
const RANDOM_ORDERS: u64 = 4;

/// What is left of the target while elements go, or come, in the order of their attributions.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// Shares of the elements that went, or came, from 0 to 1.
    pub shares: Vec<f32>,
    /// The target while the strongest elements go first to the baseline.
    pub deletion: Vec<f32>,
    /// The target while the strongest elements come first from the baseline.
    pub insertion: Vec<f32>,
    /// Deletion in random order, the mean of several.
    pub random: Vec<f32>,
    /// Mean of the deletion curve, with the ends of the curve as 1 and 0: the lower the better. NaN when the ends are the same.
    pub deletion_area: f32,
    /// Mean of the insertion curve, likewise: the higher the better.
    pub insertion_area: f32,
    /// Mean of the random curve: what a map that knows nothing has.
    pub random_area: f32,
}

/// Deletion and insertion curves of each row. `values` are its attributions, of the explained value's shape or of a grid laid over its last two axes.
///
/// **Source**: Petsiuk, Das and Saenko (2018), section 3.2. Elements go by the signed attribution, largest first, `points` times as many at
/// once; areas are those of the curve scaled to end at 1 and 0, so that logits and values have them too.
///
/// **Errors**: attributions that fit no element.
pub fn curves(
    explained: &Explained,
    values: &Tensor,
    baseline: &Baseline,
    points: usize,
    cancel: &Cancel,
) -> Result<Vec<Curves>> {
    if points == 0 || points > POINTS_MAX {
        return Err(Error::Argument {
            argument: "points",
            expected: format!("1 to {POINTS_MAX}"),
            found: points.to_string(),
        });
    }
    let (width, at) = (explained.width(), explained.at_values());
    let baseline = baseline.values(explained)?;
    let spread = by_element(explained, values)?;
    let mut found = Vec::with_capacity(explained.rows());
    for row in every(explained) {
        let (clear, hidden) = (&at[row * width..][..width], &baseline[row * width..][..width]);
        let mut order: Vec<usize> = (0..width).collect();
        let scores = &spread[row * width..][..width];
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let walk = |order: &[usize], from: &[f32], to: &[f32]| -> Result<Vec<f32>> {
            let mut places = Vec::with_capacity((points + 1) * width);
            let mut now = from.to_vec();
            let mut gone = 0;
            for point in 0..=points {
                let until = point * width / points;
                order[gone..until].iter().for_each(|&element| now[element] = to[element]);
                gone = until;
                places.extend_from_slice(&now);
            }
            explained.values(&places, &vec![row; points + 1], cancel)
        };
        let deletion = walk(&order, clear, hidden)?;
        let insertion = walk(&order, hidden, clear)?;
        let mut random = vec![0.0; points + 1];
        for seed in 0..RANDOM_ORDERS {
            shuffle(&mut order, seed);
            let one = walk(&order, clear, hidden)?;
            random.iter_mut().zip(one).for_each(|(sum, value)| *sum += value / RANDOM_ORDERS as f32);
        }
        let (whole, none) = (deletion[0], deletion[points]);
        let area = |curve: &[f32]| {
            let scaled = curve.iter().map(|value| f64::from(value - none) / f64::from(whole - none));
            let ends = (f64::from(curve[0] - none) + f64::from(curve[points] - none)) / f64::from(whole - none) / 2.0;
            ((scaled.sum::<f64>() - ends) / points as f64) as f32
        };
        found.push(Curves {
            shares: (0..=points).map(|point| (point * width / points) as f32 / width as f32).collect(),
            deletion_area: area(&deletion),
            insertion_area: area(&insertion),
            random_area: area(&random),
            deletion,
            insertion,
            random,
        });
    }
    Ok(found)
}

/// How far attributions foretell what small changes do: the mean of (δ · Φ − (y(x) − y(x − δ)))² over Gaussian δ, for each row, divided
/// by the variance of y(x) − y(x − δ). 0 is perfect; a map of zeros has about 1. NaN where nothing changes. Shares of the difference from a
/// baseline are divided by how far each element is from it first, which makes slopes of them.
///
/// **Source**: Yeh et al. (2019), definition 2.1, with the scale free form above.
///
/// **Errors**: attributions that are not of the explained value's shape.
pub fn infidelity(
    explained: &Explained,
    values: &Tensor,
    shares_of: Option<&Baseline>,
    (samples, noise, seed): (usize, f32, u64),
    cancel: &Cancel,
) -> Result<Vec<f32>> {
    let (width, at) = (explained.width(), explained.at_values());
    let values = values.as_f32().filter(|values| values.len() == at.len()).ok_or_else(|| Error::Argument {
        argument: "values",
        expected: format!("attributions of shape {:?}", explained.at().shape()),
        found: values.describe(),
    })?;
    let mut slopes = values.to_vec();
    if let Some(baseline) = shares_of {
        for (slope, (to, from)) in slopes.iter_mut().zip(at.iter().zip(baseline.values(explained)?)) {
            *slope = if (to - from).abs() > 0.0 { *slope / (to - from) } else { 0.0 };
        }
    }
    let all = every(explained);
    let before = explained.values(at, &all, cancel)?;
    let mut random = Random::new(seed);
    let (mut errors, mut changes) = (vec![0.0_f64; all.len()], vec![0.0_f64; all.len()]);
    for _ in 0..samples {
        let mut points = Vec::with_capacity(at.len());
        let mut foretold = vec![0.0_f64; all.len()];
        for (row, clear) in at.chunks(width).enumerate() {
            let low = clear.iter().copied().fold(f32::INFINITY, f32::min);
            let high = clear.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for (value, share) in clear.iter().zip(&slopes[row * width..]) {
                let step = noise * (high - low) * random.normal();
                foretold[row] += f64::from(step) * f64::from(*share);
                points.push(value - step);
            }
        }
        let after = explained.values(&points, &all, cancel)?;
        for row in 0..all.len() {
            let change = f64::from(before[row]) - f64::from(after[row]);
            errors[row] += (foretold[row] - change).powi(2);
            changes[row] += change * change;
        }
    }
    Ok(errors.into_iter().zip(changes).map(|(error, change)| (error / change) as f32).collect())
}

/// What became of the attributions when layers were given random weights, from the last one down.
#[derive(Clone, Debug, PartialEq)]
pub struct Randomised {
    /// The layer that was reached.
    pub layer: String,
    /// Spearman's rank correlation of the attributions' sizes with those of the trained network, one a row. A map that says something of the network loses it.
    pub correlation: Vec<f32>,
}

/// Attributions of networks whose layers lost what they learned, one after the other from the last down, compared with those of the trained one.
///
/// `reference` is what [`Explained::with_reference`] takes, for methods that compare with data.
///
/// **Source**: Adebayo et al. (2018), section 3.1 (cascading randomisation). Weights are drawn from a normal distribution of the same mean and
/// deviation, so that activations stay of a size.
pub fn randomised(
    model: &Model,
    subject: &Subject,
    method: &dyn Attribution,
    reference: Option<&BTreeMap<String, Tensor>>,
    seed: u64,
    cancel: &Cancel,
) -> Result<Vec<Randomised>> {
    let sizes = |model: &Model| sizes(model, subject, method, reference, cancel);
    let trained = sizes(model)?;
    let mut found = Vec::new();
    let mut changed = model.clone();
    let mut random = Random::new(seed);
    for (layer, weights) in model.weighted_layers().into_iter().rev() {
        for name in weights {
            changed = changed.with_random_weights(&name, &mut random)?;
        }
        let now = sizes(&changed)?;
        let correlation = trained.iter().zip(&now).map(|(before, after)| spearman(before, after)).collect();
        found.push(Randomised { layer, correlation });
    }
    Ok(found)
}

/// Sizes of the attributions, row by row.
fn sizes(
    model: &Model,
    subject: &Subject,
    method: &dyn Attribution,
    reference: Option<&BTreeMap<String, Tensor>>,
    cancel: &Cancel,
) -> Result<Vec<Vec<f32>>> {
    let mut explained = Explained::new(model, subject.clone(), 0, cancel)?;
    if let Some(reference) = reference {
        explained = explained.with_reference(reference, cancel)?;
    }
    let found = method.attribute(&explained, cancel)?;
    let width = found.values.len() / explained.rows().max(1);
    let values = found.values.as_f32().unwrap_or_default();
    Ok(values.chunks(width.max(1)).map(|row| row.iter().map(|value| value.abs()).collect()).collect())
}

/// Attributions as one number an element: a grid is laid over the last two axes, the nearest cell counts.
fn by_element(explained: &Explained, values: &Tensor) -> Result<Vec<f32>> {
    let (rows, width) = (explained.rows(), explained.width());
    let given = values.as_f32().unwrap_or_default();
    if given.len() == rows * width {
        return Ok(given.to_vec());
    }
    let wrong = || Error::Argument {
        argument: "values",
        expected: format!("attributions of shape {:?}, or a grid over its last two axes", explained.at().shape()),
        found: values.describe(),
    };
    let ((part, picture), [_, planes @ .., height, columns]) = (explained.picture()?, values.shape()) else {
        return Err(wrong());
    };
    let layers: usize = planes.iter().product();
    if part.width != width
        || given.len() != rows * layers * height * columns
        || !picture.planes.is_multiple_of(layers.max(1))
    {
        return Err(wrong());
    }
    let cell = |element: usize| {
        let [plane, y, x] = picture.place(element);
        let layer = if layers > 1 { plane % layers } else { 0 };
        (layer * height + y * height / picture.height) * columns + x * columns / picture.width
    };
    let cells = layers * height * columns;
    Ok((0..rows * width).map(|at| given[at / width * cells + cell(at % width)]).collect())
}

/// Rank correlation; of equals each has the mean of their ranks. NaN when all of one side are equal.
pub(super) fn spearman(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    (sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt()) as f32
}

fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]].total_cmp(&values[order[start]]).is_eq() {
            end += 1;
        }
        let rank = (start + end - 1) as f64 / 2.0;
        order[start..end].iter().for_each(|&at| ranks[at] = rank);
        start = end;
    }
    ranks
}

fn shuffle(order: &mut [usize], seed: u64) {
    let mut random = Random::new(seed);
    for place in 0..order.len() {
        order.swap(place, place + random.below(order.len() - place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlation_is_scipys() {
        // scipy.stats.spearmanr, ties included.
        let check = |a: &[f32], b: &[f32], expected: f32| {
            let found = spearman(a, b);
            assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        };
        check(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0], 0.820_782_7);
        check(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0], -1.0);
        assert!(spearman(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
    }
}
