//! Sealed steps: sorted by episode and step, in row groups of whole episodes or of at most 1,024 rows of one.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};

use super::FileEntry;
use super::order::steps_u64;
use super::scalars::{index_json, starts};
use super::table::{SealedBytes, Table, TableWriter};
use crate::Result;
use crate::columns::STEP_MAX;
use crate::files::Files;

/// Columns that say which step a row is of.
const KEYS: [&str; 2] = ["episode", "step"];
/// Rows of one row group at most. Short episodes share one.
const GROUP_ROWS: usize = 1024;

/// One episode in a sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeExtent {
    /// Which.
    pub episode: u64,
    /// Rows; the rows of an episode lie together, and episodes follow each other in the order of the list.
    pub rows: u64,
    /// Smallest step.
    pub first_step: u64,
    /// Largest step.
    pub last_step: u64,
}

#[derive(Serialize, Deserialize)]
struct Index {
    episodes: Vec<EpisodeExtent>,
}

pub(super) fn write(sorted: &RecordBatch) -> Result<SealedBytes> {
    let episodes = extents(steps_u64(sorted, "episode")?, steps_u64(sorted, "step")?);
    let mut writer = TableWriter::new(sorted.schema(), properties())?;
    for group in groups(&episodes) {
        writer.write_group(&sorted.slice(group.start, group.len()))?;
    }
    writer.finish(index_json(&Index { episodes }))
}

/// Smaller pages than the groups would only cost: a group is read whole. Statistics of the keys serve other engines.
pub(super) fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_statistics_truncate_length(None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(None)
        // Numbers of a training seldom repeat, and a dictionary would double what there is to read.
        .set_dictionary_enabled(false);
    for key in ["episode", "step", "axis", "tag"] {
        properties = properties
            .set_column_statistics_enabled(key.into(), EnabledStatistics::Chunk)
            .set_column_dictionary_enabled(key.into(), true);
    }
    properties.build()
}

fn extents(episodes: &[u64], steps: &[u64]) -> Vec<EpisodeExtent> {
    let mut extents: Vec<EpisodeExtent> = Vec::new();
    for (&episode, &step) in episodes.iter().zip(steps) {
        match extents.last_mut() {
            Some(last) if last.episode == episode => {
                last.rows += 1;
                last.last_step = step;
            }
            _ => extents.push(EpisodeExtent { episode, rows: 1, first_step: step, last_step: step }),
        }
    }
    extents
}

fn groups(episodes: &[EpisodeExtent]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for extent in episodes {
        let end = start + extent.rows as usize;
        match groups.last_mut() {
            Some(last) if end - last.start <= GROUP_ROWS => last.end = end,
            _ => groups.extend((start..end).step_by(GROUP_ROWS).map(|from| from..(from + GROUP_ROWS).min(end))),
        }
        start = end;
    }
    groups
}

/// An open file of sealed steps.
#[derive(Debug)]
pub struct SealedSteps {
    table: Table,
    episodes: Vec<EpisodeExtent>,
    starts: Vec<u64>,
}

impl SealedSteps {
    /// Reads the footer; `path` is relative to the run.
    pub fn open(files: Arc<dyn Files>, path: String, entry: &FileEntry) -> Result<Self> {
        let table = Table::open(files, path, entry)?;
        let Index { episodes } = table.index()?;
        let starts = starts(&table, episodes.iter().map(|episode| episode.rows))?;
        let sound = |extent: &EpisodeExtent| extent.first_step <= extent.last_step && extent.last_step <= STEP_MAX;
        if !episodes.iter().all(sound) || !episodes.windows(2).all(|pair| pair[0].episode < pair[1].episode) {
            return Err(table.corrupt("index", "episodes in order", "others"));
        }
        Ok(Self { table, episodes, starts })
    }

    /// Columns of all rows: `episode`, `step`, then one a field.
    pub fn schema(&self) -> &SchemaRef {
        self.table.schema()
    }

    /// The episodes in it, ascending.
    pub fn episodes(&self) -> &[EpisodeExtent] {
        &self.episodes
    }

    /// The file underneath.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Rows of one episode with a step in `range`, ascending by step, one a step: `episode`, `step` and the fields asked for,
    /// where there are such; `None` means all. An unknown episode gives no rows.
    pub fn read(&self, episode: u64, range: Range<u64>, fields: Option<&[&str]>) -> Result<RecordBatch> {
        let at = self.episodes.binary_search_by_key(&episode, |extent| extent.episode).ok();
        let Some(at) = at else { return self.read_by_keys(0..0, range, fields) };
        let (extent, rows) = (&self.episodes[at], self.starts[at]..self.starts[at + 1]);
        if extent.last_step - extent.first_step + 1 != extent.rows {
            return self.read_by_keys(rows, range, fields);
        }
        // No step is missing or twice, so the row follows from the step.
        let within = |step: u64| step.clamp(extent.first_step, extent.last_step + 1);
        let steps = within(range.start)..within(range.end.max(range.start));
        let row_of = |step: u64| rows.start + step - extent.first_step;
        let rows = row_of(steps.start)..row_of(steps.end);
        match fields {
            Some(fields) => self.read_dense(episode, steps, rows, fields),
            None => self.read_by_keys(rows, range, None),
        }
    }

    /// Of some rows those with a step in `range`. Where they may be many, these are looked up first: others are not unpacked.
    fn read_by_keys(&self, mut rows: Range<u64>, range: Range<u64>, fields: Option<&[&str]>) -> Result<RecordBatch> {
        if rows.end - rows.start > GROUP_ROWS as u64 {
            let keys = self.table.read(rows.clone(), Some(&["step"]))?;
            let steps = steps_u64(&keys, "step")?;
            let from = steps.partition_point(|&step| step < range.start);
            let to = steps.partition_point(|&step| step < range.end).max(from);
            rows = rows.start + from as u64..rows.start + to as u64;
        }
        let columns: Option<Vec<&str>> = fields.map(|fields| KEYS.iter().chain(fields).copied().collect());
        let batch = self.table.read(rows, columns.as_deref())?;
        let steps = steps_u64(&batch, "step")?;
        let from = steps.partition_point(|&step| step < range.start);
        let to = steps.partition_point(|&step| step < range.end).max(from);
        Ok(batch.slice(from, to - from))
    }

    /// Some rows, of which it is known that they are these steps: neither key need be read.
    fn read_dense(&self, episode: u64, steps: Range<u64>, rows: Range<u64>, fields: &[&str]) -> Result<RecordBatch> {
        let count = (steps.end - steps.start) as usize;
        let fields: Vec<&str> = fields.iter().copied().filter(|field| !KEYS.contains(field)).collect();
        let read = self.table.read(rows, Some(&fields))?;
        let schema = read.schema();
        let keys = KEYS.map(|key| Arc::new(Field::new(key, DataType::UInt64, false)));
        let infos: Vec<FieldRef> = keys.into_iter().chain(schema.fields().iter().cloned()).collect();
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(UInt64Array::from_value(episode, count)), Arc::new(UInt64Array::from_iter_values(steps))];
        columns.extend(read.columns().iter().cloned());
        RecordBatch::try_new(Arc::new(Schema::new_with_metadata(infos, schema.metadata().clone())), columns)
            .map_err(|error| self.table.corrupt("columns", "a row a step", error.to_string()))
    }
}
