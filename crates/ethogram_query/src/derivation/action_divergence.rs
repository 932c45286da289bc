//! How far the policy is from what it did in the recorded episode before.

use ethogram_analysis::{Direction, DivergenceParams, action_divergence};
use ethogram_store::{FieldInfo, RunInfo};

use super::actions::Actions;
use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::param::{number, text};
use crate::{Param, ParamKind, Params, Result};

/// KL between the policy now and its mean over the episode before.
pub(super) struct ActionDivergence;

const POLICY: Input = Input {
    name: InputName::Param("of"),
    shape: RowShape::Vector,
    required: true,
    hint: "pass logits= or action_probabilities= to episode.step, in this episode and in a recorded one before it",
};

const OF: Param = Param {
    name: "of",
    doc: "the field with a number an action, of both episodes",
    kind: ParamKind::Field { default: "action_probabilities" },
};

const DIRECTION: Param = Param {
    name: "direction",
    doc: "forward: KL(now‖before); reverse: KL(before‖now); symmetric: their sum",
    kind: ParamKind::Choice { of: &["forward", "reverse", "symmetric"] },
};

const BASE: Param = Param { name: "base", doc: "2 for bits, e for nats", kind: ParamKind::Choice { of: &["2", "e"] } };

const EPSILON: Param = Param {
    name: "epsilon",
    doc: "ε, added to the distribution that the other is measured by",
    kind: ParamKind::Number { default: 1e-4, min: 1e-12, max: 1.0 },
};

const SOFTMAX: Param = Param {
    name: "softmax",
    doc: "yes: the rows of both are made distributions by softmax, as Q-values can be",
    kind: ParamKind::Choice { of: &["no", "yes"] },
};

impl Derivation for ActionDivergence {
    fn name(&self) -> &'static str {
        "action_divergence"
    }

    fn doc(&self) -> &'static str {
        "how far the policy is at this step from its mean over the recorded episode before; summed over the choices when there are several"
    }

    fn formula(&self) -> &'static str {
        "D_t = Σ_a π(a, s_t) log₂(π(a, s_t) / q(a)), q the mean of π over the steps of the episode before, plus ε, scaled to 1"
    }

    fn source(&self) -> &'static str {
        "DRLVis, log_action_divergence; Kullback and Leibler, On Information and Sufficiency, 1951"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("bits")
    }

    fn inputs(&self) -> &'static [Input] {
        &[POLICY]
    }

    fn earlier(&self) -> &'static [Input] {
        &[POLICY]
    }

    fn params(&self) -> &'static [Param] {
        &[OF, DIRECTION, BASE, EPSILON, SOFTMAX]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        Actions::new(run, inputs[0].as_ref()?.shape[0]).map(|_| vec![])
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let ((width, now), (_, before)) = (inputs.vectors(0), inputs.earlier_vectors(0));
        let actions = Actions::of(inputs, self.name(), inputs.name(0).unwrap_or_default(), width)?;
        let settings = DivergenceParams {
            direction: match text(params, "direction") {
                "reverse" => Direction::Reverse,
                "symmetric" => Direction::Symmetric,
                _ => Direction::Forward,
            },
            base: if text(params, "base") == "e" { std::f64::consts::E } else { 2.0 },
            epsilon: number(params, "epsilon"),
            softmax: text(params, "softmax") == "yes",
        };
        let part_of = |rows: &[Option<Vec<f64>>], part: &std::ops::Range<usize>| -> Vec<Option<Vec<f64>>> {
            rows.iter().map(|row| row.as_ref().and_then(|row| Some(row.get(part.clone())?.to_vec()))).collect()
        };
        let mut sums: Vec<Option<f64>> = vec![Some(0.0); now.len()];
        for part in &actions.parts {
            let found = action_divergence(&part_of(&now, part), &part_of(&before, part), &settings)?;
            for (sum, step) in sums.iter_mut().zip(found.per_step) {
                *sum = sum.zip(step).map(|(sum, step)| sum + step);
            }
        }
        Ok(Derived::numbers(&sums))
    }
}
