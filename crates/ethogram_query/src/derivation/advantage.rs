//! Generalised advantage, and the value target that goes with it.

use ethogram_analysis::{gae, lambda_return};

use super::transitions::{Places, REWARD, TERMINATED, TRUNCATED, Transitions, VALUE};
use super::{Derivation, Derived, Input, Inputs};
use crate::param::{GAMMA, LAMBDA, number};
use crate::{Param, Params, Result};

/// How much better the action was than the policy, by generalised advantage estimation.
pub(super) struct Advantage;

/// λ-return: what the critic would be trained toward.
pub(super) struct ValueTarget;

const INPUTS: &[Input] = &[REWARD, VALUE, TERMINATED, TRUNCATED];
const PLACES: Places = Places { reward: 0, terminated: 2, truncated: 3 };

impl Derivation for Advantage {
    fn name(&self) -> &'static str {
        "advantage"
    }

    fn doc(&self) -> &'static str {
        "how much better the action turned out than the critic expected; a cut episode bootstraps from the value of its last \
         observation"
    }

    fn formula(&self) -> &'static str {
        "A_t = δ_t + γ λ A_{t+1}; δ_t = r_t + γ V(s_{t+1}) − V(s_t), with V(s_T) = 0 if terminated"
    }

    fn source(&self) -> &'static str {
        "Schulman et al., High-Dimensional Continuous Control Using Generalized Advantage Estimation, 2016, equation 16"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        INPUTS
    }

    fn params(&self) -> &'static [Param] {
        &[GAMMA, LAMBDA]
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let transitions = Transitions::new(inputs, &PLACES, inputs.numbers(1));
        let advantages = gae(&transitions.rollout(), number(params, "gamma"), number(params, "lambda"))?;
        Ok(Derived::numbers(&transitions.pad(advantages)))
    }
}

impl Derivation for ValueTarget {
    fn name(&self) -> &'static str {
        "value_target"
    }

    fn doc(&self) -> &'static str {
        "what the critic would be trained toward: advantage plus value"
    }

    fn formula(&self) -> &'static str {
        "G_t^λ = A_t + V(s_t)"
    }

    fn source(&self) -> &'static str {
        "Sutton and Barto, Reinforcement Learning, 2nd edition, 2018, equation 12.2"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        INPUTS
    }

    fn params(&self) -> &'static [Param] {
        &[GAMMA, LAMBDA]
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let transitions = Transitions::new(inputs, &PLACES, inputs.numbers(1));
        let targets = lambda_return(&transitions.rollout(), number(params, "gamma"), number(params, "lambda"))?;
        Ok(Derived::numbers(&transitions.pad(targets)))
    }
}
