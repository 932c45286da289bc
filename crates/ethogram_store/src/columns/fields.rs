//! One field of steps as one Arrow column: a number, a list of fixed size that knows its shape, or a text.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, BooleanArray, FixedSizeListArray, RecordBatch, StringArray, make_array};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field};

use super::{batch_error, corrupt};
use crate::{Dtype, Result};

const EXTENSION_NAME: &str = "ARROW:extension:name";
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";
const FIXED_SHAPE_TENSOR: &str = "arrow.fixed_shape_tensor";

/// What every row of a field is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// Element type; `None` for text.
    pub dtype: Option<Dtype>,
    /// Shape of one row; empty for a single number and for text.
    pub shape: Vec<usize>,
}

impl FieldType {
    /// Elements of one row.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of one row; zero for text.
    pub fn row_bytes(&self) -> usize {
        self.dtype.map_or(0, |dtype| dtype.size() * self.elements())
    }

    /// The Arrow column that holds it.
    pub fn to_field(&self, name: &str) -> Field {
        let Some(dtype) = self.dtype else { return Field::new(name, DataType::Utf8, true) };
        if self.shape.is_empty() {
            return Field::new(name, data_type(dtype), true);
        }
        let item = Arc::new(Field::new_list_field(data_type(dtype), true));
        let metadata = HashMap::from([
            (EXTENSION_NAME.to_owned(), FIXED_SHAPE_TENSOR.to_owned()),
            (EXTENSION_METADATA.to_owned(), serde_json::json!({ "shape": self.shape }).to_string()),
        ]);
        Field::new(name, DataType::FixedSizeList(item, self.elements() as i32), true).with_metadata(metadata)
    }
}

impl std::fmt::Display for FieldType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.dtype {
            Some(dtype) => write!(f, "{dtype} {:?}", self.shape),
            None => f.write_str("text"),
        }
    }
}

/// What a column of steps holds; `None` when its type is none of a field's. A list without a shape has one axis.
pub fn field_of(field: &Field) -> Option<FieldType> {
    match field.data_type() {
        DataType::Utf8 => Some(FieldType { dtype: None, shape: vec![] }),
        DataType::FixedSizeList(item, size) => {
            let dtype = dtype_of(item.data_type())?;
            let size = usize::try_from(*size).ok()?;
            let shape = field.metadata().get(EXTENSION_METADATA).and_then(|json| shape_of(json));
            let shape = shape.filter(|shape| elements(shape) == Some(size)).unwrap_or_else(|| vec![size]);
            Some(FieldType { dtype: Some(dtype), shape })
        }
        other => Some(FieldType { dtype: Some(dtype_of(other)?), shape: vec![] }),
    }
}

fn shape_of(json: &str) -> Option<Vec<usize>> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let shape: Vec<usize> = serde_json::from_value(value.get("shape")?.clone()).ok()?;
    (1..=32).contains(&shape.len()).then_some(shape)
}

fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n))
}

/// Rows of one field, as many as the batch has.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValues {
    /// Row after row, little-endian; zeros where nothing was logged.
    Numeric(Vec<u8>),
    /// One text a row; empty where nothing was logged.
    Text(Vec<String>),
}

/// A field's rows as a column. `valid` has one entry a row.
pub(super) fn to_column(name: &str, field: &FieldType, values: FieldValues, valid: &[bool]) -> Result<ArrayRef> {
    let rows = valid.len();
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    match (values, field.dtype) {
        (FieldValues::Numeric(bytes), Some(dtype)) if field.shape.is_empty() => numbers(dtype, rows, bytes, nulls),
        (FieldValues::Numeric(bytes), Some(dtype)) => {
            let DataType::FixedSizeList(item, size) = field.to_field(name).data_type().clone() else {
                return Err(corrupt(name, "a list", "a number"));
            };
            let values = numbers(dtype, rows * field.elements(), bytes, None)?;
            let list = FixedSizeListArray::try_new_with_length(item, size, values, nulls, rows);
            Ok(Arc::new(list.map_err(|error| batch_error(&error))?))
        }
        (FieldValues::Text(texts), None) => {
            let texts = texts.iter().zip(valid).map(|(text, valid)| valid.then_some(text));
            Ok(Arc::new(texts.collect::<StringArray>()))
        }
        _ => Err(corrupt(name, "values of the field's type", "others")),
    }
}

fn numbers(dtype: Dtype, length: usize, bytes: Vec<u8>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    if dtype == Dtype::Bool {
        let values = bytes.iter().map(|&byte| byte != 0).collect();
        return Ok(Arc::new(BooleanArray::new(values, nulls)));
    }
    let data = ArrayData::builder(data_type(dtype)).len(length).nulls(nulls).add_buffer(Buffer::from_vec(bytes));
    let data = data.align_buffers(true).build().map_err(|error| batch_error(&error))?;
    Ok(make_array(data))
}

/// Rows of one column of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRows {
    /// What each row is.
    pub kind: FieldType,
    /// The rows.
    pub values: FieldValues,
    /// Which of them were logged; `None` when all were.
    pub valid: Option<Vec<bool>>,
}

/// The rows of one column of a batch; `None` when there is no such column.
pub fn read_field(batch: &RecordBatch, name: &str) -> Result<Option<FieldRows>> {
    let Some((index, field)) = batch.schema_ref().fields().find(name) else { return Ok(None) };
    let unknown = || corrupt(name, "a number, a list or a text", &field.data_type().to_string());
    let kind = field_of(field).ok_or_else(unknown)?;
    let column = batch.column(index);
    let valid: Option<Vec<bool>> = column.nulls().filter(|nulls| nulls.null_count() > 0).map(|n| n.iter().collect());
    let mut values = match (kind.dtype, column.as_any().downcast_ref::<FixedSizeListArray>()) {
        (None, _) => {
            let texts = column.as_any().downcast_ref::<StringArray>().ok_or_else(unknown)?;
            FieldValues::Text(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
        }
        (Some(dtype), Some(list)) => FieldValues::Numeric(bytes_of(dtype, list.values()).ok_or_else(unknown)?),
        (Some(dtype), None) => FieldValues::Numeric(bytes_of(dtype, column).ok_or_else(unknown)?),
    };
    // What lies under a null is undefined in Arrow; here it is zero.
    if let (FieldValues::Numeric(bytes), Some(valid)) = (&mut values, &valid) {
        let row_bytes = kind.row_bytes();
        for (row, _) in valid.iter().enumerate().filter(|(_, valid)| !**valid) {
            bytes[row * row_bytes..(row + 1) * row_bytes].fill(0);
        }
    }
    Ok(Some(FieldRows { kind, values, valid }))
}

fn bytes_of(dtype: Dtype, column: &ArrayRef) -> Option<Vec<u8>> {
    if dtype == Dtype::Bool {
        let values = column.as_any().downcast_ref::<BooleanArray>()?.values();
        return Some(values.iter().map(u8::from).collect());
    }
    let data = column.to_data();
    let start = data.offset() * dtype.size();
    let end = start + data.len() * dtype.size();
    data.buffers().first()?.as_slice().get(start..end).map(<[u8]>::to_vec)
}

fn data_type(dtype: Dtype) -> DataType {
    match dtype {
        Dtype::Bool => DataType::Boolean,
        Dtype::Uint8 => DataType::UInt8,
        Dtype::Uint16 => DataType::UInt16,
        Dtype::Uint32 => DataType::UInt32,
        Dtype::Uint64 => DataType::UInt64,
        Dtype::Int8 => DataType::Int8,
        Dtype::Int16 => DataType::Int16,
        Dtype::Int32 => DataType::Int32,
        Dtype::Int64 => DataType::Int64,
        Dtype::Float16 => DataType::Float16,
        Dtype::Float32 => DataType::Float32,
        Dtype::Float64 => DataType::Float64,
    }
}

fn dtype_of(wanted: &DataType) -> Option<Dtype> {
    Dtype::ALL.into_iter().find(|&dtype| data_type(dtype) == *wanted)
}
