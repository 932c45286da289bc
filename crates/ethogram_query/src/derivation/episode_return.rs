//! Sum of the rewards so far.

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Params, Result};

pub(super) const REWARD: Input = Input {
    name: InputName::AnyOf(&["reward"]),
    shape: RowShape::Number,
    required: true,
    hint: "pass reward= to episode.step",
};

/// Sum of the rewards up to and with this step.
pub(super) struct EpisodeReturn;

impl Derivation for EpisodeReturn {
    fn name(&self) -> &'static str {
        "episode_return"
    }

    fn doc(&self) -> &'static str {
        "sum of the rewards up to and with this step"
    }

    fn formula(&self) -> &'static str {
        "Σ_{k ≤ t} r_k"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("reward")
    }

    fn inputs(&self) -> &'static [Input] {
        &[REWARD]
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        Ok(Derived::numbers(&ethogram_analysis::cumulative_sum(&inputs.numbers(0))))
    }
}
