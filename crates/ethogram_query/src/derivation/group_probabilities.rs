//! Probabilities of groups of actions.

use ethogram_store::{FieldInfo, RunInfo, Space};

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Error, Params, Result};

/// Probability of each group of actions that the run's environment names.
pub(super) struct GroupProbabilities;

const PROBABILITIES: Input = Input {
    name: InputName::AnyOf(&["action_probabilities"]),
    shape: RowShape::Vector,
    required: true,
    hint: "pass logits= or action_probabilities= to episode.step, and action_groups= to eg.describe or eg.record",
};

impl Derivation for GroupProbabilities {
    fn name(&self) -> &'static str {
        "group_probabilities"
    }

    fn doc(&self) -> &'static str {
        "probability of each group of actions that the environment's description names, in its order"
    }

    fn formula(&self) -> &'static str {
        "π(g, s_t) = Σ_{a ∈ g} π(a, s_t)"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("probability")
    }

    fn inputs(&self) -> &'static [Input] {
        &[PROBABILITIES]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        let groups = groups(run, inputs[0].as_ref()?.shape[0])?;
        Some(vec![groups.len()])
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (width, rows) = inputs.vectors(0);
        let Some(groups) = groups(inputs.run, width) else {
            return Err(Error::MissingInput {
                field: self.name().to_owned(),
                episode: inputs.episode.episode,
                needs: format!("action_groups, of actions among the {width} of the policy"),
                hint: PROBABILITIES.hint,
            });
        };
        let of_row = |row: Vec<f64>| groups.iter().map(|group| group.iter().map(|&at| row[at]).sum()).collect();
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(of_row)).collect();
        Ok(Derived::vectors(groups.len(), &rows))
    }
}

/// Which entries each group sums; `None` without groups, or when one names an action that is not there.
fn groups(run: &RunInfo, width: usize) -> Option<Vec<Vec<usize>>> {
    let env = run.env.as_ref().filter(|env| !env.action_groups.is_empty())?;
    let start = match env.action_space {
        Some(Space::Discrete { start, .. }) => start,
        _ => 0,
    };
    let entry = |action: &i64| {
        let at = usize::try_from(action.checked_sub(start)?).ok()?;
        (at < width).then_some(at)
    };
    env.action_groups.iter().map(|group| group.actions.iter().map(entry).collect()).collect()
}
