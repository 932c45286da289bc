//! Sealed scalars: sorted by axis, tag and step, a row group a tag, so that one tag is read without the others.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use serde::{Deserialize, Serialize};

use super::FileEntry;
use super::order::{column, steps_i64, wrong};
use super::table::{SealedBytes, Table, TableWriter};
use crate::columns::scalars_from;
use crate::files::Files;
use crate::{Axis, Result, ScalarColumns};

/// Rows of one row group at most. A tag with more has several, so that a short range of a long tag is read alone.
pub(super) const GROUP_ROWS: usize = 131_072;
/// With more tags than this, small ones share row groups: Parquet has room for 32,767.
const GROUPS_MAX: usize = 4096;

/// One tag in a sealed file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagExtent {
    /// What indexes it.
    pub axis: Axis,
    /// Its name.
    pub tag: String,
    /// Points; the rows of a tag lie together, and tags follow each other in the order of this list.
    pub rows: u64,
    /// Smallest step.
    pub first_step: i64,
    /// Largest step.
    pub last_step: i64,
    /// Value at the largest step.
    #[serde(with = "text_of_f64")]
    pub last_value: f64,
}

#[derive(Serialize, Deserialize)]
struct Index {
    tags: Vec<TagExtent>,
}

/// Scalars, sorted, as a Parquet file.
pub(super) fn write(sorted: &RecordBatch) -> Result<SealedBytes> {
    let extents = extents(sorted)?;
    let mut writer = TableWriter::new(sorted.schema(), properties().build())?;
    for group in groups(&extents, GROUP_ROWS) {
        writer.write_group(&sorted.slice(group.start, group.len()))?;
    }
    writer.finish(index_json(&Index { tags: extents }))
}

pub(super) fn index_json(index: &impl Serialize) -> String {
    serde_json::to_string(index).unwrap_or_default()
}

pub(super) fn properties() -> WriterPropertiesBuilder {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    let plain = |properties: WriterPropertiesBuilder, name: &'static str, encoding| {
        properties.set_column_encoding(name.into(), encoding).set_column_dictionary_enabled(name.into(), false)
    };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_statistics_truncate_length(None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(GROUP_ROWS);
    for name in ["axis", "tag", "step"] {
        properties = properties.set_column_statistics_enabled(name.into(), EnabledStatistics::Chunk);
    }
    for name in ["step", "time_us", "step_first", "step_last", "count", "finite"] {
        // Differences packed bit by bit are as small as zstd makes them, and every column that zstd packs costs a reader
        // two contexts of it.
        properties = plain(properties, name, Encoding::DELTA_BINARY_PACKED)
            .set_column_compression(name.into(), Compression::UNCOMPRESSED);
    }
    for name in ["value", "min", "max", "mean", "last"] {
        properties = plain(properties, name, Encoding::BYTE_STREAM_SPLIT);
    }
    properties
}

/// The tags of sorted scalars.
fn extents(sorted: &RecordBatch) -> Result<Vec<TagExtent>> {
    let mut extents: Vec<TagExtent> = Vec::new();
    for point in scalars_from(sorted)? {
        match extents.last_mut() {
            Some(last) if last.tag == point.tag && last.axis == point.axis => {
                last.rows += 1;
                last.last_step = point.step;
                last.last_value = point.value;
            }
            _ => extents.push(TagExtent {
                axis: point.axis,
                tag: point.tag.to_owned(),
                rows: 1,
                first_step: point.step,
                last_step: point.step,
                last_value: point.value,
            }),
        }
    }
    Ok(extents)
}

/// Rows of each row group: a tag each, split where they are many, small ones together where the tags are very many.
fn groups(extents: &[TagExtent], rows_max: usize) -> Vec<Range<usize>> {
    let share = extents.len() > GROUPS_MAX;
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for extent in extents {
        let end = start + extent.rows as usize;
        match groups.last_mut() {
            Some(last) if share && end - last.start <= rows_max / 16 => last.end = end,
            _ => {
                for from in (start..end).step_by(rows_max) {
                    groups.push(from..(from + rows_max).min(end));
                }
            }
        }
        start = end;
    }
    groups
}

/// An open file of sealed scalars.
#[derive(Debug)]
pub struct SealedScalars {
    table: Table,
    tags: Vec<TagExtent>,
    /// Row at which each tag starts.
    starts: Vec<u64>,
}

impl SealedScalars {
    /// Reads the footer; `path` is relative to the run.
    pub fn open(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        let table = Table::open_plain(files, path, entry)?;
        let Index { tags } = table.index()?;
        let starts = starts(&table, tags.iter().map(|tag| tag.rows))?;
        let sorted = tags.windows(2).all(|pair| (pair[0].axis, &pair[0].tag) < (pair[1].axis, &pair[1].tag));
        if !sorted {
            return Err(table.corrupt("index", "tags in order", "others"));
        }
        Ok(Self { table, tags, starts })
    }

    /// The tags in it, sorted by axis, then tag.
    pub fn tags(&self) -> &[TagExtent] {
        &self.tags
    }

    /// The file underneath.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Points of one tag with `range.start <= step < range.end`, ascending, one a step. An unknown tag gives none.
    pub fn read(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        let Some(at) = find_tag(&self.tags, axis, tag) else { return Ok(ScalarColumns::default()) };
        let extent = &self.tags[at];
        if extent.first_step >= range.end || extent.last_step < range.start {
            return Ok(ScalarColumns::default());
        }
        let rows = self.starts[at]..self.starts[at + 1];
        let rows = narrow(&self.table, rows, &range);
        let batch = self.table.read(rows, Some(&["step", "time_us", "value"]))?;
        let steps = steps_i64(&batch, "step")?;
        let from = steps.partition_point(|&step| step < range.start);
        let to = steps.partition_point(|&step| step < range.end).max(from);
        Ok(ScalarColumns {
            step: steps[from..to].to_vec(),
            time_us: steps_i64(&batch, "time_us")?[from..to].to_vec(),
            value: floats(&batch, "value")?[from..to].to_vec(),
        })
    }
}

/// The place of a tag in a sorted list.
pub(super) fn find_tag(tags: &[TagExtent], axis: Axis, tag: &str) -> Option<usize> {
    tags.binary_search_by(|extent| (extent.axis, extent.tag.as_str()).cmp(&(axis, tag))).ok()
}

/// Row at which each part starts; the parts must fill the table.
pub(super) fn starts(table: &Table, rows: impl Iterator<Item = u64>) -> Result<Vec<u64>> {
    let mut starts = vec![0_u64];
    for rows in rows {
        starts.push(starts[starts.len() - 1].saturating_add(rows));
    }
    if starts.last() != Some(&table.rows()) {
        return Err(table.corrupt("index", &format!("{} rows", table.rows()), format!("{:?}", starts.last())));
    }
    Ok(starts)
}

/// Leaves out row groups whose statistics say that they lie outside a range of steps.
pub(super) fn narrow(table: &Table, rows: Range<u64>, range: &Range<i64>) -> Range<u64> {
    let mut narrowed: Option<Range<u64>> = None;
    for group in 0..table.groups() {
        let inside = table.group_rows(group);
        let inside = inside.start.max(rows.start)..inside.end.min(rows.end);
        // A group that the tag shares with others has the steps of all of them: it is read.
        let outside = table.step_range(group).is_some_and(|(min, max)| max < range.start || min >= range.end);
        if inside.is_empty() || outside {
            continue;
        }
        narrowed = Some(narrowed.map_or(inside.clone(), |before| before.start..inside.end));
    }
    narrowed.unwrap_or(rows.start..rows.start)
}

pub(super) fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [f64]> {
    let column = column(batch, name)?.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong(name, "float64"))?;
    Ok(column.values())
}

/// NaN and the infinities are no JSON numbers: all values are written as text.
mod text_of_f64 {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{value:?}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is no number")))
    }
}
