//! How the numbers of an array are spread, through training.

use ethogram_analysis::{EqualWidth, finite_extent};
use ethogram_model::Cancel;

use super::{ArraySource, STRIP_STEPS_MAX, evenly, nothing, within};
use crate::{Counted, HistogramRow, Histograms, Result, RunHandle};

/// Asks how the numbers of an array are spread, at steps of the training.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayHistogramRequest {
    /// Which array.
    pub of: ArraySource,
    /// Most steps, at most [`STRIP_STEPS_MAX`].
    pub steps: usize,
    /// Bins of equal width between the smallest and the largest number of all steps.
    pub bins: usize,
}

impl RunHandle {
    /// Histograms of an array over common bins, counted by NumPy's rule; steps at which it has another shape than at the newest are left out.
    /// Weights are those of the checkpoints, so that nothing has to be logged for it.
    ///
    /// # Errors
    /// As [`RunHandle::array_picture`]; [`crate::Error::Analysis`] for no bins or too many.
    pub fn array_histograms(&self, request: &ArrayHistogramRequest, cancel: &Cancel) -> Result<Histograms> {
        within("steps", "steps of the histograms (STRIP_STEPS_MAX)", STRIP_STEPS_MAX, request.steps)?;
        let all = request.of.steps(self)?;
        let picked = evenly(&all, request.steps);
        // Twice over the arrays rather than all of them in memory.
        let mut whole: Option<(f64, f64)> = None;
        let left_out = self.each_array(&request.of, picked.clone(), cancel, |_, found| {
            let Some((low, high)) = finite_extent(found.values.iter().copied().map(f64::from)) else { return };
            whole = Some(whole.map_or((low, high), |(min, max)| (min.min(low), max.max(high))));
        })?;
        let (low, high) = whole.unwrap_or((0.0, 1.0));
        let bins = EqualWidth::new(low, high, request.bins)?;
        let mut rows = Vec::new();
        self.each_array(&request.of, picked, cancel, |step, found| {
            let values = || found.values.iter().copied().map(f64::from);
            let mut counts = bins.empty();
            values().for_each(|value| bins.add(&mut counts, value, 1.0));
            let (min, max) = finite_extent(values()).unwrap_or((f64::NAN, f64::NAN));
            rows.push(HistogramRow { step, time_us: found.time_us, min, max, counts });
        })?;
        if rows.is_empty() {
            return Err(nothing(&request.of));
        }
        rows.reverse();
        Ok(Histograms {
            edges: bins.edges().to_vec(),
            counted: Counted::Values,
            logged: all.len() as u64,
            left_out: left_out as u64,
            rows,
        })
    }
}
