//! What shows a feature: places of states in which it is strong.

use ethogram_analysis::{Example, Factors, FactorsOf, Points, strongest_at_each_cell, strongest_rows, thumbnails};
use ethogram_model::Cancel;

use super::rows::{LayerRows, grid};
use crate::Result;

/// A place of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Its episode.
    pub episode: u64,
    /// The step.
    pub step: u64,
    /// Row of the layer.
    pub row: usize,
    /// Column of the layer.
    pub column: usize,
    /// How much of the place is the feature's.
    pub strength: f32,
}

/// What shows a feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Of each place of the layer, row after row, the state in which the feature is strongest there; no state too often. `None` where it never is.
    /// Empty when the layer has no places.
    pub examples: Vec<Option<Seen>>,
    /// States in which it is strong, ordered by place; strongest first when the layer has no places.
    pub thumbnails: Vec<Seen>,
}

/// One a feature, by what the layer holds.
pub fn shown(factors: &Factors, rows: &LayerRows, cancel: &Cancel) -> Result<Vec<Shown>> {
    let (places, count) = (rows.places(), factors.count());
    let (_, columns) = grid(&rows.shape);
    let mut strengths = vec![Vec::with_capacity(rows.states.len() * places); count];
    for state in 0..rows.states.len() {
        let points = Points::new(rows.state(state), rows.channels())?;
        for place in factors.project(points, FactorsOf::Activations)?.shares.chunks(count) {
            strengths.iter_mut().zip(place).for_each(|(strengths, share)| strengths.push(*share));
        }
        cancel.check()?;
    }
    let seen = |example: &Example| {
        let (episode, step) = rows.states[example.state];
        let (row, column) = (example.cell / columns, example.cell % columns);
        Seen { episode, step, row, column, strength: example.strength }
    };
    let mut shown = Vec::with_capacity(count);
    for strengths in &strengths {
        cancel.check()?;
        shown.push(if places > 1 {
            Shown {
                examples: strongest_at_each_cell(strengths, places)
                    .iter()
                    .map(|found| found.as_ref().map(seen))
                    .collect(),
                thumbnails: thumbnails(strengths, places, columns).iter().map(seen).collect(),
            }
        } else {
            Shown { examples: Vec::new(), thumbnails: strongest_rows(strengths).iter().map(seen).collect() }
        });
    }
    Ok(shown)
}
