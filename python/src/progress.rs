//! How far long work is, told to Python, or drawn as the command draws it.

use std::sync::{Mutex, PoisonError};

use ethogram_cli::Phases;
use ethogram_model::Cancel;
use pyo3::prelude::*;

/// The bar of `ethogram explain`.
#[pyclass(frozen, module = "ethogram._native")]
pub struct Progress {
    bar: ethogram_cli::Progress,
}

#[pymethods]
impl Progress {
    #[new]
    fn new(total: u64) -> Self {
        Self { bar: ethogram_cli::Progress::new(total) }
    }

    /// Some more steps are done, so many of which were kept before.
    fn advance(&self, steps: u64, kept: usize) {
        self.bar.advance(steps, kept);
    }

    /// Takes the bar away.
    fn finish(&self) {
        self.bar.finish();
    }
}

/// Who hears of the phases of some work: a function of Python, a bar, or nobody.
pub struct Listener {
    function: Option<Py<PyAny>>,
    bar: Option<Phases>,
    raised: Mutex<Option<PyErr>>,
}

impl Listener {
    /// `None` stands for a bar, where there is a terminal; `False` for nobody.
    pub fn new(py: Python<'_>, progress: Option<Py<PyAny>>) -> Self {
        let (function, bar) = match progress {
            None => (None, Some(Phases::new())),
            Some(given) => match given.extract::<bool>(py) {
                Ok(wanted) => (None, wanted.then(Phases::new)),
                Err(_) => (Some(given), None),
            },
        };
        Self { function, bar, raised: Mutex::default() }
    }

    /// A share of a phase is done. What the function raises calls the work off.
    pub fn tell(&self, phase: &'static str, share: f64, cancel: &Cancel) {
        if let Some(bar) = &self.bar {
            bar.tell(phase, share);
        }
        let Some(function) = &self.function else { return };
        if let Err(error) = Python::attach(|py| function.call1(py, (phase, share)).map(drop)) {
            self.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            cancel.cancel();
        }
    }

    /// The bar goes; what the function raised is told in place of what became of the work.
    pub fn finish(self) -> PyResult<()> {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
        self.raised.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}
