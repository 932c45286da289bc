//! How much of each feature there is at each place, step by step.

use std::ops::Range;

use ethogram_analysis::{FactorsOf, Points};
use ethogram_model::Cancel;

use super::rows::{attribution, channels_last, grid};
use super::{LayerFeatures, OF_ACTIVATIONS};
use crate::{Error, Result, RunHandle};

/// Most steps of one answer.
pub const FEATURE_MAP_STEPS_MAX: u64 = 64;

/// Asks for features at steps of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMapsRequest {
    /// Of which episode.
    pub episode: u64,
    /// Which steps; cut to the episode.
    pub range: Range<u64>,
    /// `activations`, or a target; as the features were found when left out.
    pub of: Option<String>,
    /// Which network is asked; the one that the features were found in when left out.
    pub checkpoint: Option<i64>,
}

/// Features at some steps. `K` of them, on `H` rows of `W` columns.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMaps {
    /// First step.
    pub first: u64,
    /// False where a step has no answer; its numbers are 0.
    pub valid: Vec<bool>,
    /// `[K, H, W]`.
    pub shape: [usize; 3],
    /// What each feature is of a place's sum over the channels; of targets with its sign. **Shape**: `[steps, K, H, W]`.
    pub maps: Vec<f32>,
    /// What no feature holds. **Shape**: `[steps, H, W]`.
    pub residual: Vec<f32>,
    /// Each feature over all places. **Shape**: `[steps, K]`.
    pub totals: Vec<f32>,
    /// The residual over all places. **Shape**: `[steps]`.
    pub residual_total: Vec<f32>,
    /// The median over the steps of the largest number of a map; 1 when there is none above 0.
    pub scale: f32,
}

impl RunHandle {
    /// A layer's numbers at some steps, as its features.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more steps than [`FEATURE_MAP_STEPS_MAX`], [`Error::NoFeatures`] for a network whose layer has another shape; those of
    /// [`RunHandle::explanation`].
    pub fn feature_maps(
        &self,
        features: &LayerFeatures,
        request: &FeatureMapsRequest,
        cancel: &Cancel,
    ) -> Result<FeatureMaps> {
        let steps = self.source().step_count(request.episode)?;
        let first = request.range.start.min(steps);
        let range = first..request.range.end.min(steps).max(first);
        let asked = range.end - range.start;
        if asked > FEATURE_MAP_STEPS_MAX {
            let what = "steps of features (FEATURE_MAP_STEPS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: FEATURE_MAP_STEPS_MAX, found: asked });
        }
        let (rows, columns) = features.grid();
        let (count, places) = (features.factors.count(), rows * columns);
        let mut maps = FeatureMaps {
            first,
            valid: vec![false; asked as usize],
            shape: [count, rows, columns],
            maps: vec![0.0; asked as usize * count * places],
            residual: vec![0.0; asked as usize * places],
            totals: vec![0.0; asked as usize * count],
            residual_total: vec![0.0; asked as usize],
            scale: 1.0,
        };
        if asked > 0 {
            maps.fill(self, features, request, range, cancel)?;
            maps.scale = scale(&maps);
        }
        Ok(maps)
    }
}

impl FeatureMaps {
    fn fill(
        &mut self,
        run: &RunHandle,
        features: &LayerFeatures,
        request: &FeatureMapsRequest,
        range: Range<u64>,
        cancel: &Cancel,
    ) -> Result<()> {
        let checkpoint = request.checkpoint.or(features.request.checkpoint);
        let of = request.of.as_deref().unwrap_or(&features.request.of);
        let layer = &features.request.layer;
        let (found_shape, values, rows): (Vec<usize>, Vec<f32>, Vec<usize>) = if of == OF_ACTIVATIONS {
            let steps: Vec<u64> = range.clone().collect();
            let found = run.activations(request.episode, &steps, layer, checkpoint, cancel)?;
            let rows = found.steps.iter().map(|step| (step - range.start) as usize).collect();
            (found.shape, found.values, rows)
        } else {
            let asked = attribution(&features.request, of, request.episode, range, checkpoint);
            let found = run.explanation(&asked, cancel)?;
            let rows: Vec<usize> = (0..found.valid.len()).filter(|&row| found.valid[row]).collect();
            let width: usize = found.shape.iter().product();
            let values = rows.iter().flat_map(|row| found.values[row * width..][..width].iter().copied()).collect();
            (found.shape, values, rows)
        };
        if rows.is_empty() {
            return Ok(());
        }
        if found_shape != features.shape {
            let why = format!(
                "it has shape {found_shape:?} in this network, and {:?} where the features were found",
                features.shape
            );
            return Err(Error::NoFeatures { layer: layer.clone(), why });
        }
        let how = if of == OF_ACTIVATIONS { FactorsOf::Activations } else { FactorsOf::Signed };
        let width: usize = found_shape.iter().product();
        let (height, columns) = grid(&found_shape);
        for (values, row) in values.chunks(width).zip(rows) {
            if values.iter().all(|value| value.is_finite()) {
                let state: Vec<f32> = channels_last(values, height * columns).collect();
                self.fill_step(row, features, &state, how)?;
            }
        }
        Ok(())
    }

    fn fill_step(&mut self, row: usize, features: &LayerFeatures, state: &[f32], how: FactorsOf) -> Result<()> {
        let [count, height, columns] = self.shape;
        let places = height * columns;
        let projected = features.factors.project(Points::new(state, features.factors.width())?, how)?;
        let maps = &mut self.maps[row * count * places..][..count * places];
        for (place, shares) in projected.shares.chunks(count).enumerate() {
            shares.iter().enumerate().for_each(|(factor, share)| maps[factor * places + place] = *share);
        }
        let sum = |values: &[f32]| values.iter().copied().map(f64::from).sum::<f64>() as f32;
        for (factor, map) in maps.chunks(places).enumerate() {
            self.totals[row * count + factor] = sum(map);
        }
        self.residual[row * places..][..places].copy_from_slice(&projected.residual);
        self.residual_total[row] = sum(&projected.residual);
        self.valid[row] = true;
        Ok(())
    }
}

/// The median over the steps of a step's largest number.
fn scale(maps: &FeatureMaps) -> f32 {
    let [count, height, columns] = maps.shape;
    let steps = maps.maps.chunks((count * height * columns).max(1)).zip(&maps.valid).filter(|(_, valid)| **valid);
    let mut largest: Vec<f32> = steps.map(|(map, _)| map.iter().copied().fold(0.0, f32::max)).collect();
    largest.sort_by(f32::total_cmp);
    let most = largest.last().copied().unwrap_or(0.0);
    let median = match largest.len() {
        0 => 0.0,
        even if even % 2 == 0 => f32::midpoint(largest[even / 2 - 1], largest[even / 2]),
        odd => largest[odd / 2],
    };
    [median, most].into_iter().find(|value| *value > 0.0).unwrap_or(1.0)
}
