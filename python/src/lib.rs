//! The Python face of the store and the queries: the module `ethogram._native`.
//!
//! What is called at every step of a training loop is here; what is called once is in Python.

mod command;
mod distribution;
mod fault;
mod known;
mod reader;
mod recorder;
mod run;
mod value;

use pyo3::prelude::*;

#[pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use super::command::run_cli;
    #[pymodule_export]
    use super::distribution::{distribution, histogram};
    #[pymodule_export]
    use super::reader::{RunView, extent};
    #[pymodule_export]
    use super::recorder::Recorder;
    #[pymodule_export]
    use super::run::RunCore;
    use super::*;

    /// An id for a run of now, unique for ever.
    #[pyfunction]
    fn new_run_id() -> String {
        ethogram_store::RunId::new().0
    }

    /// Microseconds since 1970.
    #[pyfunction]
    fn now_us() -> i64 {
        ethogram_store::now_us()
    }
}
