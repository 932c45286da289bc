//! Where the points of a map lay in an earlier one.

use std::collections::HashMap;

use ethogram_store::RunId;

use super::map::StateMap;
use super::request::wrong;
use super::selection::Place;
use crate::Result;

/// Run, whether it is of samples, episode and step.
type Key = (RunId, bool, u64, u64);

/// Places of the distinct points of `now` in the layout of `earlier`; NaN for those that were not there.
///
/// **Errors**: it has no layout, or no step is in both.
pub fn places_in(earlier: &StateMap, now: &StateMap) -> Result<Vec<f32>> {
    let dims = now.dims();
    let Some(layout) = earlier.layout() else {
        return Err(wrong("align_to", "a map that has a layout", "one that has none yet"));
    };
    // Samples of one index are the same state, whatever they are called: a policy is asked about the same ones through training.
    let key = |map: &StateMap, place: &Place| -> Key {
        let source = &map.sources()[place.source as usize];
        (source.run.clone(), source.samples.is_some(), place.episode, place.step)
    };
    let known: HashMap<Key, usize> =
        earlier.places().iter().enumerate().map(|(row, place)| (key(earlier, place), row)).collect();
    let mut places = vec![f32::NAN; now.cleaned.firsts.len() * dims];
    for (place, &distinct) in now.places().iter().zip(&now.cleaned.distinct_of) {
        let to = &mut places[distinct * dims..][..dims];
        if to[0].is_nan()
            && let Some(row) = known.get(&key(now, place))
        {
            to.copy_from_slice(&layout.positions[row * dims..][..dims]);
        }
    }
    if places.iter().all(|value| value.is_nan()) {
        return Err(wrong("align_to", "a map that shares steps with this one", "none"));
    }
    Ok(places)
}
