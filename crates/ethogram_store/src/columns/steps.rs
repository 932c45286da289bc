//! Steps: one row a step of a recorded episode, one column a field.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::fields::{FieldType, FieldValues, to_column};
use super::{Reader, batch_error};
use crate::{Array, Result};

/// Largest index of a step in an episode.
pub const STEP_MAX: u64 = 100_000_000;

/// What one field is at one step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepValue {
    /// Numbers.
    Array(Array),
    /// A text.
    Text(String),
    /// Nothing: the step has a row, this field has no value in it.
    Null,
}

impl StepValue {
    /// Bytes that it takes in the queue.
    pub fn size(&self) -> usize {
        match self {
            Self::Array(array) => array.data().len(),
            Self::Text(text) => text.len(),
            Self::Null => 0,
        }
    }
}

/// The columns of steps with these fields.
pub fn steps_schema(fields: &[(Arc<str>, FieldType)]) -> SchemaRef {
    let keys = ["episode", "step"].map(|name| Field::new(name, DataType::UInt64, false));
    let fields = fields.iter().map(|(name, field)| field.to_field(name));
    Arc::new(Schema::new(keys.into_iter().chain(fields).collect::<Vec<_>>()))
}

/// Episode and step of each row of a batch.
pub fn steps_keys(batch: &RecordBatch) -> Result<(&PrimitiveArray<UInt64Type>, &PrimitiveArray<UInt64Type>)> {
    let reader = Reader(batch);
    Ok((reader.numbers("episode")?, reader.numbers("step")?))
}

/// Rows of one episode, gathered column by column.
#[derive(Debug, Default)]
pub struct StepColumns {
    steps: Vec<u64>,
    fields: HashMap<Arc<str>, Gathered>,
    bytes: usize,
}

#[derive(Debug)]
struct Gathered {
    field: FieldType,
    values: FieldValues,
    valid: Vec<bool>,
}

impl Gathered {
    fn fill_to(&mut self, rows: usize) {
        match &mut self.values {
            FieldValues::Numeric(bytes) => bytes.resize(rows * self.field.row_bytes(), 0),
            FieldValues::Text(texts) => texts.resize(rows, String::new()),
        }
        self.valid.resize(rows, false);
    }
}

impl StepColumns {
    /// Rows gathered.
    pub fn rows(&self) -> usize {
        self.steps.len()
    }

    /// Bytes of the values gathered.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Smallest and largest step.
    pub fn extent(&self) -> Option<(u64, u64)> {
        Some((*self.steps.iter().min()?, *self.steps.iter().max()?))
    }

    /// Opens the row of a step. The same step again opens another row; the newer one counts.
    pub fn push_row(&mut self, step: u64) {
        self.steps.push(step);
        self.bytes += 16;
    }

    /// Sets a field in the row opened last. The type must be that of the value, and the same in all rows.
    pub fn set(&mut self, name: &Arc<str>, field: &FieldType, value: StepValue) {
        let before = self.steps.len().saturating_sub(1);
        self.bytes += value.size();
        let gathered = self.fields.entry(Arc::clone(name)).or_insert_with(|| Gathered {
            field: field.clone(),
            values: if field.dtype.is_some() {
                FieldValues::Numeric(Vec::new())
            } else {
                FieldValues::Text(Vec::new())
            },
            valid: Vec::new(),
        });
        // The same field twice in one row: the later value stands.
        gathered.valid.truncate(before);
        match &mut gathered.values {
            FieldValues::Numeric(bytes) => bytes.truncate(before * gathered.field.row_bytes()),
            FieldValues::Text(texts) => texts.truncate(before),
        }
        gathered.fill_to(before);
        match (&mut gathered.values, value) {
            (FieldValues::Numeric(bytes), StepValue::Array(array)) => bytes.extend_from_slice(array.data()),
            (FieldValues::Text(texts), StepValue::Text(text)) => texts.push(text),
            _ => return,
        }
        gathered.valid.push(true);
    }

    /// All rows as a batch of this schema, which must hold every field that was set.
    pub fn into_batch(
        mut self,
        episode: u64,
        schema: &SchemaRef,
        fields: &[(Arc<str>, FieldType)],
    ) -> Result<RecordBatch> {
        let rows = self.steps.len();
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(UInt64Array::from_value(episode, rows)), Arc::new(UInt64Array::from(self.steps))];
        for (name, field) in fields {
            let mut gathered = self.fields.remove(name).unwrap_or_else(|| Gathered {
                field: field.clone(),
                values: match field.dtype {
                    Some(_) => FieldValues::Numeric(Vec::new()),
                    None => FieldValues::Text(Vec::new()),
                },
                valid: Vec::new(),
            });
            gathered.fill_to(rows);
            columns.push(to_column(name, field, gathered.values, &gathered.valid)?);
        }
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| batch_error(&error))
    }
}
