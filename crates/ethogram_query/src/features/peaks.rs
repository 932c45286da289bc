//! How strongly real states excite each feature: the length of a layer's channels along its direction.

use ethogram_analysis::Factors;
use ethogram_model::Cancel;

use super::Seen;
use super::rows::{LayerRows, grid};
use crate::Result;

/// The states that excite features most. Directions have length 1 here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peaks {
    /// At each place of the layer, feature after feature. **Shape**: `[factors, places]`.
    at: Vec<Seen>,
    /// On the average over all places, one a feature; its row and column are 0.
    everywhere: Vec<Seen>,
}

impl Peaks {
    /// Of all states that were looked at; of equals the first.
    pub fn find(factors: &Factors, rows: &LayerRows, cancel: &Cancel) -> Result<Self> {
        let (places, (_, columns)) = (rows.places(), grid(&rows.shape));
        let none = |place: usize| Seen {
            episode: 0,
            step: 0,
            row: place / columns,
            column: place % columns,
            strength: f32::NEG_INFINITY,
        };
        let count = factors.count();
        let mut peaks =
            Self { at: (0..count * places).map(|at| none(at % places)).collect(), everywhere: vec![none(0); count] };
        let directions: Vec<Vec<f64>> = (0..count).map(|factor| unit(factors.direction(factor))).collect();
        for (state, &(episode, step)) in rows.states.iter().enumerate() {
            cancel.check()?;
            for (factor, direction) in directions.iter().enumerate() {
                let mut sum = 0.0;
                for (place, channels) in rows.state(state).chunks(rows.channels()).enumerate() {
                    let along: f64 = channels.iter().zip(direction).map(|(a, d)| f64::from(*a) * d).sum();
                    sum += along;
                    peaks.at[factor * places + place].take(episode, step, along);
                }
                peaks.everywhere[factor].take(episode, step, sum / places as f64);
            }
        }
        Ok(peaks)
    }

    /// The strongest state of a feature at a place; on the average over all places without one.
    pub fn of(&self, factor: usize, place: Option<usize>) -> Seen {
        let places = self.at.len() / self.everywhere.len().max(1);
        place.map_or_else(|| self.everywhere[factor], |place| self.at[factor * places + place])
    }
}

impl Seen {
    fn take(&mut self, episode: u64, step: u64, strength: f64) {
        let strength = strength as f32;
        if strength > self.strength {
            *self = Self { episode, step, strength, ..*self };
        }
    }
}

/// A direction of length 1.
pub fn unit(direction: &[f32]) -> Vec<f64> {
    let length = direction.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    direction.iter().map(|value| if length > 0.0 { f64::from(*value) / length } else { 0.0 }).collect()
}
