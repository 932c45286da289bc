//! How the policy moved through training: between recorded episodes, and between checkpoints on the same states.

use ethogram_analysis::js_from_probabilities;
use ethogram_model::Cancel;
use ethogram_store::CheckpointRow;

use crate::derivation::find;
use crate::explanation::{Said, WhichCheckpoints};
use crate::param::resolve;
use crate::{DisagreementRequest, Params, Result, RunHandle};

/// A recorded episode and how far its policy is from the recorded one before.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeDivergence {
    /// Which.
    pub episode: u64,
    /// Global step at its reset.
    pub global_step: i64,
    /// Its return.
    pub episode_return: f64,
    /// Mean of the field `action_divergence` over its steps; missing where there is none.
    pub mean: Option<f64>,
    /// Sum of it: what DRLVis tells.
    pub sum: Option<f64>,
}

/// A checkpoint and how far it is from the one before, on states of one episode.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointChange {
    /// Which.
    pub checkpoint: CheckpointRow,
    /// Mean over the states of KL(now ‖ before), in nats; missing for the first, and where policies are not distributions.
    pub kl: Option<f64>,
    /// The largest of them.
    pub kl_max: Option<f64>,
    /// Mean of the Jensen–Shannon divergence, in nats, at most ln 2; of categorical policies.
    pub js: Option<f64>,
    /// Share of the states in which the greedy choice is another.
    pub flips: Option<f64>,
    /// Mean of what the critic says.
    pub value: Option<f64>,
}

/// Checkpoints on the states of one episode.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointChanges {
    /// Steps that were asked about.
    pub steps: Vec<u64>,
    /// Ascending by global step.
    pub checkpoints: Vec<CheckpointChange>,
}

impl RunHandle {
    /// Every recorded episode with the divergence of its policy from the one before. `params` are those of the field
    /// `action_divergence`.
    ///
    /// # Errors
    /// Parameters that are none, or a run that cannot be read. Where nothing was logged that it could be taken from, numbers are missing.
    pub fn policy_divergence(&self, params: &Params, cancel: &Cancel) -> Result<Vec<EpisodeDivergence>> {
        if let Some(derivation) = find("action_divergence") {
            resolve(derivation.name(), derivation.params(), params, None)?;
        }
        let rows = self.source().episodes(0..u64::MAX)?;
        let mut found = Vec::new();
        for row in rows.iter().filter(|row| row.recorded) {
            cancel.check()?;
            let (mean, sum) = match self.field(row.episode, "derived/action_divergence", params, 0..u64::MAX) {
                Ok(field) => {
                    let values = field.column.to_f64();
                    let known: Vec<f64> =
                        (0..values.len()).filter(|at| field.column.is_valid(*at)).map(|at| values[at]).collect();
                    let sum: f64 = known.iter().sum();
                    let some = !known.is_empty();
                    (some.then(|| sum / known.len() as f64), some.then_some(sum))
                }
                Err(error) if error.is_missing_input() || error.is_not_found() || error.is_unfit() => (None, None),
                Err(error) => return Err(error),
            };
            found.push(EpisodeDivergence {
                episode: row.episode,
                global_step: row.global_step,
                episode_return: row.episode_return,
                mean,
                sum,
            });
        }
        Ok(found)
    }

    /// What each checkpoint says of the same states, measured against the one before it.
    ///
    /// # Errors
    /// As [`RunHandle::disagreement`].
    pub fn checkpoint_changes(&self, episode: u64, places: usize, cancel: &Cancel) -> Result<CheckpointChanges> {
        let request = DisagreementRequest { episode, checkpoints: WhichCheckpoints::All, places };
        let found = self.disagreement(&request, cancel)?;
        let change = |at: usize| {
            let now = &found.said[at];
            let pairs: Vec<(&Said, &Said)> =
                if at == 0 { vec![] } else { now.iter().zip(&found.said[at - 1]).collect() };
            let kl: Option<Vec<f64>> = pairs.iter().map(|(now, before)| now.kl(before)).collect();
            let js: Option<Vec<f64>> = pairs.iter().map(|(now, before)| js_of(now, before)).collect();
            let flips = pairs.iter().filter(|(now, before)| now.flips(before)).count();
            let decides = pairs.iter().any(|(now, _)| !now.greedy.is_empty());
            let values: Option<Vec<f64>> = now.iter().map(|said| said.value.map(f64::from)).collect();
            CheckpointChange {
                checkpoint: found.checkpoints[at].clone(),
                kl: kl.as_deref().and_then(mean),
                kl_max: kl.as_deref().and_then(|kl| kl.iter().copied().reduce(f64::max)),
                js: js.as_deref().and_then(mean),
                flips: (decides && !pairs.is_empty()).then(|| flips as f64 / pairs.len() as f64),
                value: values.as_deref().and_then(mean),
            }
        };
        let checkpoints = (0..found.checkpoints.len()).map(change).collect();
        Ok(CheckpointChanges { steps: found.steps, checkpoints })
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Over each choice; `None` for what is no distribution over actions.
fn js_of(now: &Said, before: &Said) -> Option<f64> {
    if now.probabilities.is_empty() || now.probabilities.len() != before.probabilities.len() {
        return None;
    }
    let mut at = 0;
    let mut sum = 0.0;
    for &width in &now.parts {
        let part = at..at + width;
        sum += js_from_probabilities(now.probabilities.get(part.clone())?, before.probabilities.get(part)?).ok()?;
        at += width;
    }
    Some(sum)
}
