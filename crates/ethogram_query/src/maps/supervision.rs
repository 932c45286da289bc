//! Labels that take part in a layout: what a field says each point is.

use std::collections::BTreeMap;

use super::map::StateMap;
use super::request::{MapSource, wrong};
use super::selection::Place;
use crate::{Error, Result, Workbench};

/// Most different values of a field that labels are made of: a quantity that is different everywhere draws nothing together.
pub const MAP_LABELS_MAX: usize = 512;
/// Places that are tried before it is said that a field is nowhere.
const TRIED_MAX: usize = 32;

/// Labels of the distinct points of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Supervision {
    /// The field whose values they are.
    pub field: String,
    /// `None` where nothing was logged, and where points that are the same are called differently.
    pub labels: Vec<Option<u32>>,
    /// What was done, in a sentence.
    pub note: String,
}

impl Workbench {
    /// Looks whether some points of a map to be have labels.
    ///
    /// # Errors
    /// As [`Workbench::map_field`].
    pub(super) fn check_labels(&self, sources: &[MapSource], places: &[Place], field: &str) -> Result<()> {
        let mut failed = None;
        for some in places.chunk_by(|a, b| (a.source, a.episode) == (b.source, b.episode)).take(TRIED_MAX) {
            match self.has_map_field(&sources[some[0].source as usize], &some[0], field) {
                Ok(()) => return Ok(()),
                Err(error) if error.is_not_found() || error.is_missing_input() => {
                    failed.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Labels of a map that was read: one for each value of the field.
    ///
    /// # Errors
    /// As [`Workbench::map_field`]; [`Error::TooLarge`] for more than [`MAP_LABELS_MAX`] values.
    pub(super) fn supervision(&self, map: &StateMap, field: &str) -> Result<Supervision> {
        let values = self.map_field(map, field)?.values;
        let mut known: BTreeMap<u64, u32> = BTreeMap::new();
        // NaN is no value to be alike in.
        let found =
            values.iter().map(|value| value.filter(|value| !value.is_nan()).map(|value| (value + 0.0).to_bits()));
        let found: Vec<Option<u64>> = found.collect();
        for bits in found.iter().flatten() {
            let next = known.len() as u32;
            known.entry(*bits).or_insert(next);
            if known.len() > MAP_LABELS_MAX {
                return Err(Error::TooLarge {
                    what: format!("different values of {field:?} as labels (MAP_LABELS_MAX)"),
                    limit: MAP_LABELS_MAX as u64,
                    found: known.len() as u64,
                });
            }
        }
        if known.is_empty() {
            return Err(wrong("supervised_by", "a field with a value at some of the points", field));
        }
        let mut labels: Vec<Option<Option<u32>>> = vec![None; map.cleaned.firsts.len()];
        for (bits, &distinct) in found.iter().zip(&map.cleaned.distinct_of) {
            let label = bits.and_then(|bits| known.get(&bits).copied());
            labels[distinct] = Some(match labels[distinct] {
                Some(before) if before != label => None,
                _ => label,
            });
        }
        let labels: Vec<Option<u32>> = labels.into_iter().map(Option::flatten).collect();
        let without = labels.iter().filter(|label| label.is_none()).count();
        let unknown = match without {
            0 => String::new(),
            some => format!("; {some} of {} different points have none, or several", labels.len()),
        };
        let note = format!(
            "labels took part: near points of one of {} values of {field:?} are drawn together, others apart{unknown}",
            known.len()
        );
        Ok(Supervision { field: field.to_owned(), labels, note })
    }
}
