//! Sum of the rewards so far.

use super::transitions::REWARD;
use super::{Derivation, Derived, Input, Inputs};
use crate::{Params, Result};

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
        "R_t = Σ_{k ≤ t} r_k"
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
