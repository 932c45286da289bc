//! What the policy would say, could it not see a feature.

use std::ops::Range;

use ethogram_model::Cancel;

use super::rows::grid;
use super::{FEATURE_MAP_STEPS_MAX, LayerFeatures};
use crate::explanation::Patched;
use crate::{Error, Result, RunHandle};

/// Asks about steps of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct WithoutRequest {
    /// Of which episode.
    pub episode: u64,
    /// Which steps; cut to the episode, at most [`FEATURE_MAP_STEPS_MAX`].
    pub range: Range<u64>,
    /// Features that are taken away, by index.
    pub factors: Vec<usize>,
    /// Which network is asked; the one that the features were found in when left out.
    pub checkpoint: Option<i64>,
}

impl RunHandle {
    /// What the policy says of steps, and what it would say if at every place of the layer all that lies along some features were taken away:
    /// the layer's channels are projected onto what is orthogonal to the features' directions.
    ///
    /// **Source** Hilton et al. (2020), "Understanding RL Vision", appendix A (model editing), where the next layer's weights are projected,
    /// which is the same.
    ///
    /// # Errors
    /// [`Error::BadParam`] for features that there are not; as [`RunHandle::feature_maps`].
    pub fn without_features(
        &self,
        features: &LayerFeatures,
        request: &WithoutRequest,
        cancel: &Cancel,
    ) -> Result<Patched> {
        let count = features.factors.count();
        let unknown = request.factors.iter().find(|&&factor| factor >= count);
        if request.factors.is_empty() || unknown.is_some() {
            return Err(Error::BadParam {
                field: "features".to_owned(),
                param: "factors".to_owned(),
                expected: format!("one or more of 0 to {}", count - 1),
                found: unknown.map_or_else(|| "none".to_owned(), ToString::to_string),
            });
        }
        let steps = self.source().step_count(request.episode)?;
        let first = request.range.start.min(steps);
        let range = first..request.range.end.min(steps).max(first);
        if range.end - range.start > FEATURE_MAP_STEPS_MAX {
            let what = "steps of features (FEATURE_MAP_STEPS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: FEATURE_MAP_STEPS_MAX, found: range.end - range.start });
        }
        let basis = orthonormal(request.factors.iter().map(|&factor| features.factors.direction(factor)));
        let layer = features.request.layer.as_str();
        let change = |shape: &[usize], row: &mut [f32]| {
            if shape != features.shape {
                let why =
                    format!("it has shape {shape:?} in this network, and {:?} where they were found", features.shape);
                return Err(Error::NoFeatures { layer: layer.to_owned(), why });
            }
            let (rows, columns) = grid(shape);
            take_away(row, rows * columns, &basis);
            Ok(())
        };
        let checkpoint = request.checkpoint.or(features.request.checkpoint);
        self.said_with_layer(request.episode, range, (layer, checkpoint), &change, cancel)
    }
}

/// Directions of length 1, each orthogonal to those before; those that lie within the others are left out.
fn orthonormal<'a>(directions: impl Iterator<Item = &'a [f32]>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for direction in directions {
        let mut rest: Vec<f64> = direction.iter().copied().map(f64::from).collect();
        let whole = length(&rest);
        for known in &basis {
            let along: f64 = known.iter().zip(&rest).map(|(a, b)| a * b).sum();
            rest.iter_mut().zip(known).for_each(|(value, known)| *value -= along * known);
        }
        let left = length(&rest);
        if left > 1e-6 * whole {
            for value in &mut rest {
                *value /= left;
            }
            basis.push(rest);
        }
    }
    basis
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Takes away from the channels of each place what lies along the directions. **Shape** of `values`: `[channels, places]`.
fn take_away(values: &mut [f32], places: usize, basis: &[Vec<f64>]) {
    for place in 0..places {
        for direction in basis {
            let at = |channel: usize| channel * places + place;
            let along: f64 = direction.iter().enumerate().map(|(channel, d)| d * f64::from(values[at(channel)])).sum();
            for (channel, d) in direction.iter().enumerate() {
                values[at(channel)] -= (along * d) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_along_the_directions_and_all_of_the_rest() {
        let directions = [vec![1.0_f32, 1.0, 0.0], vec![1.0, 0.0, 0.0], vec![2.0, 1.0, 0.0]];
        let basis = orthonormal(directions.iter().map(Vec::as_slice));
        assert_eq!(basis.len(), 2, "the third lies within the others");
        // Two places of three channels.
        let mut values = [3.0, -1.0, 2.0, 5.0, 7.0, 8.0];
        take_away(&mut values, 2, &basis);
        assert!(values[..4].iter().all(|value| value.abs() < 1e-6), "{values:?}");
        assert_eq!(values[4..], [7.0, 8.0]);
    }
}
