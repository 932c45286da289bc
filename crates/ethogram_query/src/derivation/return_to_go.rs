//! Discounted return from each step on.

use ethogram_analysis::{return_to_go, reward_to_go};

use super::transitions::{Places, REWARD, TERMINATED, TRUNCATED, Transitions, VALUE};
use super::{Derivation, Derived, Input, Inputs};
use crate::param::{GAMMA, number};
use crate::{Param, Params, Result};

/// Discounted return from this step on.
pub(super) struct ReturnToGo;

const INPUTS: &[Input] = &[REWARD, Input { required: false, ..VALUE }, TERMINATED, TRUNCATED];

impl Derivation for ReturnToGo {
    fn name(&self) -> &'static str {
        "return_to_go"
    }

    fn doc(&self) -> &'static str {
        "discounted return from this step on; where the episode was cut, the value of the last observation stands for the rest, \
         and without a value only the rewards seen are summed"
    }

    fn formula(&self) -> &'static str {
        "G_t = r_t + γ G_{t+1}; G_T = 0 if terminated, else V(s_T)"
    }

    fn source(&self) -> &'static str {
        "Sutton and Barto, Reinforcement Learning, 2nd edition, 2018, equation 3.9"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        INPUTS
    }

    fn params(&self) -> &'static [Param] {
        &[GAMMA]
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let gamma = number(params, "gamma");
        let places = Places { reward: 0, terminated: 2, truncated: 3 };
        let transitions = Transitions::new(inputs, &places, inputs.numbers(1));
        let rollout = transitions.rollout();
        let returns = if inputs.columns[1].is_some() {
            return_to_go(&rollout, gamma)?
        } else {
            reward_to_go(rollout.rewards, &transitions.ended(), gamma)?
        };
        Ok(Derived::numbers(&transitions.pad(returns)))
    }
}
