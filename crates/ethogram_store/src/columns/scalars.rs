//! Scalars: one row a value.

use std::sync::Arc;

use arrow_array::types::{Float64Type, Int64Type, UInt8Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt8Array};
use arrow_schema::{DataType, SchemaRef};

use super::{Reader, axis_code, axis_of, batch_error, schema};
use crate::{Axis, Result};

/// One value of one tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalarPoint<'a> {
    /// What indexes the tag.
    pub axis: Axis,
    /// Its name.
    pub tag: &'a str,
    /// Step on the axis.
    pub step: i64,
    /// Microseconds since 1970.
    pub time_us: i64,
    /// The value, NaN included.
    pub value: f64,
}

/// The columns of scalars.
fn scalars_schema() -> SchemaRef {
    schema(&[
        ("axis", DataType::UInt8, false),
        ("tag", DataType::Utf8, false),
        ("step", DataType::Int64, false),
        ("time_us", DataType::Int64, false),
        ("value", DataType::Float64, false),
    ])
}

/// Points as a batch, in the order given.
pub fn scalars_batch(points: &[ScalarPoint<'_>]) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt8Array::from_iter_values(points.iter().map(|point| axis_code(point.axis)))),
        Arc::new(StringArray::from_iter_values(points.iter().map(|point| point.tag))),
        Arc::new(Int64Array::from_iter_values(points.iter().map(|point| point.step))),
        Arc::new(Int64Array::from_iter_values(points.iter().map(|point| point.time_us))),
        Arc::new(Float64Array::from_iter_values(points.iter().map(|point| point.value))),
    ];
    RecordBatch::try_new(scalars_schema(), columns).map_err(|error| batch_error(&error))
}

/// Points of a batch. Rows of an axis that is not known are left out.
pub fn scalars_from(batch: &RecordBatch) -> Result<impl Iterator<Item = ScalarPoint<'_>>> {
    let reader = Reader(batch);
    let axes = reader.numbers::<UInt8Type>("axis")?;
    let tags = reader.texts("tag")?;
    let steps = reader.numbers::<Int64Type>("step")?;
    let times = reader.numbers::<Int64Type>("time_us")?;
    let values = reader.numbers::<Float64Type>("value")?;
    Ok((0..batch.num_rows()).filter_map(move |row| {
        let axis = axis_of(axes.value(row))?;
        let (step, time_us, value) = (steps.value(row), times.value(row), values.value(row));
        Some(ScalarPoint { axis, tag: tags.value(row), step, time_us, value })
    }))
}
