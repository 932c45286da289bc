//! Probability of each action.

use ethogram_analysis::softmax;
use ethogram_store::{FieldInfo, RunInfo, Space};

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
        "probability of each action under the policy; of each choice on its own when there are several; of each switch of a MultiBinary space, that it is on"
    }

    fn formula(&self) -> &'static str {
        "π(a, s_t) = exp z_a / Σ_b exp z_b; of a switch 1 / (1 + exp −z_a)"
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
        (are_switches(run, shape[0]) || Actions::new(run, shape[0]).is_some()).then_some(shape)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (width, rows) = inputs.vectors(0);
        if are_switches(inputs.run, width) {
            let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
            let rows: Vec<_> =
                rows.into_iter().map(|row| row.map(|row| row.into_iter().map(sigmoid).collect())).collect();
            return Ok(Derived::vectors(width, &rows));
        }
        let actions = Actions::of(inputs, self.name(), "logits", width)?;
        let probabilities = |row: Vec<f64>| actions.parts.iter().flat_map(|part| softmax(&row[part.clone()])).collect();
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(probabilities)).collect();
        Ok(Derived::vectors(width, &rows))
    }
}

/// True when each entry is a switch of its own, on or off.
fn are_switches(run: &RunInfo, width: usize) -> bool {
    let space = run.env.as_ref().and_then(|env| env.action_space.as_ref());
    matches!(space, Some(Space::MultiBinary { shape }) if shape.iter().product::<usize>() == width)
}
