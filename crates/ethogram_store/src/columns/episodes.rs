//! Episodes: one row an episode, replaced by later ones.

use std::sync::Arc;

use arrow_array::types::{Float64Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, SchemaRef};

use super::{Reader, batch_error, corrupt, schema};
use crate::{EpisodeEnd, EpisodeRow, Result};

/// Largest index of an episode: what a double holds exactly, so that every client can name it.
pub const EPISODE_MAX: u64 = 1 << 53;

/// The columns of episodes.
fn episodes_schema() -> SchemaRef {
    schema(&[
        ("episode", DataType::UInt64, false),
        ("env_index", DataType::UInt32, false),
        ("agent", DataType::Utf8, true),
        ("seed", DataType::Int64, true),
        ("end", DataType::Utf8, false),
        ("episode_return", DataType::Float64, false),
        ("length", DataType::UInt64, false),
        ("global_step", DataType::Int64, false),
        ("started_us", DataType::Int64, false),
        ("ended_us", DataType::Int64, true),
        ("recorded", DataType::Boolean, false),
        ("evaluation", DataType::Boolean, false),
        ("checkpoint", DataType::Int64, true),
        ("env_return", DataType::Float64, true),
        ("extra", DataType::Utf8, false),
    ])
}

/// Episodes as a batch, in the order given.
pub fn episodes_batch(rows: &[EpisodeRow]) -> Result<RecordBatch> {
    let extra = |row: &EpisodeRow| serde_json::to_string(&row.extra).unwrap_or_else(|_| "{}".into());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.episode).collect::<UInt64Array>()),
        Arc::new(rows.iter().map(|row| row.env_index).collect::<UInt32Array>()),
        Arc::new(rows.iter().map(|row| row.agent.as_deref()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.seed).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| Some(end_name(row.end))).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.episode_return).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| row.length).collect::<UInt64Array>()),
        Arc::new(rows.iter().map(|row| row.global_step).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.started_us).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.ended_us).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| Some(row.recorded)).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| Some(row.evaluation)).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| row.checkpoint).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.env_return).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| Some(extra(row))).collect::<StringArray>()),
    ];
    RecordBatch::try_new(episodes_schema(), columns).map_err(|error| batch_error(&error))
}

/// Episodes of a batch. `extra` that is no JSON object reads as empty.
pub fn episodes_from(batch: &RecordBatch) -> Result<Vec<EpisodeRow>> {
    let reader = Reader(batch);
    let episode = reader.numbers::<UInt64Type>("episode")?;
    let env_index = reader.numbers::<UInt32Type>("env_index")?;
    let agent = reader.texts("agent")?;
    let seed = reader.numbers::<Int64Type>("seed")?;
    let end = reader.texts("end")?;
    let episode_return = reader.numbers::<Float64Type>("episode_return")?;
    let length = reader.numbers::<UInt64Type>("length")?;
    let global_step = reader.numbers::<Int64Type>("global_step")?;
    let started_us = reader.numbers::<Int64Type>("started_us")?;
    let ended_us = reader.numbers::<Int64Type>("ended_us")?;
    let recorded = booleans(&reader, "recorded")?;
    let evaluation = booleans(&reader, "evaluation")?;
    let checkpoint = reader.numbers::<Int64Type>("checkpoint")?;
    let env_return = reader.numbers::<Float64Type>("env_return")?;
    let extra = reader.texts("extra")?;
    let mut rows = Vec::with_capacity(batch.num_rows());
    for i in 0..batch.num_rows() {
        if episode.value(i) > EPISODE_MAX {
            return Err(corrupt("episode", "at most 2^53", &episode.value(i).to_string()));
        }
        rows.push(EpisodeRow {
            episode: episode.value(i),
            env_index: env_index.value(i),
            agent: agent.is_valid(i).then(|| agent.value(i).to_owned()),
            seed: seed.is_valid(i).then(|| seed.value(i)),
            end: end_of(end.value(i)).ok_or_else(|| corrupt("end", "open, terminated, …", end.value(i)))?,
            episode_return: episode_return.value(i),
            length: length.value(i),
            global_step: global_step.value(i),
            started_us: started_us.value(i),
            ended_us: ended_us.is_valid(i).then(|| ended_us.value(i)),
            recorded: recorded.value(i),
            evaluation: evaluation.value(i),
            checkpoint: checkpoint.is_valid(i).then(|| checkpoint.value(i)),
            env_return: env_return.is_valid(i).then(|| env_return.value(i)),
            extra: serde_json::from_str(extra.value(i)).unwrap_or_default(),
        });
    }
    Ok(rows)
}

fn booleans<'a>(reader: &Reader<'a>, name: &str) -> Result<&'a BooleanArray> {
    let column = reader.any(name)?;
    column.as_any().downcast_ref().ok_or_else(|| corrupt(name, "boolean", &column.data_type().to_string()))
}

const ENDS: [(EpisodeEnd, &str); 5] = [
    (EpisodeEnd::Open, "open"),
    (EpisodeEnd::Terminated, "terminated"),
    (EpisodeEnd::Truncated, "truncated"),
    (EpisodeEnd::Both, "both"),
    (EpisodeEnd::Unknown, "unknown"),
];

fn end_name(end: EpisodeEnd) -> &'static str {
    ENDS.into_iter().find(|(known, _)| *known == end).map_or("open", |(_, name)| name)
}

fn end_of(name: &str) -> Option<EpisodeEnd> {
    ENDS.into_iter().find(|(_, known)| *known == name).map(|(end, _)| end)
}
