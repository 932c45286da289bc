//! Running a graph: compiled once for the outputs that are wanted, run many times.

mod compile;
mod convolution;
mod fused;
mod held;
mod local;
mod memory;
mod moves;
mod packed;
mod pooled;
mod prepared;
mod program;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests;
mod transposed;
mod winograd;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use held::Layout;
pub(crate) use local::{Area, Local};
pub(crate) use packed::Packed;
pub(crate) use prepared::Prepared;
pub(crate) use program::Lent;
pub use program::Program;

use crate::error::{Error, Result};

/// A way to call work off from another thread. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work to stop soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// An error once somebody asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }
}
