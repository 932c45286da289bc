//! Rollups: the tags of a sealed file of scalars in at most 1,024 buckets each, so that a curve of a million points is drawn
//! from a few kilobytes. A tag that has no more points than that has no rollup: its points serve.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt8Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use parquet::basic::Compression;
use serde::{Deserialize, Serialize};

use super::FileEntry;
use super::order::{arrow_failed, steps_i64, steps_u64};
use super::scalars::{TagExtent, find_tag, floats, index_json, properties, starts};
use super::table::{SealedBytes, Table, TableWriter};
use crate::bucket::{Bucket, Bucketer};
use crate::columns::{axis_code, scalars_from};
use crate::files::Files;
use crate::{Axis, Result};

/// Most buckets of one tag.
pub const ROLLUP_BUCKETS: usize = 1024;
/// Most tags with rollups in one file; Parquet has room for 32,767 row groups.
const TAGS_MAX: usize = 16_384;

#[derive(Serialize, Deserialize)]
struct Index {
    /// `rows` counts buckets.
    tags: Vec<TagExtent>,
}

/// The rollup of sorted scalars; `None` when no tag has enough points for one.
pub(super) fn write(sorted: &RecordBatch) -> Result<Option<SealedBytes>> {
    let mut tags: Vec<(Axis, &str, Range<usize>)> = Vec::new();
    for (row, point) in scalars_from(sorted)?.enumerate() {
        match tags.last_mut() {
            Some((axis, tag, rows)) if *axis == point.axis && *tag == point.tag => rows.end = row + 1,
            _ => tags.push((point.axis, point.tag, row..row + 1)),
        }
    }
    tags.retain(|(_, _, rows)| rows.len() > ROLLUP_BUCKETS);
    tags.truncate(TAGS_MAX);
    if tags.is_empty() {
        return Ok(None);
    }
    let steps = steps_i64(sorted, "step")?;
    let times = steps_i64(sorted, "time_us")?;
    let values = floats(sorted, "value")?;
    let mut writer = None;
    let mut extents = Vec::new();
    for (axis, tag, rows) in tags {
        let (first_step, last_step) = (steps[rows.start], steps[rows.end - 1]);
        let mut bucketer = Bucketer::new(first_step..last_step.saturating_add(1), ROLLUP_BUCKETS);
        for row in rows.clone() {
            bucketer.add_point(steps[row], times[row], values[row]);
        }
        let buckets = bucketer.finish();
        let last_value = values[rows.end - 1];
        let rows = buckets.len() as u64;
        extents.push(TagExtent { axis, tag: tag.to_owned(), rows, first_step, last_step, last_value });
        let batch = batch(axis, tag, &buckets)?;
        let table = match &mut writer {
            Some(table) => table,
            // Uncompressed: setting up zstd for each column would take longer than reading all of them.
            none => {
                let properties = properties().set_compression(Compression::UNCOMPRESSED).build();
                none.insert(TableWriter::new(batch.schema(), properties)?)
            }
        };
        table.write_group(&batch)?;
    }
    writer.map(|writer| writer.finish(index_json(&Index { tags: extents }))).transpose()
}

fn batch(axis: Axis, tag: &str, buckets: &[Bucket]) -> Result<RecordBatch> {
    let rows = buckets.len();
    let signed = |get: fn(&Bucket) -> i64| -> ArrayRef { Arc::new(buckets.iter().map(get).collect::<Int64Array>()) };
    let count = |get: fn(&Bucket) -> u64| -> ArrayRef { Arc::new(buckets.iter().map(get).collect::<UInt64Array>()) };
    let float = |get: fn(&Bucket) -> f64| -> ArrayRef { Arc::new(buckets.iter().map(get).collect::<Float64Array>()) };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("axis", Arc::new(UInt8Array::from_value(axis_code(axis), rows))),
        ("tag", Arc::new(StringArray::from_iter_values(std::iter::repeat_n(tag, rows)))),
        ("step_first", signed(|bucket| bucket.step_first)),
        ("step_last", signed(|bucket| bucket.step_last)),
        ("time_us", signed(|bucket| bucket.time_us)),
        ("count", count(|bucket| bucket.count)),
        ("finite", count(|bucket| bucket.finite)),
        ("min", float(|bucket| bucket.min)),
        ("max", float(|bucket| bucket.max)),
        ("mean", float(|bucket| bucket.mean)),
        ("last", float(|bucket| bucket.last)),
    ];
    let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), false);
    debug_assert!(columns.iter().all(|(_, column)| *column.data_type() != DataType::Null));
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| arrow_failed(&error))
}

/// An open rollup.
#[derive(Debug)]
pub struct Rollup {
    table: Table,
    tags: Vec<TagExtent>,
    starts: Vec<u64>,
}

impl Rollup {
    /// Reads the footer; `path` is relative to the run.
    pub fn open(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        let table = Table::open_plain(files, path, entry)?;
        let Index { tags } = table.index()?;
        let starts = starts(&table, tags.iter().map(|tag| tag.rows))?;
        Ok(Self { table, tags, starts })
    }

    /// The tags in it, sorted; `rows` counts buckets.
    pub fn tags(&self) -> &[TagExtent] {
        &self.tags
    }

    /// The buckets of a tag, ascending; `None` when it has none here and its points must serve.
    pub fn read(&self, axis: Axis, tag: &str) -> Result<Option<Vec<Bucket>>> {
        const COLUMNS: [&str; 9] =
            ["step_first", "step_last", "time_us", "count", "finite", "min", "max", "mean", "last"];
        let Some(at) = find_tag(&self.tags, axis, tag) else { return Ok(None) };
        let batch = self.table.read(self.starts[at]..self.starts[at + 1], Some(&COLUMNS))?;
        let (first, last) = (steps_i64(&batch, "step_first")?, steps_i64(&batch, "step_last")?);
        let (time, count) = (steps_i64(&batch, "time_us")?, steps_u64(&batch, "count")?);
        let finite = steps_u64(&batch, "finite")?;
        let (min, max) = (floats(&batch, "min")?, floats(&batch, "max")?);
        let (mean, value) = (floats(&batch, "mean")?, floats(&batch, "last")?);
        let bucket = |i: usize| Bucket {
            step_first: first[i],
            step_last: last[i],
            time_us: time[i],
            count: count[i],
            finite: finite[i],
            min: min[i],
            max: max[i],
            mean: mean[i],
            last: value[i],
        };
        Ok(Some((0..batch.num_rows()).map(bucket).collect()))
    }
}
