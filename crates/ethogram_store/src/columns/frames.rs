//! Frames: one row a frame group.

use std::sync::Arc;

use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow_schema::{DataType, SchemaRef};

use super::{Reader, STEP_MAX, batch_error, corrupt, schema};
use crate::Result;

/// Where a frame group belongs, and its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameRow {
    /// Index of the episode.
    pub episode: u64,
    /// Name of the image field.
    pub field: Arc<str>,
    /// Step of the first row of the group.
    pub first: u64,
    /// Rows of the group, of consecutive steps.
    pub count: u32,
    /// The frame group.
    pub group: bytes::Bytes,
}

/// The columns of frames.
pub fn frames_schema() -> SchemaRef {
    schema(&[
        ("episode", DataType::UInt64, false),
        ("field", DataType::Utf8, false),
        ("first", DataType::UInt64, false),
        ("count", DataType::UInt32, false),
        ("group", DataType::Binary, false),
    ])
}

/// Groups as a batch, in the order given.
pub fn frames_batch(rows: &[FrameRow]) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.episode))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &*row.field))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.first))),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.count))),
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| &row.group))),
    ];
    RecordBatch::try_new(frames_schema(), columns).map_err(|error| batch_error(&error))
}

/// All groups of a batch, in the order in which they were written.
pub fn frames_from(batch: &RecordBatch) -> Result<Vec<FrameRow>> {
    frames_where(batch, |_, _, _| true)
}

/// The groups of a batch that are wanted, by field, first step and rows; their bytes are copied, not yet looked into.
pub fn frames_where(batch: &RecordBatch, wanted: impl Fn(&str, u64, u32) -> bool) -> Result<Vec<FrameRow>> {
    let reader = Reader(batch);
    let episode = reader.numbers::<UInt64Type>("episode")?;
    let field = reader.texts("field")?;
    let first = reader.numbers::<UInt64Type>("first")?;
    let count = reader.numbers::<UInt32Type>("count")?;
    let group = reader.bytes("group")?;
    let mut rows = Vec::new();
    for i in 0..batch.num_rows() {
        let (field, first, count) = (field.value(i), first.value(i), count.value(i));
        if first > STEP_MAX || u64::from(count) > STEP_MAX {
            return Err(corrupt("first", &format!("at most {STEP_MAX}"), &first.to_string()));
        }
        if wanted(field, first, count) {
            let group = bytes::Bytes::copy_from_slice(group.value(i));
            rows.push(FrameRow { episode: episode.value(i), field: field.into(), first, count, group });
        }
    }
    Ok(rows)
}
