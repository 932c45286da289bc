//! Attributions of a layer's channels told in fewer directions, signs kept, and what the directions leave unsaid.

use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Sweeps over the directions after which the weights are taken as they are.
const SWEEPS_MAX: usize = 10_000;
/// A sweep that moves no weight by more than this share of the largest ends the search.
const STILL: f64 = 1e-9;

/// Attributions in directions.
#[derive(Clone, Debug, PartialEq)]
pub struct Projected {
    /// The share of each direction, signed. **Shapes**: `[B, K, …]`.
    pub components: Tensor,
    /// What no direction holds. With the components' sum it is the attributions' sum over channels. **Shapes**: `[B, …]`.
    pub residual: Tensor,
}

/// Tells attributions in directions of channel space: positive and negative parts are each written as a sum of directions with weights of at
/// least 0, as near as can be, and subtracted; a direction's share is its weight times its L1 norm.
///
/// **Source**: Hilton et al. (2020), `transform_attr` of the published code; weights are those of least squares, found by coordinate descent to the
/// end, where the published code takes scikit-learn's after 200 sweeps.
///
/// **Shapes**: `attributions` `[B, C, …]`, `directions` `[K, C]` of at least 0. **Errors**: other shapes, directions with negative entries.
pub fn project(attributions: &Tensor, directions: &Tensor) -> Result<Projected> {
    let wrong = |found: &Tensor, expected: &str| Error::Argument {
        argument: "directions",
        expected: expected.to_owned(),
        found: found.describe(),
    };
    let (&[count, channels], Some(rows)) = (directions.shape(), directions.as_f32()) else {
        return Err(wrong(directions, "float32 of shape [K, C]"));
    };
    let (&[batch, own, ref places @ ..], Some(values)) = (attributions.shape(), attributions.as_f32()) else {
        return Err(wrong(attributions, "attributions of shape [B, C, …]"));
    };
    if own != channels || rows.iter().any(|value| !value.is_finite() || *value < 0.0) {
        return Err(wrong(directions, &format!("directions of {own} channels, no entry below 0")));
    }
    let rows: Vec<f64> = rows.iter().map(|&value| f64::from(value)).collect();
    let row = |k: usize| &rows[k * channels..][..channels];
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram: Vec<f64> = (0..count * count).map(|at| dot(row(at / count), row(at % count))).collect();
    let norms: Vec<f64> = (0..count).map(|k| row(k).iter().sum()).collect();
    let spots: usize = places.iter().product();
    let mut components = vec![0.0_f32; batch * count * spots];
    let mut residual = vec![0.0_f32; batch * spots];
    for b in 0..batch {
        for spot in 0..spots {
            let value = |channel: usize| f64::from(values[(b * channels + channel) * spots + spot]);
            let part = |sign: f64| -> Vec<f64> { (0..channels).map(|c| (sign * value(c)).max(0.0)).collect() };
            let weights_of = |part: &[f64]| {
                let target: Vec<f64> = (0..count).map(|k| dot(row(k), part)).collect();
                not_negative(&gram, &target)
            };
            let (up, down) = (weights_of(&part(1.0)), weights_of(&part(-1.0)));
            let mut rest: f64 = (0..channels).map(value).sum();
            for k in 0..count {
                let share = (up[k] - down[k]) * norms[k];
                rest -= share;
                components[(b * count + k) * spots + spot] = share as f32;
            }
            residual[b * spots + spot] = rest as f32;
        }
    }
    Ok(Projected {
        components: Tensor::f32(&[&[batch, count], places].concat(), components)?,
        residual: Tensor::f32(&[&[batch], places].concat(), residual)?,
    })
}

/// The w ≥ 0 that makes ½ wᵀ G w − tᵀ w smallest.
fn not_negative(gram: &[f64], target: &[f64]) -> Vec<f64> {
    let count = target.len();
    let mut weights = vec![0.0_f64; count];
    for _ in 0..SWEEPS_MAX {
        let (mut moved, mut largest) = (0.0_f64, 0.0_f64);
        for k in 0..count {
            let steep = gram[k * count + k];
            if steep <= 0.0 {
                continue;
            }
            let slope: f64 = (0..count).map(|j| gram[k * count + j] * weights[j]).sum::<f64>() - target[k];
            let next = (weights[k] - slope / steep).max(0.0);
            moved = moved.max((next - weights[k]).abs());
            weights[k] = next;
            largest = largest.max(next);
        }
        if moved <= STILL * largest {
            break;
        }
    }
    weights
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    fn noise(count: usize, salt: u64) -> Vec<f32> {
        let mut random = crate::random::Random::new(salt);
        (0..count).map(|_| random.normal()).collect()
    }

    /// U-10: shares and what is left add up to the attributions; what lies in the directions is told whole, with its sign; weights are the best there are.
    #[test]
    fn row_u10_shares_and_residual_add_up() {
        let (channels, count, spots) = (6, 3, 4);
        let directions: Vec<f32> = noise(count * channels, 1).into_iter().map(f32::abs).collect();
        let attributions = Tensor::f32(&[2, channels, 2, 2], noise(2 * channels * spots, 2)).unwrap();
        let given = Tensor::f32(&[count, channels], directions.clone()).unwrap();
        let found = project(&attributions, &given).unwrap();
        assert_eq!((found.components.shape(), found.residual.shape()), (&[2, 3, 2, 2][..], &[2, 2, 2][..]));
        let (values, parts, rest) =
            (attributions.as_f32().unwrap(), found.components.as_f32().unwrap(), found.residual.as_f32().unwrap());
        for b in 0..2 {
            for spot in 0..spots {
                let sum: f32 = (0..channels).map(|c| values[(b * channels + c) * spots + spot]).sum();
                let told: f32 = (0..count).map(|k| parts[(b * count + k) * spots + spot]).sum();
                assert!((sum - told - rest[b * spots + spot]).abs() < 1e-5);
            }
        }
        // Twice the first direction less half of the third: both have whole shares where they do not overlap.
        let apart = Tensor::f32(&[2, 4], vec![1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 1.0]).unwrap();
        let mixed = Tensor::f32(&[1, 4], vec![2.0, 4.0, -1.5, -0.5]).unwrap();
        let found = project(&mixed, &apart).unwrap();
        assert_eq!(found.components.as_f32().unwrap(), [6.0, -2.0]);
        assert_eq!(found.residual.as_f32().unwrap(), [0.0]);
    }

    /// Weights meet the conditions of the best (Karush, Kuhn and Tucker): no slope where a weight is above 0, none downhill where it is 0.
    #[test]
    fn weights_are_the_best_there_are() {
        for salt in 0..50 {
            let (channels, count) = (8, 5);
            let rows: Vec<f64> =
                noise(count * channels, salt).into_iter().map(|value| f64::from(value.abs())).collect();
            let target_of: Vec<f64> = noise(channels, salt + 100).into_iter().map(f64::from).collect();
            let dot = |a: usize, b: usize| {
                (0..channels).map(|c| rows[a * channels + c] * rows[b * channels + c]).sum::<f64>()
            };
            let gram: Vec<f64> = (0..count * count).map(|at| dot(at / count, at % count)).collect();
            let target: Vec<f64> =
                (0..count).map(|k| (0..channels).map(|c| rows[k * channels + c] * target_of[c]).sum()).collect();
            let weights = not_negative(&gram, &target);
            for k in 0..count {
                let slope: f64 = (0..count).map(|j| gram[k * count + j] * weights[j]).sum::<f64>() - target[k];
                assert!(
                    slope > -1e-5 && (weights[k] == 0.0 || slope.abs() < 1e-5),
                    "{salt}: {slope} at {}",
                    weights[k]
                );
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (attributions, directions) = (Tensor::full(&[1, 3, 2], 1.0), Tensor::full(&[2, 4], 1.0));
        assert!(project(&attributions, &directions).is_err());
        assert!(project(&attributions, &Tensor::full(&[2, 3], -1.0)).is_err());
        assert!(project(&Tensor::full(&[3], 1.0), &directions).is_err());
    }
}
