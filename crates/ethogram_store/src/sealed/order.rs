//! Rows of several batches as one batch, sorted by their key, of rows with one key only the newest.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::{Error, Kind, Result};

/// The rows of all batches, oldest first, sorted by the key of their kind: scalars and tensors by axis, tag and step; steps by
/// episode and step; episodes by episode; checkpoints by global step. Of equal keys the newest row stays. The fields of a step
/// may come in several rows: of those the newest value of each field stays. Checkpoints all stay.
///
/// Columns are the union of those of the batches; null where a batch has none.
///
/// # Errors
/// [`Error::ShapeMismatch`] when a column has two types.
pub(super) fn sorted(kind: Kind, batches: &[RecordBatch]) -> Result<RecordBatch> {
    let schema = union(batches)?;
    let batches: Vec<RecordBatch> = batches.iter().map(|batch| widen(batch, &schema)).collect::<Result<_>>()?;
    let all = arrow_select::concat::concat_batches(&schema, &batches).map_err(|e| arrow_failed(&e))?;
    let order = order(kind, &all)?;
    if kind == Kind::Steps && order.len() < all.num_rows() {
        return merged_steps(&all);
    }
    if order.iter().enumerate().all(|(i, &row)| i as u32 == row) && order.len() == all.num_rows() {
        return Ok(all);
    }
    arrow_select::take::take_record_batch(&all, &UInt32Array::from(order)).map_err(|e| arrow_failed(&e))
}

/// The columns of all batches, in the order in which they first come.
pub(super) fn union(batches: &[RecordBatch]) -> Result<SchemaRef> {
    let mut fields: Vec<arrow_schema::FieldRef> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for batch in batches {
        for field in batch.schema_ref().fields() {
            let Some(&at) = known.get(field.name()) else {
                known.insert(field.name().clone(), fields.len());
                fields.push(Arc::clone(field));
                continue;
            };
            if fields[at].data_type() != field.data_type() || fields[at].metadata() != field.metadata() {
                return Err(Error::ShapeMismatch {
                    field: field.name().clone(),
                    expected: format!("{} {:?}", fields[at].data_type(), fields[at].metadata()),
                    found: format!("{} {:?}", field.data_type(), field.metadata()),
                });
            }
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn widen(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let column = |field: &arrow_schema::FieldRef| -> ArrayRef {
        let found = batch.column_by_name(field.name());
        found.map_or_else(|| new_null_array(field.data_type(), batch.num_rows()), Arc::clone)
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|e| arrow_failed(&e))
}

fn order(kind: Kind, batch: &RecordBatch) -> Result<Vec<u32>> {
    let rows = 0..u32::try_from(batch.num_rows()).map_err(|_| Error::TooLarge {
        what: "rows sealed at once".into(),
        limit: u64::from(u32::MAX),
        found: batch.num_rows() as u64,
    })?;
    match kind {
        Kind::Scalars | Kind::Tensors => {
            let ranks = tag_ranks(batch)?;
            let steps = steps_i64(batch, "step")?;
            Ok(newest(rows, |row| (ranks[row], steps[row])))
        }
        Kind::Steps => {
            let (episodes, steps) = (steps_u64(batch, "episode")?, steps_u64(batch, "step")?);
            Ok(newest(rows, |row| (episodes[row], steps[row])))
        }
        Kind::Episodes => {
            let episodes = steps_u64(batch, "episode")?;
            Ok(newest(rows, |row| episodes[row]))
        }
        Kind::Checkpoints | Kind::Frames => {
            let steps = steps_i64(batch, "global_step")?;
            let mut order: Vec<u32> = rows.collect();
            order.sort_by_key(|&row| steps[row as usize]);
            Ok(order)
        }
    }
}

/// One row for each episode and step that holds, of each column, the newest value that is not null.
fn merged_steps(all: &RecordBatch) -> Result<RecordBatch> {
    let (episodes, steps) = (steps_u64(all, "episode")?, steps_u64(all, "step")?);
    let mut rows: Vec<(u64, u64, u32)> =
        (0..all.num_rows()).map(|row| (episodes[row], steps[row], row as u32)).collect();
    rows.sort_unstable();
    let same: Vec<&[(u64, u64, u32)]> = rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
    let column = |column: &ArrayRef| {
        let newest = |rows: &&[(u64, u64, u32)]| {
            let valid = rows.iter().rev().find(|row| column.is_valid(row.2 as usize));
            valid.or(rows.last()).map_or(0, |row| row.2)
        };
        let order: UInt32Array = same.iter().map(newest).collect();
        arrow_select::take::take(column, &order, None).map_err(|e| arrow_failed(&e))
    };
    let columns = all.columns().iter().map(column).collect::<Result<_>>()?;
    RecordBatch::try_new(all.schema(), columns).map_err(|e| arrow_failed(&e))
}

fn newest<K: Ord + Copy>(rows: std::ops::Range<u32>, key: impl Fn(usize) -> K) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = rows.map(|row| (key(row as usize), row)).collect();
    if keyed.windows(2).all(|pair| pair[0].0.cmp(&pair[1].0) == Ordering::Less) {
        return keyed.into_iter().map(|(_, row)| row).collect();
    }
    keyed.sort_unstable();
    // The newest of equal keys comes last, having the largest row; of each run of equals only that one stays.
    let mut kept: Vec<u32> = Vec::with_capacity(keyed.len());
    for (i, &(key, row)) in keyed.iter().enumerate() {
        if keyed.get(i + 1).is_none_or(|(next, _)| *next != key) {
            kept.push(row);
        }
    }
    kept
}

/// For each row the place of its axis and tag among all that there are, sorted.
fn tag_ranks(batch: &RecordBatch) -> Result<Vec<u32>> {
    let axes = column(batch, "axis")?.as_primitive_opt::<UInt8Type>().ok_or_else(|| wrong("axis", "uint8"))?;
    let tags = column(batch, "tag")?.as_string_opt::<i32>().ok_or_else(|| wrong("tag", "utf8"))?;
    let mut seen: HashMap<(u8, &str), u32> = HashMap::new();
    let mut numbers = Vec::with_capacity(batch.num_rows());
    let mut last: Option<((u8, &str), u32)> = None;
    for row in 0..batch.num_rows() {
        let key = (axes.value(row), tags.value(row));
        let number = match last {
            Some((before, number)) if before == key => number,
            _ => {
                let next = seen.len() as u32;
                *seen.entry(key).or_insert(next)
            }
        };
        last = Some((key, number));
        numbers.push(number);
    }
    let mut keys: Vec<((u8, &str), u32)> = seen.into_iter().collect();
    keys.sort_unstable();
    let mut ranks = vec![0; keys.len()];
    for (rank, (_, number)) in keys.into_iter().enumerate() {
        ranks[number as usize] = rank as u32;
    }
    Ok(numbers.into_iter().map(|number| ranks[number as usize]).collect())
}

pub(super) fn steps_i64<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [i64]> {
    let column = column(batch, name)?.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(name, "int64"))?;
    Ok(column.values())
}

pub(super) fn steps_u64<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [u64]> {
    let column = column(batch, name)?.as_primitive_opt::<UInt64Type>().ok_or_else(|| wrong(name, "uint64"))?;
    Ok(column.values())
}

pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| wrong(name, "a column"))
}

pub(super) fn wrong(name: &str, expected: &str) -> Error {
    Error::Corrupt {
        what: format!("column {name:?}"),
        expected: expected.into(),
        found: "none, or another type".into(),
        path: std::path::PathBuf::new(),
    }
}

pub(super) fn arrow_failed(error: &ArrowError) -> Error {
    Error::Io { action: "encode", path: "batch".into(), source: std::io::Error::other(error.to_string()) }
}
