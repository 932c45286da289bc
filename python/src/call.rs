//! One call of `log`: its values, sorted into scalars, tensors, texts and fields of a step.

use std::sync::Arc;

use ethogram_store::{Array, Axis, Dtype, EpisodeRow, RunWriter, StepValue, TensorKind, TensorRow};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyMappingMethods, PyString};
use serde_json::Map;

use crate::fault::{self, UnsupportedValueError};
use crate::field_type::{self, Given};
use crate::place::{Place, name_of};
use crate::recorder::write_step;
use crate::run::{Kind, RunCore, WAIT_BYTES, waiting};
use crate::slots::empty_row;
use crate::value::{self, Value};

/// Deepest nesting of a dict of values.
const DEPTH_MAX: usize = 8;

/// A call that is being worked off.
pub struct Call<'a, 'py> {
    /// The run.
    pub run: &'a Bound<'py, RunCore>,
    /// Its writer.
    pub writer: &'a RunWriter,
    /// Where the values lie.
    pub place: Place,
    /// When the values were measured.
    pub time_us: i64,
}

impl<'py> Call<'_, 'py> {
    /// Logs a dict of names and values.
    pub fn log(&self, values: &Bound<'py, PyAny>) -> PyResult<()> {
        self.make_known()?;
        let Ok(values) = values.cast_exact::<PyDict>() else { return self.log_mapping("", values, 0) };
        if self.log_plain(values)? {
            return Ok(());
        }
        let mut numbers: Vec<(Bound<'_, PyString>, f64)> = Vec::with_capacity(values.len());
        let mut rest: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)> = Vec::new();
        // Nothing in this loop runs Python code, which could change the dict under it.
        for (name, value) in values.iter() {
            match (name.cast_into::<PyString>(), value::plain_number(&value)) {
                (Ok(name), Some(number)) => numbers.push((name, number)),
                (Ok(name), None) => rest.push((name.into_any(), value)),
                (Err(error), _) => rest.push((error.into_inner(), value)),
            }
        }
        rest.retain(|(name, value)| match (name.cast::<PyString>(), self.core().kind(value)) {
            (Ok(name), Kind::Number) => match value.extract() {
                Ok(number) => {
                    numbers.push((name.clone(), number));
                    false
                }
                Err(_) => true,
            },
            _ => true,
        });
        self.log_numbers(&numbers)?;
        for (name, value) in rest {
            self.log_named("", &name, &value, 0)?;
        }
        Ok(())
    }

    /// Logs what most calls are, numbers by name on one axis, without looking a name up that was seen before.
    /// False, and nothing logged, where there is anything else in the dict.
    fn log_plain(&self, values: &Bound<'py, PyDict>) -> PyResult<bool> {
        let Place::Row { axis, step } = self.place else { return Ok(false) };
        // Waiting is left to who gives up the GIL for it.
        let Ok(mut known) = self.core().tags.try_lock() else { return Ok(false) };
        if self.writer.would_wait(WAIT_BYTES) {
            return Ok(false);
        }
        known.points.clear();
        // Nothing in this loop runs Python code, which could change the dict under it.
        for (name, value) in values.iter() {
            let (Ok(name), Some(number)) = (name.cast_exact::<PyString>(), value::plain_number(&value)) else {
                return Ok(false);
            };
            let Some(tag) = known.tag(self.writer, axis, name) else { return Ok(false) };
            known.points.push((tag, number));
        }
        let written = self.writer.points(step, self.time_us, &known.points);
        drop(known);
        self.core().settled(self.py(), "", written)?;
        Ok(true)
    }

    fn py(&self) -> Python<'py> {
        self.run.py()
    }

    fn core(&self) -> &RunCore {
        self.run.get()
    }

    /// Gives an episode whose steps are logged by hand a row, so that it is found among the episodes.
    fn make_known(&self) -> PyResult<()> {
        match self.place {
            Place::Step { episode, .. } if self.core().is_new(episode) => {
                let (started_us, global_step) = (self.time_us, self.core().step_now());
                let row = EpisodeRow { episode, recorded: true, started_us, global_step, ..empty_row(0, None) };
                self.core().write(self.py(), self.writer, "episode", || self.writer.episode(row))
            }
            _ => Ok(()),
        }
    }

    fn log_numbers(&self, numbers: &[(Bound<'_, PyString>, f64)]) -> PyResult<()> {
        let (core, py) = (self.core(), self.py());
        let mut values: Vec<(&str, f64)> = Vec::with_capacity(numbers.len());
        for (name, number) in numbers {
            match name.to_str() {
                Ok(name) => values.push((name, *number)),
                Err(error) => core.settle(py, "name", error)?,
            }
        }
        let (axis, at) = match self.place {
            Place::Row { axis, step } => (axis, step),
            Place::Step { episode, step } => {
                let field = |(name, number)| (name, StepValue::Array(Array::scalar(number)), false);
                return self.write_fields(episode, step, values.into_iter().map(field));
            }
        };
        let written = self.write_numbers(axis, at, &values);
        // All or none: of a call with one bad name, the others are kept by logging each alone.
        if values.len() > 1 && written.as_ref().is_err_and(ethogram_store::Error::is_bad_input) {
            let alone = |value: (&str, f64)| core.settled(py, value.0, self.write_numbers(axis, at, &[value]));
            return values.into_iter().try_for_each(alone);
        }
        core.settled(py, values.first().map_or("", |value| value.0), written)
    }

    fn write_numbers(&self, axis: Axis, step: i64, values: &[(&str, f64)]) -> ethogram_store::Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let (writer, time_us) = (self.writer, self.time_us);
        waiting(self.py(), writer, || writer.scalars(axis, step, time_us, values))
    }

    /// Fields of a step by name, each in the type that the run has for it, and whether that of the value was guessed.
    fn write_fields<'a>(
        &self,
        episode: u64,
        step: u64,
        values: impl Iterator<Item = (&'a str, StepValue, bool)>,
    ) -> PyResult<()> {
        let (core, py, writer) = (self.core(), self.py(), self.writer);
        let mut fields = Vec::new();
        for (name, value, is_guessed) in values {
            let value = match value {
                StepValue::Array(array) => match field_type::of_first(writer, name, Given { array, is_guessed }) {
                    Ok(array) => StepValue::Array(array),
                    Err(error) => {
                        core.settle(py, name, error)?;
                        continue;
                    }
                },
                other => other,
            };
            fields.push((Arc::from(name), value));
        }
        write_step(py, core, writer, (episode, step), fields)
    }

    /// A mapping that is not a plain dict, or lies within another.
    fn log_mapping(&self, prefix: &str, values: &Bound<'py, PyAny>, depth: usize) -> PyResult<()> {
        let items = match values.cast::<PyMapping>().map_err(PyErr::from).and_then(PyMappingMethods::items) {
            Ok(items) if depth < DEPTH_MAX => items,
            _ => {
                let text = format!(
                    "expected a dict of names and values, nested at most {DEPTH_MAX} deep, found {}",
                    values.get_type()
                );
                return self.core().settle(self.py(), "values", UnsupportedValueError::new_err(text));
            }
        };
        for item in items {
            match item.extract::<(Bound<'py, PyAny>, Bound<'py, PyAny>)>() {
                Ok((name, value)) => self.log_named(prefix, &name, &value, depth)?,
                Err(error) => self.core().settle(self.py(), "values", error)?,
            }
        }
        Ok(())
    }

    fn log_named(
        &self,
        prefix: &str,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        depth: usize,
    ) -> PyResult<()> {
        let Ok(name) = name.extract::<String>() else {
            let text = format!("expected names that are strings, found {name:?}");
            return self.core().settle(self.py(), "name", UnsupportedValueError::new_err(text));
        };
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        match self.core().kind(value) {
            Kind::Wrapped => self.log_wrapped(&name, value),
            Kind::Other if value.cast::<PyMapping>().is_ok() => self.log_mapping(&name, value, depth + 1),
            Kind::Number | Kind::Other => self.log_value(&name, value),
        }
    }

    /// One of the wrappers of `ethogram.values`, which Python takes apart.
    fn log_wrapped(&self, name: &str, value: &Bound<'py, PyAny>) -> PyResult<()> {
        let (core, py) = (self.core(), self.py());
        let Place::Row { axis, step } = self.place else {
            let text = format!("field {name:?}: expected a number, a text or an array at a step");
            return core.settle(py, name, UnsupportedValueError::new_err(text));
        };
        match self.run.call_method1("_log_wrapped", (name_of(axis), name, step, value)) {
            Ok(_) => Ok(()),
            Err(error) => core.settle(py, name, fault::about(py, name, &error)),
        }
    }

    fn log_value(&self, name: &str, value: &Bound<'py, PyAny>) -> PyResult<()> {
        let (core, py, writer, time_us) = (self.core(), self.py(), self.writer, self.time_us);
        let is_guessed = value::is_plain(value);
        let read = match value::read(value) {
            Ok(Value::Missing) => return Ok(()),
            Ok(read) => read,
            Err(error) => return core.settle(py, name, fault::about(py, name, &error)),
        };
        let (axis, step) = match self.place {
            Place::Row { axis, step } => (axis, step),
            Place::Step { episode, step } => {
                let field = match read {
                    Value::Number(number) => StepValue::Array(Array::scalar(number)),
                    Value::Array(array) => StepValue::Array(array),
                    Value::Text(text) => StepValue::Text(text),
                    Value::Missing => StepValue::Null,
                };
                return self.write_fields(episode, step, std::iter::once((name, field, is_guessed)));
            }
        };
        let (kind, array) = match read {
            Value::Number(number) => {
                return core.write(py, writer, name, || writer.scalar(axis, name, step, time_us, number));
            }
            Value::Array(array) if array.len() == 1 => {
                let number = array.to_f64()[0];
                return core.write(py, writer, name, || writer.scalar(axis, name, step, time_us, number));
            }
            Value::Array(array) => (TensorKind::Tensor, Ok(array)),
            Value::Text(text) => {
                let bytes = text.into_bytes();
                (TensorKind::Text, Array::new(Dtype::Uint8, vec![bytes.len()], bytes))
            }
            Value::Missing => return Ok(()),
        };
        core.write(py, writer, name, || {
            writer.tensor(axis, name, TensorRow { step, time_us, kind, array: array?, meta: Map::new() })
        })
    }
}
