//! Tensors, distributions, images and texts: one row each.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, UInt32Builder};
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type};
use arrow_array::{Array as _, ArrayRef, BinaryArray, Int64Array, ListArray, RecordBatch, StringArray, UInt8Array};
use arrow_schema::{DataType, Field, SchemaRef};

use super::{Reader, axis_code, axis_of, batch_error, corrupt, schema};
use crate::{Array, Axis, Dtype, Result, TensorKind, TensorRow};

/// A row and the tag it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorPoint {
    /// What indexes the tag.
    pub axis: Axis,
    /// Its name.
    pub tag: Arc<str>,
    /// The row.
    pub row: TensorRow,
}

/// The columns of tensors.
fn tensors_schema() -> SchemaRef {
    schema(&[
        ("axis", DataType::UInt8, false),
        ("tag", DataType::Utf8, false),
        ("step", DataType::Int64, false),
        ("time_us", DataType::Int64, false),
        ("kind", DataType::Utf8, false),
        ("dtype", DataType::Utf8, false),
        ("shape", DataType::List(Arc::new(Field::new_list_field(DataType::UInt32, true))), false),
        ("data", DataType::Binary, false),
        ("meta", DataType::Utf8, false),
    ])
}

/// Tensors as a batch, in the order given. No axis may be longer than 2^32 − 1.
pub fn tensors_batch(points: &[TensorPoint]) -> Result<RecordBatch> {
    let mut shapes = ListBuilder::new(UInt32Builder::new());
    for point in points {
        let shape = point.row.array.shape().iter().map(|&n| u32::try_from(n).ok());
        shapes.append_value(shape);
    }
    let meta = |point: &TensorPoint| serde_json::to_string(&point.row.meta).unwrap_or_else(|_| "{}".into());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt8Array::from_iter_values(points.iter().map(|point| axis_code(point.axis)))),
        Arc::new(StringArray::from_iter_values(points.iter().map(|point| &*point.tag))),
        Arc::new(Int64Array::from_iter_values(points.iter().map(|point| point.row.step))),
        Arc::new(Int64Array::from_iter_values(points.iter().map(|point| point.row.time_us))),
        Arc::new(StringArray::from_iter_values(points.iter().map(|point| kind_name(point.row.kind)))),
        Arc::new(StringArray::from_iter_values(points.iter().map(|point| point.row.array.dtype().name()))),
        Arc::new(shapes.finish()),
        Arc::new(BinaryArray::from_iter_values(points.iter().map(|point| point.row.array.data()))),
        Arc::new(StringArray::from_iter_values(points.iter().map(meta))),
    ];
    RecordBatch::try_new(tensors_schema(), columns).map_err(|error| batch_error(&error))
}

/// Axis, tag, kind and step of each row of a batch, arrays left alone.
pub fn tensors_tags(batch: &RecordBatch) -> Result<Vec<(Axis, &str, TensorKind, i64)>> {
    let reader = Reader(batch);
    let axis = reader.numbers::<UInt8Type>("axis")?;
    let tag = reader.texts("tag")?;
    let step = reader.numbers::<Int64Type>("step")?;
    let kind = reader.texts("kind")?;
    let row = |i: usize| {
        let axis = axis_of(axis.value(i)).ok_or_else(|| corrupt("axis", "0 to 4", &axis.value(i).to_string()))?;
        let kind = kind_of(kind.value(i)).ok_or_else(|| corrupt("kind", "tensor, distribution, …", kind.value(i)))?;
        Ok((axis, tag.value(i), kind, step.value(i)))
    };
    (0..batch.num_rows()).map(row).collect()
}

/// What [`tensors_sizes`] needs of a batch.
pub const SIZE_COLUMNS: [&str; 3] = ["step", "dtype", "shape"];

/// Step of each row of a batch and bytes of its array; the arrays themselves need not be there.
pub fn tensors_sizes(batch: &RecordBatch) -> Result<Vec<(i64, u64)>> {
    let reader = Reader(batch);
    let step = reader.numbers::<Int64Type>("step")?;
    let dtype = reader.texts("dtype")?;
    let shapes = reader.any("shape")?;
    let shapes = shapes.as_any().downcast_ref::<ListArray>();
    let shapes = shapes.ok_or_else(|| corrupt("shape", "a list of uint32", "another type"))?;
    let row = |i: usize| {
        let shape = shapes.value(i);
        let shape = shape.as_any().downcast_ref::<arrow_array::PrimitiveArray<UInt32Type>>();
        let shape = shape.ok_or_else(|| corrupt("shape", "a list of uint32", "another type"))?;
        let dtype = Dtype::from_name(dtype.value(i)).ok_or_else(|| corrupt("dtype", "a dtype", dtype.value(i)))?;
        let elements = shape.values().iter().fold(1, |product: u64, &n| product.saturating_mul(u64::from(n)));
        Ok((step.value(i), elements.saturating_mul(dtype.size() as u64)))
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The given rows of a batch, in the order given.
pub fn tensors_from(batch: &RecordBatch, rows: &[usize]) -> Result<Vec<TensorPoint>> {
    let reader = Reader(batch);
    let tags = tensors_tags(batch)?;
    let time_us = reader.numbers::<Int64Type>("time_us")?;
    let dtype = reader.texts("dtype")?;
    let shapes = reader.any("shape")?;
    let shapes = shapes.as_any().downcast_ref::<ListArray>();
    let shapes = shapes.ok_or_else(|| corrupt("shape", "a list of uint32", "another type"))?;
    let data = reader.bytes("data")?;
    let meta = reader.texts("meta")?;
    let row = |&i: &usize| {
        let &(axis, tag, kind, step) = tags.get(i).ok_or_else(|| corrupt("tag", "more rows", "fewer"))?;
        let shape = shapes.value(i);
        let shape = shape.as_any().downcast_ref::<arrow_array::PrimitiveArray<UInt32Type>>();
        let shape = shape.ok_or_else(|| corrupt("shape", "a list of uint32", "another type"))?;
        let shape = shape.values().iter().map(|&n| n as usize).collect();
        let dtype = Dtype::from_name(dtype.value(i)).ok_or_else(|| corrupt("dtype", "a dtype", dtype.value(i)))?;
        let array = Array::new(dtype, shape, data.value(i).to_vec());
        let array =
            array.map_err(|error| corrupt("data", "as many bytes as shape and dtype say", &error.to_string()))?;
        let meta = serde_json::from_str(meta.value(i)).unwrap_or_default();
        let row = TensorRow { step, time_us: time_us.value(i), kind, array, meta };
        Ok(TensorPoint { axis, tag: tag.into(), row })
    };
    rows.iter().map(row).collect()
}

const KINDS: [(TensorKind, &str); 4] = [
    (TensorKind::Tensor, "tensor"),
    (TensorKind::Distribution, "distribution"),
    (TensorKind::Image, "image"),
    (TensorKind::Text, "text"),
];

fn kind_name(kind: TensorKind) -> &'static str {
    KINDS.into_iter().find(|(known, _)| *known == kind).map_or("tensor", |(_, name)| name)
}

fn kind_of(name: &str) -> Option<TensorKind> {
    KINDS.into_iter().find(|(_, known)| *known == name).map(|(kind, _)| kind)
}
