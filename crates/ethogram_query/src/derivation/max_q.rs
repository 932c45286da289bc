//! Value of the greedy policy.

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Params, Result};

/// The largest action value.
pub(super) struct MaxQ;

pub(super) const Q_VALUES: Input = Input {
    name: InputName::AnyOf(&["q_values", "q_mean"]),
    shape: RowShape::Vector,
    required: true,
    hint: "pass q_values= (or quantiles=, or q_heads=) to episode.step",
};

impl Derivation for MaxQ {
    fn name(&self) -> &'static str {
        "max_q"
    }

    fn doc(&self) -> &'static str {
        "the largest action value: what the greedy policy expects"
    }

    fn formula(&self) -> &'static str {
        "max_a Q(s_t, a)"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[Q_VALUES]
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (_, rows) = inputs.vectors(0);
        let maxima: Vec<_> = rows.into_iter().map(|row| row.map(|row| max(&row))).collect();
        Ok(Derived::numbers(&maxima))
    }
}

/// The largest; NaN if any is NaN, for then the largest is not known.
pub(super) fn max(values: &[f64]) -> f64 {
    let nan = values.iter().any(|value| value.is_nan());
    if nan { f64::NAN } else { values.iter().copied().fold(f64::NEG_INFINITY, f64::max) }
}
