//! What every method has in common.

use super::Explained;
use crate::error::Result;
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// What a method found.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributed {
    /// Signed numbers. **Shapes**: as the explained value, `[B, …]`; for methods with a grid of their own, `[B, rows, columns]`.
    pub values: Tensor,
    /// The target's value, one a row.
    pub at_input: Vec<f32>,
    /// Its value at the baseline, one a row; empty for methods without one.
    pub at_baseline: Vec<f32>,
    /// Σ values − (at input − at baseline), one a row: how far the numbers are from telling the whole difference. Empty for methods that
    /// do not promise to.
    pub completeness_error: Vec<f32>,
}

/// A way to explain. One file a method, one line in [`attributions`](super::attributions).
pub trait Attribution: Send + Sync {
    /// As in field names: `attribution/NAME`.
    fn name(&self) -> &'static str;
    /// One sentence for people.
    fn doc(&self) -> &'static str;
    /// Author, year, and what departs from them.
    fn source(&self) -> &'static str;
    /// Explains every row.
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed>;
}
