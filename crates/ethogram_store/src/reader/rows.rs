//! Episodes, checkpoints and the places of tensors: small rows, kept in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::batches::{BatchCache, Place};
use super::index::{Index, Seen};
use super::lost::LostList;
use crate::columns::{checkpoints_from, episodes_from, tensors_from, tensors_tags};
use crate::layout::Kind;
use crate::{Axis, CheckpointRow, EpisodeRow, TensorKind, TensorRow, TensorTag};

/// All episodes, the newest row of each.
#[derive(Debug, Default)]
pub(super) struct Episodes {
    seen: Seen,
    pub(super) rows: BTreeMap<u64, EpisodeRow>,
}

impl Episodes {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, batches: &BatchCache, lost: &LostList) {
        for place in index.unseen(Kind::Episodes, &mut self.seen) {
            let Some(batch) = batches.read(&place, lost) else { continue };
            match episodes_from(&batch) {
                Ok(rows) => self.rows.extend(rows.into_iter().map(|row| (row.episode, row))),
                Err(error) => lost.note_error(place.file.path(), place.what(), &error),
            }
        }
    }
}

/// All checkpoints; of two with one global step and name the newer.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    seen: Seen,
    pub(super) rows: BTreeMap<(i64, String), CheckpointRow>,
}

impl Checkpoints {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, batches: &BatchCache, lost: &LostList) {
        for place in index.unseen(Kind::Checkpoints, &mut self.seen) {
            let Some(batch) = batches.read(&place, lost) else { continue };
            match checkpoints_from(&batch) {
                Ok(rows) => self.rows.extend(rows.into_iter().map(|row| ((row.global_step, row.name.clone()), row))),
                Err(error) => lost.note_error(place.file.path(), place.what(), &error),
            }
        }
    }
}

/// Where the tensors lie: their arrays stay on disk.
#[derive(Debug, Default)]
pub(super) struct Tensors {
    seen: Seen,
    places: Vec<Place>,
    tags: BTreeMap<(Axis, Arc<str>), TensorRows>,
}

#[derive(Debug)]
struct TensorRows {
    kind: TensorKind,
    logged: u64,
    /// The newest row of each step: number of the place, row in its batch.
    steps: BTreeMap<i64, (u32, u32)>,
}

impl Tensors {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, batches: &BatchCache, lost: &LostList) {
        for place in index.unseen(Kind::Tensors, &mut self.seen) {
            let Some(batch) = batches.get(&place, lost) else { continue };
            let rows = match tensors_tags(&batch) {
                Ok(rows) => rows,
                Err(error) => {
                    lost.note_error(place.file.path(), place.what(), &error);
                    continue;
                }
            };
            let number = self.places.len() as u32;
            for (row, (axis, tag, kind, step)) in rows.into_iter().enumerate() {
                let tag = self.tags.entry((axis, tag.into())).or_insert_with(|| TensorRows {
                    kind,
                    logged: 0,
                    steps: BTreeMap::new(),
                });
                tag.kind = kind;
                tag.logged += 1;
                tag.steps.insert(step, (number, row as u32));
            }
            self.places.push(place);
        }
    }

    pub(super) fn tags(&self) -> Vec<TensorTag> {
        let tag = |((axis, tag), rows): (&(Axis, Arc<str>), &TensorRows)| TensorTag {
            axis: *axis,
            tag: tag.to_string(),
            kind: rows.kind,
            count: rows.logged,
        };
        self.tags.iter().map(tag).collect()
    }

    /// Rows of a tag, ascending by step.
    pub(super) fn rows(
        &self,
        axis: Axis,
        tag: &str,
        range: &Range<i64>,
        batches: &BatchCache,
        lost: &LostList,
    ) -> Vec<TensorRow> {
        let Some(rows) = self.tags.get(&(axis, Arc::from(tag))) else { return Vec::new() };
        if range.start >= range.end {
            return Vec::new();
        }
        let mut out = Vec::new();
        for &(place, row) in rows.steps.range(range.clone()).map(|(_, at)| at) {
            let place = &self.places[place as usize];
            let Some(batch) = batches.get(place, lost) else { continue };
            match tensors_from(&batch, &[row as usize]) {
                Ok(points) => out.extend(points.into_iter().map(|point| point.row)),
                Err(error) => lost.note_error(place.file.path(), place.what(), &error),
            }
        }
        out
    }
}
