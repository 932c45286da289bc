//! Sealed tensors: sorted by axis, tag and step, in row groups of one tag and a few megabytes.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use serde::{Deserialize, Serialize};

use super::FileEntry;
use super::order::{column, steps_i64, wrong};
use super::scalars::{index_json, narrow, starts};
use super::steps::properties;
use super::table::{SealedBytes, Table, TableWriter};
use crate::columns::tensors_tags;
use crate::files::Files;
use crate::{Axis, Result, TensorKind};

/// A row group is full once its arrays reach this many bytes.
const GROUP_BYTES: usize = 4 << 20;
/// With more tags than this, small ones share row groups.
const TAGS_APART_MAX: usize = 4096;

/// One tag in a sealed file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorExtent {
    /// What indexes it.
    pub axis: Axis,
    /// Its name.
    pub tag: String,
    /// What its newest row is.
    pub kind: TensorKind,
    /// Rows; the rows of a tag lie together, and tags follow each other in the order of the list.
    pub rows: u64,
    /// Smallest step.
    pub first_step: i64,
    /// Largest step.
    pub last_step: i64,
}

#[derive(Serialize, Deserialize)]
struct Index {
    tags: Vec<TensorExtent>,
}

pub(super) fn write(sorted: &RecordBatch) -> Result<SealedBytes> {
    let mut tags: Vec<TensorExtent> = Vec::new();
    for (axis, tag, kind, step) in tensors_tags(sorted)? {
        match tags.last_mut() {
            Some(last) if last.axis == axis && last.tag == tag => {
                last.rows += 1;
                last.last_step = step;
                last.kind = kind;
            }
            _ => {
                let tag = tag.to_owned();
                tags.push(TensorExtent { axis, tag, kind, rows: 1, first_step: step, last_step: step });
            }
        }
    }
    let data = column(sorted, "data")?.as_binary_opt::<i32>().ok_or_else(|| wrong("data", "binary"))?;
    let mut writer = TableWriter::new(sorted.schema(), properties())?;
    // A row group a tag; with very many tags, small ones share: Parquet has room for 32,767 row groups.
    let share = tags.len() > TAGS_APART_MAX;
    let (mut from, mut bytes, mut end) = (0, 0, 0);
    for extent in &tags {
        let start = end;
        end += extent.rows as usize;
        for row in start..end {
            bytes += data.value(row).len();
            if bytes >= GROUP_BYTES || (row + 1 == end && !share) {
                writer.write_group(&sorted.slice(from, row + 1 - from))?;
                (from, bytes) = (row + 1, 0);
            }
        }
    }
    if from < end {
        writer.write_group(&sorted.slice(from, end - from))?;
    }
    writer.finish(index_json(&Index { tags }))
}

/// An open file of sealed tensors.
#[derive(Debug)]
pub struct SealedTensors {
    table: Table,
    tags: Vec<TensorExtent>,
    starts: Vec<u64>,
}

impl SealedTensors {
    /// Reads the footer; `path` is relative to the run.
    pub fn open(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        let table = Table::open(files, path, entry)?;
        let Index { tags } = table.index()?;
        let starts = starts(&table, tags.iter().map(|tag| tag.rows))?;
        if !tags.windows(2).all(|pair| (pair[0].axis, &pair[0].tag) < (pair[1].axis, &pair[1].tag)) {
            return Err(table.corrupt("index", "tags in order", "others"));
        }
        Ok(Self { table, tags, starts })
    }

    /// The tags in it, sorted by axis, then tag.
    pub fn tags(&self) -> &[TensorExtent] {
        &self.tags
    }

    /// The file underneath.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Rows of one tag with `range.start <= step < range.end`, ascending, one a step. An unknown tag gives none.
    pub fn read(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<RecordBatch> {
        self.read_columns(axis, tag, range, None)
    }

    /// Steps of these rows; their arrays are not read.
    pub fn steps(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<i64>> {
        Ok(steps_i64(&self.read_columns(axis, tag, range, Some(&["step"]))?, "step")?.to_vec())
    }

    /// As [`SealedTensors::read`], some columns only; `step` must be among them.
    pub fn read_columns(
        &self,
        axis: Axis,
        tag: &str,
        range: Range<i64>,
        columns: Option<&[&str]>,
    ) -> Result<RecordBatch> {
        let at = self.tags.binary_search_by(|extent| (extent.axis, extent.tag.as_str()).cmp(&(axis, tag))).ok();
        let rows = at.map_or(0..0, |at| self.starts[at]..self.starts[at + 1]);
        let batch = self.table.read(narrow(&self.table, rows, &range), columns)?;
        let steps = steps_i64(&batch, "step")?;
        let from = steps.partition_point(|&step| step < range.start);
        let to = steps.partition_point(|&step| step < range.end).max(from);
        Ok(batch.slice(from, to - from))
    }
}
