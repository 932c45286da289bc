//! Log-probability of the action taken.

use ethogram_analysis::{gaussian_log_density, log_softmax};
use ethogram_store::{FieldInfo, RunInfo};

use super::action_std::LOG_STD;
use super::actions::{ACTION, Actions};
use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Error, Params, Result};

/// Log-probability of the action taken.
pub(super) struct ActionLogProbability;

/// What the policy puts on the actions, or the one around which it acts.
const POLICY_OR_MEAN: Input = Input {
    name: InputName::AnyOf(&["logits", "action_probabilities", "action_mean"]),
    shape: RowShape::NumberOrVector,
    required: true,
    hint: "pass logits=, action_probabilities=, or action_mean= and action_log_std= to episode.step",
};

impl Derivation for ActionLogProbability {
    fn name(&self) -> &'static str {
        "action_log_probability"
    }

    fn doc(&self) -> &'static str {
        "log-probability of the action taken, summed over the choices when there are several; of a Gaussian policy the log-density at the action as it was recorded, clipped or not"
    }

    fn formula(&self) -> &'static str {
        "log π(a_t, s_t); from action_mean: −½ Σ_i [((a_i − μ_i)/σ_i)² + 2 log σ_i + log 2π]"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("nats")
    }

    fn inputs(&self) -> &'static [Input] {
        &[POLICY_OR_MEAN, ACTION, Input { required: false, ..LOG_STD }]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], run: &RunInfo) -> Option<Vec<usize>> {
        let size = |info: &FieldInfo| info.shape.iter().product::<usize>();
        let (policy, action) = (inputs[0].as_ref()?, inputs[1].as_ref()?);
        if policy.name == "action_mean" {
            return gaussian_fits(size(policy), size(action), size(inputs[2].as_ref()?)).then(Vec::new);
        }
        let actions = Actions::new(run, size(policy))?;
        (size(action) == actions.parts.len()).then(Vec::new)
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        if inputs.name(0) == Some("action_mean") {
            return log_density(self.name(), inputs);
        }
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

/// One standard deviation serves all dimensions where only one was logged.
fn gaussian_fits(mean: usize, action: usize, log_std: usize) -> bool {
    mean == action && (log_std == mean || log_std == 1)
}

/// Numbers of one step, if they were logged.
type Row = Option<Vec<f64>>;

fn log_density(field: &str, inputs: &Inputs) -> Result<Derived> {
    if inputs.columns[2].is_none() {
        return Err(Error::MissingInput {
            field: field.to_owned(),
            episode: inputs.episode.episode,
            needs: "action_log_std".into(),
            hint: LOG_STD.hint,
        });
    }
    let ((width, means), (action_width, actions), (std_width, log_stds)) =
        (inputs.vectors(0), inputs.vectors(1), inputs.vectors(2));
    if !gaussian_fits(width, action_width, std_width) {
        return Err(Error::BadInput {
            field: field.to_owned(),
            input: "action_mean".into(),
            expected: format!("{action_width} entries a step, as the action, and as many or one of action_log_std"),
            found: format!("{width}, and {std_width} of action_log_std"),
        });
    }
    let of_row = |((mean, action), log_std): ((Row, Row), Row)| {
        let log_std: Vec<_> = log_std?.into_iter().cycle().take(width).collect();
        Some(gaussian_log_density(&action?, &mean?, &log_std))
    };
    let rows: Vec<_> = means.into_iter().zip(actions).zip(log_stds).map(of_row).collect();
    Ok(Derived::numbers(&rows))
}
