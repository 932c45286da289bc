//! Shares by how far each activation rose, in one pass.

use super::baseline::{BASELINE, BASELINE_SIGMA, BASELINE_STEP, SEED};
use super::integrated_gradients::completeness;
use super::perturbation::every;
use super::{Attributed, Attribution, Baseline, Explained, Method, Tells};
use crate::error::Result;
use crate::exec::Cancel;
use crate::tensor::Tensor;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "deep_lift",
    doc: "shares of the target's difference from a baseline, by how far each activation rose for its input's rise",
    does_not_show: "anything of networks with maxima, softmax or products on the way, where it is refused; its shares depend on how a function is written",
    tells: Tells::Shares,
    cost: "one pass forward and back with twice the rows",
    source: "Shrikumar, Greenside and Kundaje (2017), section 3.5.2, the rescale rule; equal to captum's where captum keeps the sum",
    params: &[BASELINE, BASELINE_SIGMA, BASELINE_STEP, SEED],
    make: |settings| Ok(Box::new(DeepLift { baseline: Baseline::of(settings) })),
};

/// (x − x′) · m, with the multipliers m of the rescale rule.
#[derive(Clone, Debug, Default)]
pub struct DeepLift {
    /// What the input is compared with.
    pub baseline: Baseline,
}

impl Attribution for DeepLift {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let baseline = self.baseline.values(explained)?;
        let (at, all) = (explained.at_values(), every(explained));
        let at_input = explained.values(at, &all, cancel)?;
        let at_baseline = explained.values(&baseline, &all, cancel)?;
        let mut values = explained.multipliers(&baseline, cancel)?;
        values.iter_mut().zip(at.iter().zip(&baseline)).for_each(|(value, (to, from))| *value *= to - from);
        let completeness_error = completeness(&values, explained.width(), &at_input, &at_baseline);
        Ok(Attributed {
            values: Tensor::f32(explained.at().shape(), values)?,
            at_input,
            at_baseline,
            completeness_error,
        })
    }
}
