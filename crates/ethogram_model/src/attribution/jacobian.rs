//! Slopes of all outputs at once.

use super::perturbation::every;
use super::{Attributed, Attribution, Explained, Method, Param, Tells};
use crate::error::{Error, Result};
use crate::exec::Cancel;

/// Most entries of an output whose slopes are taken one by one.
const ENTRIES_MAX: usize = 1_024;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "jacobian",
    doc: "how much all outputs together would move for a small change of each element",
    does_not_show: "which action gains or loses, and what a change of any size would do",
    tells: Tells::Sizes,
    cost: "a pass forward and back for each entry of the output, or one when weighed by the output",
    source: "Wang et al. (2016), section 4.3; weighed by the output as the published code of Greydanus et al. (2018) does",
    params: &[Param::choice(
        "combine",
        &["norm", "weighed"],
        "the length of the slopes of all entries, or the square of their sum weighed by the entries themselves",
    )],
    make: |settings| {
        let combine = if settings.choice("combine") == "norm" { Combine::Norm } else { Combine::Weighed };
        Ok(Box::new(Jacobian { combine }))
    },
};

/// How slopes of several entries become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// `√ Σ_k (∂y_k/∂x)²`.
    #[default]
    Norm,
    /// `(Σ_k y_k ∂y_k/∂x)²`.
    Weighed,
}

/// The Jacobian of the whole output, entry by entry of the input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jacobian {
    /// How slopes become one number.
    pub combine: Combine,
}

impl Attribution for Jacobian {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let (at, all) = (explained.at_values(), every(explained));
        let (outputs, entries) = explained.outputs(at, &all, cancel)?;
        let at_input = explained.target().numbers(&outputs, &all);
        let mut values = vec![0.0_f32; at.len()];
        match self.combine {
            Combine::Weighed => {
                let slopes = explained.gradients_of(at, &all, &outputs, cancel)?;
                values.iter_mut().zip(slopes).for_each(|(value, slope)| *value = slope * slope);
            }
            Combine::Norm if entries > ENTRIES_MAX => {
                return Err(Error::OverLimit {
                    what: "the output whose slopes are wanted one by one".to_owned(),
                    found: entries as u64,
                    limit_name: "ENTRIES_MAX",
                    limit: ENTRIES_MAX as u64,
                });
            }
            Combine::Norm => {
                for entry in 0..entries {
                    let counts: Vec<f32> =
                        (0..outputs.len()).map(|at| f32::from(u8::from(at % entries == entry))).collect();
                    let slopes = explained.gradients_of(at, &all, &counts, cancel)?;
                    values.iter_mut().zip(slopes).for_each(|(value, slope)| *value += slope * slope);
                }
                values.iter_mut().for_each(|value| *value = value.sqrt());
            }
        }
        Attributed::plain(explained.at().shape(), values, at_input)
    }
}
