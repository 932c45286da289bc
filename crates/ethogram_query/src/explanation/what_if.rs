//! What the policy would say, were its input another: a step's observation edited, asked of one checkpoint or of many.

use ethogram_model::Cancel;
use ethogram_store::CheckpointRow;

use super::edit::{Edit, EditedField};
use super::said::{Said, said};
use super::signature::Signature;
use super::subject_step::{SubjectStep, Version};
use super::{Explanation, ExplanationRequest, in_force};
use crate::{Error, Result, RunHandle};

/// Most checkpoints of one question.
pub const WHAT_IF_CHECKPOINTS_MAX: usize = 256;

/// Asks what follows from edits of one step's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIfRequest {
    /// Of which episode.
    pub episode: u64,
    /// Of which step.
    pub step: u64,
    /// Done in this order; none asks about the step as it was.
    pub edits: Vec<Edit>,
    /// Who is asked.
    pub checkpoints: WhichCheckpoints,
    /// Method, target and explained value of the attributions that come along.
    pub attribution: Option<WhatIfAttribution>,
}

/// Checkpoints of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum WhichCheckpoints {
    /// The one in force in the episode.
    #[default]
    InForce,
    /// These, by global step.
    These(Vec<i64>),
    /// All that can be asked, at most [`WHAT_IF_CHECKPOINTS_MAX`] of them, evenly spread.
    All,
}

/// What is attributed before and after the edits; members as in [`ExplanationRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIfAttribution {
    /// Name of one of [`ATTRIBUTIONS`](ethogram_model::ATTRIBUTIONS).
    pub method: String,
    /// For example `greedy` or `3-1`.
    pub target: String,
    /// The observation when left out.
    pub wrt: Option<String>,
}

/// What follows from the edits.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Every field that the network takes, before and after.
    pub fields: Vec<WhatIfField>,
    /// A checkpoint each, ascending by global step.
    pub answers: Vec<WhatIfAnswer>,
}

/// A field before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIfField {
    /// Its rows.
    pub field: EditedField,
    /// Numbers of it that are not what they were.
    pub changed: usize,
    /// Numbers outside of the observation space.
    pub outside: usize,
}

/// What one checkpoint says.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIfAnswer {
    /// Which.
    pub checkpoint: CheckpointRow,
    /// Whether it is the one in force in the episode.
    pub in_force: bool,
    /// Of the input as it was recorded.
    pub before: Said,
    /// Of the edited one.
    pub after: Said,
    /// KL(before ‖ after), in nats.
    pub kl: Option<f64>,
    /// KL(checkpoint in force ‖ this one), both of the edited input.
    pub kl_from_force: Option<f64>,
    /// Attributions before and after.
    pub attributions: Option<(Explanation, Explanation)>,
}

impl RunHandle {
    /// What the policy says of a step as it was recorded, and as it is edited.
    ///
    /// # Errors
    /// [`Error::Unexplained`] when there is no network or no observation, [`Error::BadParam`] for edits that cannot be done,
    /// [`Error::TooLarge`] for too many.
    pub fn what_if(&self, request: &WhatIfRequest, cancel: &Cancel) -> Result<WhatIf> {
        let row = self.episode(request.episode)?;
        let known = self.explainable(request.episode)?;
        let force = in_force(&known, &row, None);
        let asked = request.checkpoints.of(&known, force)?;

        let signature = Signature::read(&known[force].signature)?;
        let forward = self.networks().forward(self.source().as_ref(), &known[force])?;
        let mut subject = SubjectStep::read(self, request.episode, request.step, forward.model(), &signature)?;
        subject.edit(&request.edits)?;

        let reference = self.said_of(&subject, &known[force], cancel)?;
        let mut answers = Vec::with_capacity(asked.len());
        for &index in &asked {
            let [before, after] =
                if index == force { reference.clone() } else { self.said_of(&subject, &known[index], cancel)? };
            let attributions = match &request.attribution {
                Some(attribution) => Some(self.attributed(request, attribution, &known[index], cancel)?),
                None => None,
            };
            answers.push(WhatIfAnswer {
                checkpoint: known[index].clone(),
                in_force: index == force,
                kl: before.kl(&after),
                kl_from_force: reference[1].kl(&after),
                before,
                after,
                attributions,
            });
        }
        let fields = std::mem::take(&mut subject.fields);
        let fields = fields
            .into_values()
            .map(|field| WhatIfField { changed: field.changed(), outside: subject.outside(&field), field })
            .collect();
        Ok(WhatIf { fields, answers })
    }

    /// What a checkpoint says of a step before and after.
    pub(super) fn said_of(
        &self,
        subject: &SubjectStep<'_>,
        checkpoint: &CheckpointRow,
        cancel: &Cancel,
    ) -> Result<[Said; 2]> {
        let signature = Signature::read(&checkpoint.signature)?;
        let forward = self.networks().forward(self.source().as_ref(), checkpoint)?;
        let inputs = subject.tensors(forward.model(), &signature, &[Version::Before, Version::After])?;
        let outputs = forward.run(&inputs, cancel)?;
        let space = self.info().env.as_ref().and_then(|env| env.action_space.as_ref());
        let mut said = said(&outputs, 2, &signature, space).into_iter();
        Ok([said.next().unwrap_or_default(), said.next().unwrap_or_default()])
    }

    fn attributed(
        &self,
        request: &WhatIfRequest,
        attribution: &WhatIfAttribution,
        checkpoint: &CheckpointRow,
        cancel: &Cancel,
    ) -> Result<(Explanation, Explanation)> {
        let WhatIfAttribution { method, target, wrt } = attribution.clone();
        let ask = ExplanationRequest {
            episode: request.episode,
            range: request.step..request.step.saturating_add(1),
            method,
            target,
            checkpoint: Some(checkpoint.global_step),
            wrt,
            ..ExplanationRequest::default()
        };
        let before = self.explanation(&ask, cancel)?;
        let after = if request.edits.is_empty() {
            before.clone()
        } else {
            self.explanation_edited(&ask, &request.edits, cancel)?
        };
        Ok((before, after))
    }
}

impl WhichCheckpoints {
    /// Indices among those known, ascending.
    pub(super) fn of(&self, known: &[CheckpointRow], force: usize) -> Result<Vec<usize>> {
        match self {
            WhichCheckpoints::InForce => Ok(vec![force]),
            WhichCheckpoints::All => {
                let count = known.len().min(WHAT_IF_CHECKPOINTS_MAX);
                let spread = |at: usize| if count < 2 { 0 } else { at * (known.len() - 1) / (count - 1) };
                Ok((0..count).map(spread).collect())
            }
            WhichCheckpoints::These(steps) => {
                if steps.len() > WHAT_IF_CHECKPOINTS_MAX {
                    return Err(Error::TooLarge {
                        what: "checkpoints (WHAT_IF_CHECKPOINTS_MAX)".to_owned(),
                        limit: WHAT_IF_CHECKPOINTS_MAX as u64,
                        found: steps.len() as u64,
                    });
                }
                let find = |step: &i64| {
                    known.iter().position(|row| row.global_step == *step).ok_or_else(|| Error::BadParam {
                        field: "what if".to_owned(),
                        param: "checkpoints".to_owned(),
                        expected: format!(
                            "global steps of checkpoints, which are {}",
                            known.iter().map(|row| row.global_step.to_string()).collect::<Vec<_>>().join(", ")
                        ),
                        found: step.to_string(),
                    })
                };
                let mut found: Vec<usize> = steps.iter().map(find).collect::<Result<_>>()?;
                found.sort_unstable();
                found.dedup();
                Ok(found)
            }
        }
    }
}
