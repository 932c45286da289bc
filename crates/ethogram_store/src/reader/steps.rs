//! The steps of one episode: its fields, and the rows of each.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch};

use super::frames::EpisodeFrames;
use crate::columns::{FieldRows, FieldType, FieldValues, STEP_MAX, field_of, read_field, steps_keys};
use crate::sealed::SealedSteps;
use crate::{Axis, Column, ColumnData, Error, FieldInfo, Result};

/// Most bytes that one answer holds.
const ANSWER_BYTES_MAX: u64 = 2 << 30;
/// Bytes of an answer that are given however few of its steps were logged.
const SPARSE_BYTES_MAX: u64 = 64 << 20;
/// Steps of a larger answer that each of its rows stands for: every thousandth step must have been logged.
const STEPS_PER_ROW_MAX: u64 = 1_000;
/// What a text takes beside its letters.
const TEXT_BYTES: usize = size_of::<String>();

/// All batches of steps of an episode, oldest first.
#[derive(Debug, Default)]
pub(super) struct EpisodeSteps {
    batches: Vec<Arc<RecordBatch>>,
    /// The type of each field that has a value, as its oldest batch has it.
    fields: BTreeMap<String, FieldType>,
    rows: u64,
}

impl EpisodeSteps {
    /// Takes a batch; says why if it cannot be one.
    pub(super) fn push(&mut self, batch: Arc<RecordBatch>) -> Result<()> {
        let (_, steps) = steps_keys(&batch)?;
        let largest = steps.values().iter().max().copied();
        if let Some(largest) = largest {
            if largest > STEP_MAX {
                return Err(Error::TooLarge { what: "index of a step".into(), limit: STEP_MAX, found: largest });
            }
            self.rows = self.rows.max(largest + 1);
        }
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()).skip(2) {
            if column.null_count() < column.len()
                && !self.fields.contains_key(field.name())
                && let Some(kind) = field_of(field)
            {
                self.fields.insert(field.name().clone(), kind);
            }
        }
        self.batches.push(batch);
        Ok(())
    }

    /// Learns what a sealed file has of an episode, reading no more than that takes: each column up to its first value.
    pub(super) fn survey(&mut self, sealed: &SealedSteps, episode: u64) -> Result<()> {
        let extents = sealed.episodes();
        let Ok(at) = extents.binary_search_by_key(&episode, |extent| extent.episode) else { return Ok(()) };
        let (mut from, last) = (extents[at].first_step, extents[at].last_step);
        let mut undecided: Vec<&str> =
            sealed.schema().fields().iter().skip(2).map(|field| field.name().as_str()).collect();
        let mut many = 64;
        while !undecided.is_empty() && from <= last {
            let batch = sealed.read(episode, from..from.saturating_add(many), Some(&undecided))?;
            undecided
                .retain(|name| batch.column_by_name(name).is_some_and(|column| column.null_count() == column.len()));
            self.push(Arc::new(batch))?;
            self.batches.pop();
            from += many;
            many *= 4;
        }
        self.rows = self.rows.max(last + 1);
        Ok(())
    }

    /// One more than the largest step.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The fields that have a value, by name.
    pub(super) fn fields(&self) -> &BTreeMap<String, FieldType> {
        &self.fields
    }

    /// Rows that were logged of steps within a range; a step that was logged twice counts twice.
    fn logged_within(&self, range: &Range<u64>) -> Result<u64> {
        let mut logged = 0;
        for batch in &self.batches {
            let (_, steps) = steps_keys(batch)?;
            logged += steps.values().iter().filter(|step| range.contains(step)).count() as u64;
        }
        Ok(logged)
    }

    /// Rows of one field. Of two values for one step the newer counts; a null never replaces a value.
    pub(super) fn column(&self, info: FieldInfo, range: Range<u64>) -> Result<Column> {
        let kind = FieldType { dtype: info.dtype, shape: info.shape.clone() };
        let rows = range.end.saturating_sub(range.start);
        let row_bytes = kind.row_bytes();
        let place_bytes = if kind.dtype.is_some() { row_bytes } else { TEXT_BYTES };
        check_answer(&info.name, rows, place_bytes as u64, || self.logged_within(&range))?;
        let rows = rows as usize;
        let mut valid = vec![false; rows];
        let mut data = match kind.dtype {
            Some(_) => ColumnData::Numeric(vec![0; rows * row_bytes]),
            None => ColumnData::Text(vec![String::new(); rows]),
        };
        for batch in &self.batches {
            let (_, steps) = steps_keys(batch)?;
            if !steps.values().iter().any(|step| range.contains(step)) {
                continue;
            }
            let Some(found) = read_field(batch, &info.name)? else { continue };
            let FieldRows { kind: found, values, valid: logged } = found;
            if found != kind {
                continue;
            }
            for (row, step) in steps.values().iter().enumerate() {
                if !range.contains(step) || logged.as_ref().is_some_and(|logged| !logged[row]) {
                    continue;
                }
                let at = (step - range.start) as usize;
                valid[at] = true;
                match (&mut data, &values) {
                    (ColumnData::Numeric(data), FieldValues::Numeric(bytes)) => data
                        [at * row_bytes..(at + 1) * row_bytes]
                        .copy_from_slice(&bytes[row * row_bytes..(row + 1) * row_bytes]),
                    (ColumnData::Text(data), FieldValues::Text(texts)) => data[at].clone_from(&texts[row]),
                    _ => {}
                }
            }
        }
        let valid = valid.contains(&false).then_some(valid);
        Ok(Column { info, first: range.start, data, valid })
    }
}

/// The fields of an episode, those of steps and those of frames, by name.
pub(super) fn field_infos(
    steps: &EpisodeSteps,
    frames: &EpisodeFrames,
    stack_axis: impl Fn(&str) -> Option<usize>,
) -> Vec<FieldInfo> {
    let steps = steps.fields().iter().filter(|(name, _)| frames.layout(name).is_none()).map(|(name, kind)| FieldInfo {
        name: name.clone(),
        axis: Axis::Step,
        dtype: kind.dtype,
        shape: kind.shape.clone(),
        image: false,
        stack_axis: stack_axis(name).filter(|&axis| axis < kind.shape.len()),
    });
    let mut infos: Vec<FieldInfo> = steps.chain(frames.infos(&stack_axis)).collect();
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    infos
}

/// Refuses an answer before there is room for it: one that is too large, and one that is large while hardly any of its steps were
/// logged.
///
/// A column has a place for each step of its range, and the index of a step is whatever was logged: two rows, of steps 0 and
/// 99,999,999, would make gigabytes. A bound on the index itself, or on how far it jumps, would lose rows that people log, so the
/// writer takes all of them and the answer is bounded: whatever was logged can be asked for in ranges around it.
pub(super) fn check_answer(
    field: &str,
    steps: u64,
    row_bytes: u64,
    logged: impl FnOnce() -> Result<u64>,
) -> Result<()> {
    let found = steps.saturating_mul(row_bytes.saturating_add(1));
    if found > ANSWER_BYTES_MAX {
        let what = "bytes of the answer; ask for fewer steps at a time".into();
        return Err(Error::TooLarge { what, limit: ANSWER_BYTES_MAX, found });
    }
    if found <= SPARSE_BYTES_MAX {
        return Ok(());
    }
    let logged = logged()?;
    if logged.saturating_mul(STEPS_PER_ROW_MAX) < steps {
        let what = format!(
            "bytes of {field:?} over {steps} steps, of which {logged} were logged; ask for fewer steps at a time"
        );
        return Err(Error::TooLarge { what, limit: SPARSE_BYTES_MAX, found });
    }
    Ok(())
}
