//! Errors as Python knows them. In a run that is not strict each reason is told once a kind and then counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use ethogram_store::Error;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

pyo3::import_exception!(ethogram.errors, BadNameError);
pyo3::import_exception!(ethogram.errors, ClosedError);
pyo3::import_exception!(ethogram.errors, CorruptError);
pyo3::import_exception!(ethogram.errors, EthogramError);
pyo3::import_exception!(ethogram.errors, EthogramWarning);
pyo3::import_exception!(ethogram.errors, NotFoundError);
pyo3::import_exception!(ethogram.errors, OptionError);
pyo3::import_exception!(ethogram.errors, QueueFullError);
pyo3::import_exception!(ethogram.errors, ShapeError);
pyo3::import_exception!(ethogram.errors, StepError);
pyo3::import_exception!(ethogram.errors, StorageError);
pyo3::import_exception!(ethogram.errors, UnsupportedValueError);

/// The Python exception of an error of the store.
pub fn from_store(error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::ShapeMismatch { .. } | Error::TooLarge { .. } => ShapeError::new_err(text),
        Error::BadName { .. } => BadNameError::new_err(text),
        Error::NotFound { .. } | Error::NotARun { .. } => NotFoundError::new_err(text),
        Error::Corrupt { .. } | Error::NewerVersion { .. } => CorruptError::new_err(text),
        Error::Io { .. } => StorageError::new_err(text),
        Error::Closed => ClosedError::new_err(text),
        Error::QueueFull { .. } => QueueFullError::new_err(text),
        _ => EthogramError::new_err(text),
    }
}

/// The same error, saying which field it is about.
pub fn about(py: Python<'_>, field: &str, error: &PyErr) -> PyErr {
    PyErr::from_type(error.get_type(py), format!("field {field:?}: {}", error.value(py)))
}

/// Reasons of one kind that are told; those after them are only counted.
const REASONS_MAX: usize = 4;

/// What went wrong in one run, counted by kind.
#[derive(Default)]
pub struct Faults {
    kinds: Mutex<BTreeMap<String, Kind>>,
}

/// Faults of one kind.
#[derive(Default)]
struct Kind {
    count: u64,
    told: BTreeSet<String>,
}

impl Kind {
    /// Counts a fault; whether its reason is new and is to be told.
    ///
    /// Two texts that differ in their numbers only (a step, a shape, a size) have the same reason.
    fn count(&mut self, text: &str) -> bool {
        self.count += 1;
        self.told.len() < REASONS_MAX && self.told.insert(text.replace(|sign: char| sign.is_ascii_digit(), ""))
    }
}

impl Faults {
    /// Raises `error` if `strict`; else counts it, and tells it when its kind had no such reason yet, four a kind.
    pub fn settle(&self, py: Python<'_>, strict: bool, kind: &str, error: PyErr) -> PyResult<()> {
        // A wish to stop is no fault of ours to swallow.
        if strict || !error.is_instance_of::<pyo3::exceptions::PyException>(py) {
            return Err(error);
        }
        // Python is asked before the lock is taken: it may let another thread run, which would wait for the lock.
        let text = error.value(py).to_string();
        let new = {
            let mut kinds = self.kinds.lock().map_err(|_| PyRuntimeError::new_err("the fault counter broke"))?;
            kinds.entry(kind.to_owned()).or_default().count(&text)
        };
        if new {
            tell(py, kind, &text);
        }
        Ok(())
    }

    /// How often each kind of fault occurred.
    pub fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts: Vec<(String, u64)> = self
            .kinds
            .lock()
            .map(|kinds| kinds.iter().map(|(name, kind)| (name.clone(), kind.count)).collect())
            .unwrap_or_default();
        let dict = PyDict::new(py);
        for (kind, count) in counts {
            dict.set_item(kind, count)?;
        }
        Ok(dict)
    }
}

fn tell(py: Python<'_>, kind: &str, reason: &str) {
    let text = format!("{reason} ({kind}; told once, see run.faults; strict=True raises)");
    let category = py.get_type::<EthogramWarning>();
    let warned =
        py.import("warnings").and_then(|warnings| warnings.call_method1("warn", (text.as_str(), category, 2_i32)));
    // Where warnings are errors, a warning of ours must still not stop a training loop.
    if warned.is_err() {
        let line = format!("ethogram: {text}\n");
        let _ =
            py.import("sys").and_then(|sys| sys.getattr("stderr")).and_then(|err| err.call_method1("write", (line,)));
    }
}
