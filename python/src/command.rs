//! The `ethogram` command, carried by the wheel.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command with `arguments`, the first being its own name, and returns its exit status.
#[pyfunction]
pub fn run_cli(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| ethogram_cli::run(arguments))
}
