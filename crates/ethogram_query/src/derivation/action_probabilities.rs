//! Probability of each action.

use ethogram_analysis::softmax;
use ethogram_store::{FieldInfo, RunInfo};

use super::actions::Actions;
use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Params, Result};

/// Probability of each action under the policy.
pub(super) struct ActionProbabilities;

const LOGITS: Input = Input {
    name: InputName::AnyOf(&["logits"]),
    shape: RowShape::Vector,
    required: true,
    hint: "pass logits= (or action_probabilities= themselves) to episode.step",
};

impl Derivation for ActionProbabilities {
    fn name(&self) -> &'static str {
        "action_probabilities"
    }

    fn doc(&self) -> &'static str {
        "probability of each action under the policy; of each choice on its own when there are several"
    }

    fn formula(&self) -> &'static str {
        "π(a, s_t) = exp z_a / Σ_b exp z_b"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("probability")
    }

    fn inputs(&self) -> &'static [Input] {
        &[LOGITS]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        let shape = inputs[0].as_ref()?.shape.clone();
        Actions::new(run, shape[0]).map(|_| shape)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (width, rows) = inputs.vectors(0);
        let actions = Actions::of(inputs, self.name(), "logits", width)?;
        let probabilities = |row: Vec<f64>| actions.parts.iter().flat_map(|part| softmax(&row[part.clone()])).collect();
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(probabilities)).collect();
        Ok(Derived::vectors(width, &rows))
    }
}
