//! One-step temporal-difference error.

use ethogram_analysis::td_error;
use ethogram_store::{FieldInfo, RunInfo};

use super::actions::{ACTION, Actions};
use super::max_q::max;
use super::transitions::{Places, REWARD, TERMINATED, TRUNCATED, Transitions};
use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::param::{GAMMA, number};
use crate::{Error, Param, Params, Result};

/// How wrong the critic was about one step.
pub(super) struct TdError;

const CRITIC: Input = Input {
    name: InputName::AnyOf(&["value", "q_values", "q_mean"]),
    shape: RowShape::NumberOrVector,
    required: true,
    hint: "pass value= or q_values= to episode.step",
};

const INPUTS: &[Input] = &[REWARD, CRITIC, Input { required: false, ..ACTION }, TERMINATED, TRUNCATED];

/// True when the critic that was found is one of actions.
fn of_actions(critic: Option<&str>) -> bool {
    matches!(critic, Some("q_values" | "q_mean"))
}

impl Derivation for TdError {
    fn name(&self) -> &'static str {
        "td_error"
    }

    fn doc(&self) -> &'static str {
        "how much the critic's opinion changed within one step; of V(s) where logged, else of the Q-learning update"
    }

    fn formula(&self) -> &'static str {
        "δ_t = r_t + γ V(s_{t+1}) − V(s_t); from q_values: δ_t = r_t + γ max_a Q(s_{t+1}, a) − Q(s_t, a_t); nothing is added after termination"
    }

    fn source(&self) -> &'static str {
        "Sutton and Barto, Reinforcement Learning, 2nd edition, 2018, equations 6.5 and 6.8"
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

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        let critic = inputs[1].as_ref()?;
        let fits = !of_actions(Some(critic.name.as_str()))
            || (inputs[2].is_some() && Actions::new(run, critic.shape.iter().product()).is_some_and(|a| a.is_single()));
        fits.then(Vec::new)
    }

    fn derive(&self, inputs: &Inputs, params: &Params) -> Result<Derived> {
        let gamma = number(params, "gamma");
        let places = Places { reward: 0, terminated: 3, truncated: 4 };
        if !of_actions(inputs.name(1)) {
            let transitions = Transitions::new(inputs, &places, inputs.numbers(1));
            let rollout = transitions.rollout();
            let errors = td_error(rollout.rewards, rollout.values, &rollout.next_values(), gamma)?;
            return Ok(Derived::numbers(&transitions.pad(errors)));
        }
        if inputs.columns[2].is_none() {
            return Err(Error::MissingInput {
                field: self.name().to_owned(),
                episode: inputs.episode.episode,
                needs: "action".into(),
                hint: ACTION.hint,
            });
        }
        let (width, q_values) = inputs.vectors(1);
        let actions = Actions::of(inputs, self.name(), "q_values", width)?;
        let taken = actions.taken(inputs, 2);
        let maxima = q_values.iter().map(|row| row.as_deref().map(max)).collect();
        let transitions = Transitions::new(inputs, &places, maxima);
        let rollout = transitions.rollout();
        let of_taken = |(q, taken): (&Option<Vec<f64>>, &Option<Vec<usize>>)| match &taken.as_ref()?[..] {
            [action] => Some(q.as_ref()?[*action]),
            _ => None,
        };
        let values: Vec<_> = q_values.iter().zip(&taken).map(of_taken).take(rollout.len()).collect();
        let errors = td_error(rollout.rewards, &values, &rollout.next_values(), gamma)?;
        Ok(Derived::numbers(&transitions.pad(errors)))
    }
}
