//! Slots of a recorder: the episodes that go on, and the rows of theirs that are not complete yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use ethogram_store::{Array, Dtype, EpisodeEnd, EpisodeRow, RunWriter, StepValue};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use serde_json::Map;

use crate::fault::{self, ShapeError};
use crate::field_type::{self, Given};
use crate::run::RunCore;
use crate::value::{self, Value};

/// The slots of a recorder, and what is known of their fields.
pub struct Slots {
    /// One an environment, or an agent.
    pub all: Vec<Slot>,
    /// Type and shape that each field had first.
    pub shapes: HashMap<Arc<str>, (Dtype, Vec<usize>)>,
    /// `reward`, `terminated`, `truncated`.
    pub outcome: [Arc<str>; 3],
}

/// The newest episode of one environment, or of one agent.
pub struct Slot {
    /// Its row as it stands.
    pub row: EpisodeRow,
    /// It goes on.
    pub open: bool,
    /// Its steps are recorded.
    pub recording: bool,
    /// Index of the step to come.
    pub step: u64,
    /// Fields of the step to come.
    pub pending: Vec<(Arc<str>, StepValue)>,
    /// When its row was last written.
    pub row_written: Instant,
}

impl Slot {
    /// A slot without an episode.
    pub fn new(env_index: u32, agent: Option<String>) -> Self {
        Self {
            row: empty_row(env_index, agent),
            open: false,
            recording: false,
            step: 0,
            pending: Vec::new(),
            row_written: Instant::now(),
        }
    }
}

impl Slots {
    /// These slots, of whose fields nothing is known yet.
    pub fn new(all: Vec<Slot>) -> Self {
        Self { all, shapes: HashMap::new(), outcome: ["reward", "terminated", "truncated"].map(Arc::from) }
    }

    /// One slot.
    pub fn slot(&mut self, index: usize) -> PyResult<&mut Slot> {
        let slots = self.all.len();
        self.all.get_mut(index).ok_or_else(|| PyIndexError::new_err(format!("slot {index} of {slots}")))
    }

    /// Puts a value into the pending row, in the type that the field had first. Another shape is refused.
    pub fn put(&mut self, writer: &RunWriter, slot: usize, name: &str, value: Read) -> PyResult<()> {
        let (name, value) = match value {
            Read::Numbers(given) => match self.shapes.get_key_value(name) {
                None => {
                    let array = field_type::of_first(writer, name, given)?;
                    let name: Arc<str> = name.into();
                    self.shapes.insert(Arc::clone(&name), (array.dtype(), array.shape().to_vec()));
                    (name, StepValue::Array(array))
                }
                Some((_, (_, shape))) if shape != given.array.shape() => {
                    return Err(ShapeError::new_err(format!(
                        "field {name:?}: expected shape {shape:?}, found {:?}; log it under another name",
                        given.array.shape()
                    )));
                }
                Some((known, (dtype, _))) => {
                    (Arc::clone(known), StepValue::Array(field_type::fitted(name, given.array, *dtype)?))
                }
            },
            Read::Text(text) => (name.into(), StepValue::Text(text)),
        };
        let pending = &mut self.slot(slot)?.pending;
        match pending.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => pending.push((name, value)),
        }
        Ok(())
    }
}

/// A value of a field of a step, as it was given.
pub enum Read {
    /// A number or an array.
    Numbers(Given),
    /// A text.
    Text(String),
}

/// Reads a value of a field of a step; `None` where nothing was logged.
pub fn read(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Read>> {
    let py = value.py();
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(Read::Text(text.to_str()?.to_owned())));
    }
    if value.is_none() {
        return Ok(None);
    }
    let array = match value::array(value) {
        Ok(array) => array,
        Err(error) => match value::read(value) {
            Ok(Value::Number(number)) => Array::scalar(number),
            _ => return Err(fault::about(py, name, &error)),
        },
    };
    Ok(Some(Read::Numbers(Given { array, is_guessed: value::is_plain(value) })))
}

/// A reward as a float; NaN, told once, where it is none.
pub fn number(core: &RunCore, py: Python<'_>, reward: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Some(number) = value::plain_number(reward) {
        return Ok(number);
    }
    match value::read(reward) {
        Ok(Value::Number(number)) => Ok(number),
        Ok(Value::Array(array)) if array.len() == 1 => Ok(array.to_f64()[0]),
        _ => {
            let text = format!("field \"reward\": expected a number, found {reward:?}");
            core.settle(py, "reward", ShapeError::new_err(text)).map(|()| f64::NAN)
        }
    }
}

/// A flag as a bool; false, told once, where it is none.
pub fn truth(core: &RunCore, name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.is_truthy().or_else(|_| {
        let text = format!("field {name:?}: expected true or false, found {value:?}");
        core.settle(value.py(), name, ShapeError::new_err(text)).map(|()| false)
    })
}

/// A flag as a field of a step.
pub fn flag(value: bool) -> StepValue {
    let array = Array::new(Dtype::Bool, vec![], vec![u8::from(value)]);
    array.map_or(StepValue::Null, StepValue::Array)
}

/// A row of which nothing but the place is known.
pub fn empty_row(env_index: u32, agent: Option<String>) -> EpisodeRow {
    EpisodeRow {
        episode: 0,
        env_index,
        agent,
        seed: None,
        end: EpisodeEnd::Open,
        episode_return: 0.0,
        length: 0,
        global_step: 0,
        started_us: 0,
        ended_us: None,
        recorded: false,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: Map::new(),
    }
}
