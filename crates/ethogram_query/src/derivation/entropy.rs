//! How undecided the policy is, and how certain.

use ethogram_analysis::{confidence, entropy_from_logits, entropy_from_probabilities, gaussian_entropy};
use ethogram_store::{FieldInfo, RunInfo};

use super::actions::{Actions, POLICY};
use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Params, Result};

/// Entropy of the policy.
pub(super) struct Entropy;

/// One less the share of the largest possible entropy.
pub(super) struct Confidence;

/// What the policy puts on the actions, or how widely it acts around one.
const POLICY_OR_STD: Input = Input {
    name: InputName::AnyOf(&["logits", "action_probabilities", "action_log_std"]),
    shape: RowShape::NumberOrVector,
    required: true,
    hint: "pass logits=, action_probabilities= or action_log_std= to episode.step",
};

impl Derivation for Entropy {
    fn name(&self) -> &'static str {
        "entropy"
    }

    fn doc(&self) -> &'static str {
        "how undecided the policy is, summed over the choices when there are several; of a Gaussian policy the differential entropy, which may be below 0"
    }

    fn formula(&self) -> &'static str {
        "H_t = −Σ_a π(a, s_t) log π(a, s_t); from action_log_std: Σ_i (log σ_i + ½ log 2πe)"
    }

    fn source(&self) -> &'static str {
        "Shannon, A Mathematical Theory of Communication, 1948"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("nats")
    }

    fn inputs(&self) -> &'static [Input] {
        &[POLICY_OR_STD]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        let policy = inputs[0].as_ref()?;
        let fits = policy.name == "action_log_std" || Actions::new(run, policy.shape.iter().product()).is_some();
        fits.then(Vec::new)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        if inputs.name(0) == Some("action_log_std") {
            let (_, rows) = inputs.vectors(0);
            let rows: Vec<_> = rows.iter().map(|row| row.as_deref().map(gaussian_entropy)).collect();
            return Ok(Derived::numbers(&rows));
        }
        let (_, entropy) = entropies(inputs, self.name())?;
        Ok(Derived::numbers(&entropy))
    }
}

impl Derivation for Confidence {
    fn name(&self) -> &'static str {
        "confidence"
    }

    fn doc(&self) -> &'static str {
        "how certain the policy is: 1 when it would always take one action, 0 when all are equally likely"
    }

    fn formula(&self) -> &'static str {
        "1 − H_t / log A"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn inputs(&self) -> &'static [Input] {
        &[POLICY]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        Actions::new(run, inputs[0].as_ref()?.shape[0]).map(|_| vec![])
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (actions, entropy) = entropies(inputs, self.name())?;
        let max = actions.entropy_max();
        let rows: Vec<_> = entropy.into_iter().map(|entropy| entropy.map(|entropy| confidence(entropy, max))).collect();
        Ok(Derived::numbers(&rows))
    }
}

fn entropies(inputs: &Inputs, field: &str) -> Result<(Actions, Vec<Option<f64>>)> {
    let (width, rows) = inputs.vectors(0);
    let policy = inputs.name(0).unwrap_or_default();
    let actions = Actions::of(inputs, field, policy, width)?;
    let entropy = if policy == "logits" { entropy_from_logits } else { entropy_from_probabilities };
    let of_row = |row: &Vec<f64>| actions.parts.iter().map(|part| entropy(&row[part.clone()])).sum();
    let entropies = rows.iter().map(|row| row.as_ref().map(of_row)).collect();
    Ok((actions, entropies))
}
