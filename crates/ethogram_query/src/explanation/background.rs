//! What a field usually holds: erasing something means putting that in its place.

use std::sync::{Arc, Mutex, PoisonError};

use ethogram_store::Revision;

use super::observation::column;
use crate::{Result, RunHandle};

/// Steps that the median is taken of, evenly spread.
const STEPS: u64 = 31;
/// Backgrounds that are kept.
const KEPT: usize = 8;

/// Backgrounds that were asked for lately.
#[derive(Default)]
pub struct Backgrounds {
    /// Used last comes last.
    known: Mutex<Vec<(Key, Arc<Vec<f32>>)>>,
}

type Key = (u64, String, Revision);

impl Backgrounds {
    /// Lets go of all of them.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The median of each element of a field over steps of an episode, evenly spread.
    pub fn of(&self, run: &RunHandle, episode: u64, field: &str) -> Result<Arc<Vec<f32>>> {
        let key = (episode, field.to_owned(), run.source().revision());
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = lock().iter().find(|(known, _)| *known == key) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(median(run, episode, field)?);
        let mut known = lock();
        known.push((key, Arc::clone(&found)));
        if known.len() > KEPT {
            known.remove(0);
        }
        Ok(found)
    }
}

fn median(run: &RunHandle, episode: u64, field: &str) -> Result<Vec<f32>> {
    let steps = run.source().step_count(episode)?;
    let places = steps.min(STEPS);
    let mut rows = Vec::new();
    let mut width = 0;
    for place in 0..places {
        let step = (2 * place + 1) * steps / (2 * places);
        let mut valid = [true];
        let (shape, row) = column(run, episode, field, step..step + 1, &mut valid)?;
        width = shape.iter().product();
        if valid[0] {
            rows.push(row);
        }
    }
    let mut at_place = vec![0.0; rows.len()];
    Ok((0..width)
        .map(|at| {
            at_place.iter_mut().zip(&rows).for_each(|(value, row)| *value = row[at]);
            at_place.sort_by(f32::total_cmp);
            // The lower of two middles: a number that was there.
            at_place.get((at_place.len().max(1) - 1) / 2).copied().unwrap_or(0.0)
        })
        .collect())
}
