//! Where the values of one call lie.

use ethogram_store::Axis;
use pyo3::prelude::*;
use serde_json::Value as Json;

use crate::fault::StepError;

/// A row on an axis, or a step of an episode.
#[derive(Clone, Copy)]
pub enum Place {
    /// Scalars, tensors and texts lie here.
    Row {
        /// What `step` counts.
        axis: Axis,
        /// Where on it.
        step: i64,
    },
    /// Fields of one step lie here.
    Step {
        /// Which episode.
        episode: u64,
        /// Which step of it.
        step: u64,
    },
}

/// A step: anything that is an integer, or a float without a fraction.
pub fn index(what: &str, given: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(step) = given.extract::<i64>() {
        return Ok(step);
    }
    match given.extract::<f64>() {
        Ok(step) if step.fract() == 0.0 && step.abs() < 9e15 => Ok(step as i64),
        _ => Err(StepError::new_err(format!("expected an integer for {what}, found {given:?}"))),
    }
}

/// The same, of at least 0.
pub fn position(what: &str, given: &Bound<'_, PyAny>) -> PyResult<u64> {
    let found = index(what, given)?;
    u64::try_from(found).map_err(|_| StepError::new_err(format!("expected {what} of at least 0, found {found}")))
}

/// The variant of a name, as in JSON.
pub fn from_name<T: serde::de::DeserializeOwned>(name: &str) -> serde_json::Result<T> {
    serde_json::from_value(Json::String(name.to_owned()))
}

/// The name of an axis, as in JSON.
pub fn name_of(axis: Axis) -> &'static str {
    match axis {
        Axis::GlobalStep => "global_step",
        Axis::Episode => "episode",
        Axis::Step => "step",
        Axis::Checkpoint => "checkpoint",
        Axis::Sample => "sample",
    }
}
