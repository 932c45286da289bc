//! What an episode did, as the finders take it.

use ethogram_analysis::States;
use ethogram_store::{Column, FieldInfo};
use xxhash_rust::xxh3::xxh3_64;

use crate::{Error, Params, Result, RunHandle};

/// Numbers of a state up to which states are compared by distance; larger ones are pictures, where a ball is a small part of all.
const NEAR_NUMBERS_MAX: usize = 64;
/// Bytes that are read together of states that are only compared for being equal.
const READ_BYTES: usize = 16 << 20;

/// Most bytes of the states of one episode, as they are compared.
const STATES_BYTES_MAX: u64 = 1 << 30;

/// Rows of one episode that have an action.
pub(crate) struct Rows {
    /// Missing where none was logged.
    pub rewards: Vec<Option<f64>>,
    /// One number that stands for what was done.
    pub actions: Vec<Option<u64>>,
    /// What was received.
    pub states: States,
}

impl Rows {
    /// **Errors**: no action was logged; the run cannot be read.
    pub fn read(run: &RunHandle, episode: u64, tolerance: f64) -> Result<Self> {
        let logged = run.source().step_fields(episode)?;
        let of = |name: &str| -> Vec<FieldInfo> {
            let below = format!("{name}/");
            let is_it =
                |field: &&FieldInfo| field.dtype.is_some() && (field.name == name || field.name.starts_with(&below));
            logged.iter().filter(is_it).cloned().collect()
        };
        let action_fields = of("action");
        if action_fields.is_empty() {
            return Err(missing(episode, "action", "pass action= to episode.step"));
        }
        let mut actions = states(run, episode, &action_fields, tolerance)?.cells();
        let rewards = match run.field(episode, "reward", &Params::new(), 0..u64::MAX) {
            Ok(field) => numbers(&field.column),
            Err(error) if error.is_not_found() || error.is_missing_input() => vec![],
            Err(error) => return Err(error),
        };
        // The row of the final observation has no action.
        let steps = actions.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        actions.truncate(steps);
        let mut rewards = rewards;
        rewards.resize(steps, None);
        let mut observed = of("observation");
        if observed.is_empty() {
            observed = of("frame");
        }
        let states = cut(states(run, episode, &observed, tolerance)?, steps);
        Ok(Self { rewards, actions, states })
    }
}

/// Rows of one number; missing where nothing was logged.
pub(crate) fn numbers(column: &Column) -> Vec<Option<f64>> {
    let values = column.to_f64();
    values.into_iter().enumerate().map(|(row, value)| column.is_valid(row).then_some(value)).collect()
}

/// What a finder says when a field is not there.
pub(crate) fn missing(episode: u64, needs: &str, hint: &'static str) -> Error {
    Error::MissingInput { field: "events".into(), episode, needs: needs.to_owned(), hint }
}

fn is_float(field: &FieldInfo) -> bool {
    field.dtype.is_some_and(|dtype| dtype.name().starts_with("float"))
}

/// Of some fields together: near where all are few numbers with a fraction, else equal or not.
fn states(run: &RunHandle, episode: u64, fields: &[FieldInfo], tolerance: f64) -> Result<States> {
    let width: usize = fields.iter().map(|field| field.shape.iter().product::<usize>()).sum();
    let by_distance = fields.iter().all(|field| is_float(field) && !field.image) && width <= NEAR_NUMBERS_MAX;
    if fields.is_empty() || width == 0 {
        return Ok(States::Unknown);
    }
    let steps = run.source().step_count(episode)?;
    let state_bytes = if by_distance { width * size_of::<f64>() } else { size_of::<Option<u64>>() };
    let found = steps.saturating_mul(state_bytes as u64);
    if found > STATES_BYTES_MAX {
        let what = format!("bytes of what {steps} steps of episode {episode} are compared by (STATES_BYTES_MAX)");
        return Err(Error::TooLarge { what, limit: STATES_BYTES_MAX, found });
    }
    let steps = steps as usize;
    if by_distance {
        let mut values = vec![f64::NAN; steps * width];
        let mut offset = 0;
        for field in fields {
            let column = run.source().steps(episode, &field.name, 0..u64::MAX)?;
            let own = field.shape.iter().product::<usize>();
            for (row, numbers) in column.to_f64().chunks_exact(own.max(1)).enumerate().take(steps) {
                if column.is_valid(row) {
                    values[row * width + offset..row * width + offset + own].copy_from_slice(numbers);
                }
            }
            offset += own;
        }
        return Ok(States::near(width, &values, tolerance));
    }
    let mut ids: Vec<Option<u64>> = vec![Some(0); steps];
    for field in fields {
        let row_bytes = field.dtype.map_or(1, ethogram_store::Dtype::size) * field.shape.iter().product::<usize>();
        let together = (READ_BYTES / row_bytes.max(1)).clamp(32, 1 << 20) as u64;
        let mut start = 0;
        while start < steps as u64 {
            let column = run.source().steps(episode, &field.name, start..start + together)?;
            let ethogram_store::ColumnData::Numeric(bytes) = &column.data else { break };
            let mut rows = bytes.chunks_exact(row_bytes.max(1));
            for at in 0..together.min(steps as u64 - start) as usize {
                let id = &mut ids[start as usize + at];
                let own = rows.next().filter(|_| column.is_valid(at)).map(xxh3_64);
                *id = id.zip(own).map(|(id, own)| id.rotate_left(5) ^ own);
            }
            start += together;
        }
    }
    Ok(States::Exact(ids))
}

fn cut(states: States, steps: usize) -> States {
    match states {
        States::Unknown => States::Unknown,
        States::Exact(mut ids) => {
            ids.truncate(steps);
            States::Exact(ids)
        }
        States::Near { width, mut scaled, tolerance } => {
            scaled.truncate(steps * width);
            States::Near { width, scaled, tolerance }
        }
    }
}
