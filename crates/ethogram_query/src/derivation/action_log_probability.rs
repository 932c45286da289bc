//! Log-probability of the action taken.

use ethogram_analysis::log_softmax;
use ethogram_store::{FieldInfo, RunInfo};

use super::actions::{ACTION, Actions, POLICY};
use super::{Derivation, Derived, Input, Inputs};
use crate::{Params, Result};

/// Log-probability of the action taken.
pub(super) struct ActionLogProbability;

impl Derivation for ActionLogProbability {
    fn name(&self) -> &'static str {
        "action_log_probability"
    }

    fn doc(&self) -> &'static str {
        "log-probability of the action taken, summed over the choices when there are several"
    }

    fn formula(&self) -> &'static str {
        "log π(a_t, s_t)"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("nats")
    }

    fn inputs(&self) -> &'static [Input] {
        &[POLICY, ACTION]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        let actions = Actions::new(run, inputs[0].as_ref()?.shape[0])?;
        (inputs[1].as_ref()?.shape.iter().product::<usize>() == actions.parts.len()).then(Vec::new)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let (width, rows) = inputs.vectors(0);
        let policy = inputs.name(0).unwrap_or_default();
        let actions = Actions::of(inputs, self.name(), policy, width)?;
        let from_logits = policy == "logits";
        let log_probability = |row: &[f64], taken: &[usize]| -> f64 {
            let of_part = |(part, &entry): (&std::ops::Range<usize>, &usize)| {
                if from_logits { log_softmax(&row[part.clone()])[entry - part.start] } else { row[entry].ln() }
            };
            actions.parts.iter().zip(taken).map(of_part).sum()
        };
        let rows: Vec<_> = rows
            .iter()
            .zip(actions.taken(inputs, 1))
            .map(|(row, taken)| Some(log_probability(row.as_ref()?, &taken?)))
            .collect();
        Ok(Derived::numbers(&rows))
    }
}
