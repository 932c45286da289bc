//! Episodes, checkpoints and the places of tensors: small rows, kept in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;

use super::batches::{BatchCache, Place};
use super::index::{Index, Part, Seen, Unit};
use super::lost::LostList;
use crate::columns::{SIZE_COLUMNS, checkpoints_from, episodes_from, tensors_from, tensors_sizes, tensors_tags};
use crate::layout::Kind;
use crate::sealed::SealedTensors;
use crate::{Axis, CheckpointRow, EpisodeRow, Error, Result, TensorKind, TensorRow, TensorTag, TensorsSize};

/// Rows that are kept whole, the newest of each key.
#[derive(Debug)]
pub(super) struct Rows<K, V> {
    seen: Seen,
    pub(super) rows: BTreeMap<K, V>,
}

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Self { seen: Seen::default(), rows: BTreeMap::new() }
    }
}

/// All episodes.
pub(super) type Episodes = Rows<u64, EpisodeRow>;
/// All checkpoints, by global step and name.
pub(super) type Checkpoints = Rows<(i64, String), CheckpointRow>;

impl Episodes {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, lost: &LostList) {
        let rows = |batch: &RecordBatch| {
            episodes_from(batch).map(|rows| rows.into_iter().map(|row| (row.episode, row)).collect())
        };
        self.read_new(Kind::Episodes, index, lost, rows);
    }
}

impl Checkpoints {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, lost: &LostList) {
        let keyed = |row: CheckpointRow| ((row.global_step, row.name.clone()), row);
        let rows = |batch: &RecordBatch| checkpoints_from(batch).map(|rows| rows.into_iter().map(keyed).collect());
        self.read_new(Kind::Checkpoints, index, lost, rows);
    }
}

impl<K: Ord, V> Rows<K, V> {
    fn read_new(
        &mut self,
        kind: Kind,
        index: &Index,
        lost: &LostList,
        read: impl Fn(&RecordBatch) -> Result<Vec<(K, V)>>,
    ) {
        let missing = lost.times_missing();
        let unseen = index.unseen(kind, &mut self.seen);
        if unseen.restart {
            self.rows.clear();
        }
        for part in unseen.parts {
            let batch = match &part {
                Part::Sealed(unit) => unit.rows(lost),
                Part::Batch(place) => place.read(lost),
            };
            let Some(batch) = batch else { continue };
            match read(&batch) {
                Ok(rows) => self.rows.extend(rows),
                Err(error) => note(&part, lost, &error),
            }
        }
        if lost.times_missing() != missing {
            self.seen = Seen::default();
        }
    }
}

fn note(part: &Part, lost: &LostList, error: &Error) {
    match part {
        Part::Sealed(unit) => {
            unit.note(lost, format!("{} rows of {}", unit.entry.rows, unit.entry.kind.folder()), error);
        }
        Part::Batch(place) => lost.note_error(place.file.path(), place.what(), error),
    }
}

/// Where the tensors lie: their arrays stay on disk.
#[derive(Debug, Default)]
pub(super) struct Tensors {
    seen: Seen,
    units: Vec<Unit>,
    /// Rows of live segments, by writer and number.
    tails: BTreeMap<(u32, u32), Tails>,
}

/// The tags of one live segment.
type Tails = BTreeMap<(Axis, Arc<str>), Tail>;

/// Rows of one tag in one live segment.
#[derive(Debug)]
struct Tail {
    kind: TensorKind,
    logged: u64,
    /// The newest row of each step: its batch, and its row there.
    steps: BTreeMap<i64, (Place, u32)>,
}

impl Tensors {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, batches: &BatchCache, lost: &LostList) {
        let missing = lost.times_missing();
        let unseen = index.unseen(Kind::Tensors, &mut self.seen);
        if unseen.restart {
            self.tails.clear();
        }
        self.units = index.units(Kind::Tensors);
        let units = &self.units;
        let alive = |key: (u32, u32)| units.iter().any(|unit| matches!(unit, Unit::Live(w, n) if (*w, *n) == key));
        self.tails.retain(|&key, _| alive(key));
        for part in unseen.parts {
            let Part::Batch(place) = part else { continue };
            let Some(batch) = batches.get(&place, lost) else { continue };
            let rows = match tensors_tags(&batch) {
                Ok(rows) => rows,
                Err(error) => {
                    lost.note_error(place.file.path(), place.what(), &error);
                    continue;
                }
            };
            let tail = self.tails.entry((place.writer, place.number)).or_default();
            for (row, (axis, tag, kind, step)) in rows.into_iter().enumerate() {
                let tag = tail.entry((axis, tag.into()));
                let tag = tag.or_insert_with(|| Tail { kind, logged: 0, steps: BTreeMap::new() });
                tag.kind = kind;
                tag.logged += 1;
                tag.steps.insert(step, (place.clone(), row as u32));
            }
        }
        if lost.times_missing() != missing {
            *self = Self::default();
        }
    }

    pub(super) fn tags(&self, lost: &LostList) -> Vec<TensorTag> {
        let mut tags: BTreeMap<(Axis, String), TensorTag> = BTreeMap::new();
        let mut add = |axis: Axis, tag: &str, kind: TensorKind, count: u64| {
            let known = tags.entry((axis, tag.to_owned()));
            let known = known.or_insert_with(|| TensorTag { axis, tag: tag.to_owned(), kind, count: 0 });
            known.kind = kind;
            known.count += count;
        };
        for unit in &self.units {
            match unit {
                Unit::Sealed(unit) => {
                    for tag in unit.tensors(lost).map(SealedTensors::tags).unwrap_or_default() {
                        add(tag.axis, &tag.tag, tag.kind, tag.rows);
                    }
                }
                Unit::Live(writer, number) => {
                    for ((axis, tag), rows) in self.tails.get(&(*writer, *number)).into_iter().flatten() {
                        add(*axis, tag, rows.kind, rows.logged);
                    }
                }
            }
        }
        tags.into_values().collect()
    }

    /// Steps of a tag, ascending, each once.
    pub(super) fn steps(&self, axis: Axis, tag: &str, range: &Range<i64>, lost: &LostList) -> Vec<i64> {
        if range.start >= range.end {
            return Vec::new();
        }
        let mut steps = BTreeSet::new();
        let key = (axis, Arc::from(tag));
        for unit in &self.units {
            match unit {
                Unit::Sealed(unit) => {
                    let Some(tensors) = unit.tensors(lost) else { continue };
                    match tensors.steps(axis, tag, range.clone()) {
                        Ok(found) => steps.extend(found),
                        Err(error) => unit.note(lost, format!("steps of tag {tag:?}"), &error),
                    }
                }
                Unit::Live(writer, number) => {
                    let tail = self.tails.get(&(*writer, *number)).and_then(|tail| tail.get(&key));
                    steps.extend(
                        tail.into_iter().flat_map(|tail| tail.steps.range(range.clone())).map(|(step, _)| *step),
                    );
                }
            }
        }
        steps.into_iter().collect()
    }

    /// How much [`Tensors::rows`] would give. Arrays of sealed rows are not read.
    pub(super) fn size(
        &self,
        axis: Axis,
        tag: &str,
        range: &Range<i64>,
        batches: &BatchCache,
        lost: &LostList,
    ) -> TensorsSize {
        if range.start >= range.end {
            return TensorsSize::default();
        }
        let mut newest: BTreeMap<i64, u64> = BTreeMap::new();
        let key = (axis, Arc::from(tag));
        for unit in &self.units {
            match unit {
                Unit::Sealed(unit) => {
                    let Some(tensors) = unit.tensors(lost) else { continue };
                    let rows = tensors.read_columns(axis, tag, range.clone(), Some(&SIZE_COLUMNS));
                    match rows.and_then(|batch| tensors_sizes(&batch)) {
                        Ok(rows) => newest.extend(rows),
                        Err(error) => unit.note(lost, format!("tag {tag:?}"), &error),
                    }
                }
                Unit::Live(writer, number) => {
                    let tail = self.tails.get(&(*writer, *number)).and_then(|tail| tail.get(&key));
                    let places = tail.into_iter().flat_map(|tail| tail.steps.range(range.clone()));
                    for (_, (place, row)) in places {
                        let Some(batch) = batches.get(place, lost) else { continue };
                        match tensors_sizes(&batch.slice(*row as usize, 1)) {
                            Ok(rows) => newest.extend(rows),
                            Err(error) => lost.note_error(place.file.path(), place.what(), &error),
                        }
                    }
                }
            }
        }
        TensorsSize { rows: newest.len() as u64, bytes: newest.values().fold(0, |sum, &n| sum.saturating_add(n)) }
    }

    /// Rows of a tag, ascending by step, the newest of each step.
    pub(super) fn rows(
        &self,
        axis: Axis,
        tag: &str,
        range: &Range<i64>,
        batches: &BatchCache,
        lost: &LostList,
    ) -> Vec<TensorRow> {
        if range.start >= range.end {
            return Vec::new();
        }
        let mut newest: BTreeMap<i64, TensorRow> = BTreeMap::new();
        let key = (axis, Arc::from(tag));
        for unit in &self.units {
            match unit {
                Unit::Sealed(unit) => {
                    let Some(tensors) = unit.tensors(lost) else { continue };
                    let rows = tensors.read(axis, tag, range.clone());
                    let rows = rows.and_then(|batch| tensors_from(&batch, &(0..batch.num_rows()).collect::<Vec<_>>()));
                    match rows {
                        Ok(rows) => newest.extend(rows.into_iter().map(|point| (point.row.step, point.row))),
                        Err(error) => unit.note(lost, format!("tag {tag:?}"), &error),
                    }
                }
                Unit::Live(writer, number) => {
                    let tail = self.tails.get(&(*writer, *number)).and_then(|tail| tail.get(&key));
                    for (place, row) in tail.into_iter().flat_map(|tail| tail.steps.range(range.clone())).map(|at| at.1)
                    {
                        let Some(batch) = batches.get(place, lost) else { continue };
                        match tensors_from(&batch, &[*row as usize]) {
                            Ok(rows) => newest.extend(rows.into_iter().map(|point| (point.row.step, point.row))),
                            Err(error) => lost.note_error(place.file.path(), place.what(), &error),
                        }
                    }
                }
            }
        }
        newest.into_values().collect()
    }
}
