//! Checkpoints: one row a checkpoint; its bytes are a blob.

use std::sync::Arc;

use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, SchemaRef};

use super::{Reader, batch_error, schema};
use crate::{CheckpointRow, Result};

/// The columns of checkpoints.
fn checkpoints_schema() -> SchemaRef {
    schema(&[
        ("global_step", DataType::Int64, false),
        ("name", DataType::Utf8, false),
        ("hash", DataType::Utf8, false),
        ("format", DataType::Utf8, false),
        ("bytes", DataType::UInt64, false),
        ("signature", DataType::Utf8, false),
        ("time_us", DataType::Int64, false),
    ])
}

/// Checkpoints as a batch, in the order given.
pub fn checkpoints_batch(rows: &[CheckpointRow]) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.global_step))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.name))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.hash))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.format))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.bytes))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.signature.to_string()))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.time_us))),
    ];
    RecordBatch::try_new(checkpoints_schema(), columns).map_err(|error| batch_error(&error))
}

/// Checkpoints of a batch. A signature that is no JSON reads as null.
pub fn checkpoints_from(batch: &RecordBatch) -> Result<Vec<CheckpointRow>> {
    let reader = Reader(batch);
    let global_step = reader.numbers::<Int64Type>("global_step")?;
    let name = reader.texts("name")?;
    let hash = reader.texts("hash")?;
    let format = reader.texts("format")?;
    let bytes = reader.numbers::<UInt64Type>("bytes")?;
    let signature = reader.texts("signature")?;
    let time_us = reader.numbers::<Int64Type>("time_us")?;
    let row = |i: usize| CheckpointRow {
        global_step: global_step.value(i),
        name: name.value(i).to_owned(),
        hash: hash.value(i).to_owned(),
        format: format.value(i).to_owned(),
        bytes: bytes.value(i),
        signature: serde_json::from_str(signature.value(i)).unwrap_or_default(),
        time_us: time_us.value(i),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}
