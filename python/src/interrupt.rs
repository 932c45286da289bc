//! Long work that Ctrl-C ends.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use ethogram_model::Cancel;
use pyo3::prelude::*;

/// How often Python is asked whether somebody wants to stop. Work that is done earlier is given back at once.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs `work` on a thread of its own while other Python threads go on.
///
/// # Errors
/// Somebody interrupted it: then the work is called off, and what it came to is dropped.
pub fn interruptible<T: Send>(py: Python<'_>, work: impl FnOnce(&Cancel) -> T + Send) -> PyResult<T> {
    let cancel = Cancel::default();
    let (done, answer) = sync_channel(1);
    py.detach(move || {
        std::thread::scope(|scope| {
            let of_work = &cancel;
            scope.spawn(move || {
                // Nobody waits for it any more after an interrupt.
                let _ = done.send(work(of_work));
            });
            loop {
                match answer.recv_timeout(LOOK_EVERY) {
                    Ok(found) => return Ok(found),
                    Err(RecvTimeoutError::Timeout) => {
                        let asked = Python::attach(|py: Python<'_>| py.check_signals());
                        asked.inspect_err(|_| cancel.cancel())?;
                    }
                    Err(RecvTimeoutError::Disconnected) => panic!("the work of a call panicked"),
                }
            }
        })
    })
}
