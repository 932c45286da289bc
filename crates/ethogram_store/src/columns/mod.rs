//! Rows as Arrow batches and back, one file a kind. The columns are those of `docs/format.md`.

mod checkpoints;
mod episodes;
mod fields;
mod frames;
mod scalars;
mod steps;
mod tensors;

use std::sync::Arc;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array as _, ArrayRef, BinaryArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

pub use checkpoints::{checkpoints_batch, checkpoints_from};
pub use episodes::{EPISODE_MAX, episodes_batch, episodes_from};
pub use fields::{FieldRows, FieldType, FieldValues, field_of, read_field};
pub use frames::{FrameRow, frames_batch, frames_from, frames_schema, frames_where};
pub use scalars::{ScalarPoint, scalars_batch, scalars_from};
pub use steps::{STEP_MAX, StepColumns, StepValue, steps_keys, steps_schema};
pub use tensors::{SIZE_COLUMNS, TensorPoint, tensors_batch, tensors_from, tensors_sizes, tensors_tags};

use crate::{Axis, Error, Result};

/// The number of an axis on disk.
pub fn axis_code(axis: Axis) -> u8 {
    match axis {
        Axis::GlobalStep => 0,
        Axis::Episode => 1,
        Axis::Step => 2,
        Axis::Checkpoint => 3,
        Axis::Sample => 4,
    }
}

/// The inverse of [`axis_code`].
pub fn axis_of(code: u8) -> Option<Axis> {
    [Axis::GlobalStep, Axis::Episode, Axis::Step, Axis::Checkpoint, Axis::Sample].get(usize::from(code)).copied()
}

fn schema(columns: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields = columns.iter().map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of a batch that came from disk, by name and type.
struct Reader<'a>(&'a RecordBatch);

impl<'a> Reader<'a> {
    fn any(&self, name: &str) -> Result<&'a ArrayRef> {
        self.0.column_by_name(name).ok_or_else(|| corrupt(name, "a column", "none"))
    }

    /// A column of numbers. Nulls read as what lies under them, mostly zero.
    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&'a PrimitiveArray<T>> {
        let column = self.any(name)?;
        let numbers = column.as_any().downcast_ref();
        numbers.ok_or_else(|| corrupt(name, &T::DATA_TYPE.to_string(), &column.data_type().to_string()))
    }

    fn texts(&self, name: &str) -> Result<&'a StringArray> {
        let column = self.any(name)?;
        let texts = column.as_any().downcast_ref();
        texts.ok_or_else(|| corrupt(name, "utf8", &column.data_type().to_string()))
    }

    fn bytes(&self, name: &str) -> Result<&'a BinaryArray> {
        let column = self.any(name)?;
        let bytes = column.as_any().downcast_ref();
        bytes.ok_or_else(|| corrupt(name, "binary", &column.data_type().to_string()))
    }
}

/// Damage within a batch; whoever knows the file puts its path in.
fn corrupt(column: &str, expected: &str, found: &str) -> Error {
    Error::Corrupt {
        what: format!("column {column:?}"),
        expected: expected.into(),
        found: found.into(),
        path: std::path::PathBuf::new(),
    }
}

/// Arrow refused columns that were made here: a fault of this crate, told rather than hidden.
fn batch_error(error: &ArrowError) -> Error {
    Error::Io { action: "encode", path: "batch".into(), source: std::io::Error::other(error.to_string()) }
}
