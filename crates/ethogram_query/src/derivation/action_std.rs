//! Standard deviation of a Gaussian policy.

use ethogram_store::{FieldInfo, RunInfo};

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Params, Result};

/// How widely a Gaussian policy acts around its mean.
pub(super) struct ActionStd;

pub(super) const LOG_STD: Input = Input {
    name: InputName::AnyOf(&["action_log_std"]),
    shape: RowShape::NumberOrVector,
    required: true,
    hint: "pass action_log_std= to episode.step",
};

impl Derivation for ActionStd {
    fn name(&self) -> &'static str {
        "action_std"
    }

    fn doc(&self) -> &'static str {
        "standard deviation of a Gaussian policy, one a dimension of the action"
    }

    fn formula(&self) -> &'static str {
        "σ(s_t) = exp log σ(s_t)"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn inputs(&self) -> &'static [Input] {
        &[LOG_STD]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        Some(inputs[0].as_ref()?.shape.clone())
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (width, rows) = inputs.vectors(0);
        let shape = inputs.columns[0].as_ref().map_or_else(Vec::new, |column| column.info.shape.clone());
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(|row| row.into_iter().map(f64::exp).collect())).collect();
        Ok(Derived { shape, ..Derived::vectors(width, &rows) })
    }
}
