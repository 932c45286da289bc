//! Why the policy said what it said at a step: the checkpoint's network asked about the observation that was logged.

mod background;
mod counterfactual;
mod disagreement;
mod edit;
mod method;
mod networks;
mod observation;
mod picture;
mod said;
mod signature;
mod subject_step;
mod target;
mod what_if;

use std::ops::Range;

use ethogram_model::{Cancel, Explained, Subject};
use ethogram_store::{CheckpointRow, EpisodeRow};

pub(crate) use background::Backgrounds;
pub use counterfactual::{Counterfactual, CounterfactualRequest, Size};
pub use disagreement::{COMPARED_STEPS_MAX, Disagreement, DisagreementRequest};
pub use edit::{Change as EditChange, EDIT_PLACES_MAX, EDITS_MAX, Edit, EditedField, Place as EditPlace};
pub use method::METHODS;
pub(crate) use networks::Networks;
pub use said::Said;
pub use what_if::{
    WHAT_IF_CHECKPOINTS_MAX, WhatIf, WhatIfAnswer, WhatIfAttribution, WhatIfField, WhatIfRequest, WhichCheckpoints,
};

use crate::{Error, Result, RunHandle};
use observation::inputs;
use signature::Signature;
use target::TargetName;

/// Most steps that are explained in one answer.
pub const EXPLAINED_STEPS_MAX: u64 = 64;

/// Asks about steps of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplanationRequest {
    /// Of which episode.
    pub episode: u64,
    /// Which steps; cut to the episode, at most [`EXPLAINED_STEPS_MAX`].
    pub range: Range<u64>,
    /// One of [`METHODS`].
    pub method: String,
    /// What is explained: `action` (the one taken), `greedy`, `value`, `3` (an action or dimension by index), `3-1` (why 3 and not 1).
    pub target: String,
    /// Global step of the checkpoint; the one in force in the episode when left out.
    pub checkpoint: Option<i64>,
    /// Name of the input, or hidden layer, whose elements are told apart; the observation when left out.
    pub wrt: Option<String>,
}

/// Attributions of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// First step.
    pub first: u64,
    /// Shape of one step's attribution: that of the explained value, or a grid laid over it.
    pub shape: Vec<usize>,
    /// Step after step; zeros where there is no answer.
    pub values: Vec<f32>,
    /// False where a step has no answer: nothing logged, or no action taken.
    pub valid: Vec<bool>,
    /// The target's value at each step.
    pub at_input: Vec<f32>,
    /// How far the attributions are from adding up, one a step; empty for methods that do not promise to.
    pub completeness_error: Vec<f32>,
    /// The entry of the output that is explained at each step.
    pub entry: Vec<u32>,
    /// Which network was asked.
    pub checkpoint: CheckpointRow,
    /// Name of the explained output.
    pub output: String,
    /// Name of the value whose elements are told apart.
    pub wrt: String,
    /// Shape of one step of that value.
    pub wrt_shape: Vec<usize>,
}

/// What can be asked of an episode's networks.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplanationChoices {
    /// Networks whose inputs are known, ascending by global step; the one in force first asked.
    pub checkpoints: Vec<CheckpointRow>,
    /// Index in `checkpoints` of the one in force.
    pub in_force: usize,
    /// Targets that the network in force has, in the order that people see.
    pub targets: Vec<String>,
    /// Its named values, in the order of the file.
    pub layers: Vec<String>,
}

impl RunHandle {
    /// What can be asked of an episode's networks.
    ///
    /// # Errors
    /// [`Error::Unexplained`] says what to log.
    pub fn explanations(&self, episode: u64) -> Result<ExplanationChoices> {
        let row = self.episode(episode)?;
        let checkpoints = self.explainable(episode)?;
        let in_force = in_force(&checkpoints, &row, None);
        let model = self.networks().open(self.source().as_ref(), &checkpoints[in_force])?;
        let signature = Signature::read(&checkpoints[in_force].signature)?;
        let targets = target::names(&model, &signature);
        let layers = model.layers().into_iter().map(|layer| layer.name).collect();
        Ok(ExplanationChoices { checkpoints, in_force, targets, layers })
    }

    /// Attributions of some steps.
    ///
    /// # Errors
    /// [`Error::Unexplained`] when there is no network for the episode, [`Error::BadParam`] for an unknown method or target,
    /// [`Error::TooLarge`] for more steps than [`EXPLAINED_STEPS_MAX`].
    pub fn explanation(&self, request: &ExplanationRequest, cancel: &Cancel) -> Result<Explanation> {
        self.explanation_edited(request, &[], cancel)
    }

    /// The same, were these edits done at every one of the steps.
    pub(crate) fn explanation_edited(
        &self,
        request: &ExplanationRequest,
        edits: &[Edit],
        cancel: &Cancel,
    ) -> Result<Explanation> {
        let row = self.episode(request.episode)?;
        let steps = self.source().step_count(request.episode)?;
        let range = request.range.start.min(steps)..request.range.end.min(steps).max(request.range.start.min(steps));
        let asked = range.end - range.start;
        if asked > EXPLAINED_STEPS_MAX {
            let what = "steps to explain (EXPLAINED_STEPS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: EXPLAINED_STEPS_MAX, found: asked });
        }
        let checkpoints = self.explainable(request.episode)?;
        let checkpoint = checkpoints[in_force(&checkpoints, &row, request.checkpoint)].clone();
        let model = self.networks().open(self.source().as_ref(), &checkpoint)?;
        let signature = Signature::read(&checkpoint.signature)?;
        let method = method::find(&request.method)?;
        let wrt = match &request.wrt {
            Some(name) => name.clone(),
            None => signature.observation()?.to_owned(),
        };

        let given = if edits.is_empty() {
            inputs(self, request.episode, range.clone(), &model, &signature)?
        } else {
            subject_step::edited_inputs(self, request.episode, range.clone(), &model, &signature, edits)?
        };
        let target = TargetName::parse(&request.target)?;
        let output = target.output(&model, &signature)?;
        let entries = target.entries(self, request.episode, range.clone(), &model, &output, &given, cancel)?;
        let valid: Vec<bool> =
            given.valid.iter().zip(&entries).map(|(valid, entry)| *valid && entry.is_some()).collect();
        let rows: Vec<usize> = (0..valid.len()).filter(|&row| valid[row]).collect();
        let mut explanation = Explanation {
            first: range.start,
            shape: Vec::new(),
            values: Vec::new(),
            at_input: vec![f32::NAN; valid.len()],
            completeness_error: Vec::new(),
            entry: entries.iter().map(|entry| entry.as_ref().map_or(0, |entry| entry[0].0 as u32)).collect(),
            valid,
            checkpoint,
            output: output.clone(),
            wrt: wrt.clone(),
            wrt_shape: Vec::new(),
        };
        if rows.is_empty() {
            return Ok(explanation);
        }
        let weights = rows.iter().filter_map(|&row| entries[row].clone()).collect();
        let target = ethogram_model::Target { output, view: ethogram_model::View::Plain, weights };
        let subject = Subject { inputs: given.rows(&rows)?, target, wrt };
        let explained = Explained::new(&model, subject, 0, cancel)?;
        explanation.wrt_shape = explained.at().shape()[1..].to_vec();
        let found = method.attribute(&explained, cancel)?;
        explanation.fill(&rows, &found);
        Ok(explanation)
    }

    /// Checkpoints that can be asked.
    fn explainable(&self, episode: u64) -> Result<Vec<CheckpointRow>> {
        let all = self.source().checkpoints();
        let none = all.is_empty();
        let usable: Vec<_> = all.into_iter().filter(|row| row.format == "onnx" && row.signature.is_object()).collect();
        if usable.is_empty() {
            let why = if none {
                "the run has no checkpoint; log one with run.checkpoint(policy, global_step=t, signature=eg.signature(observation=\"obs\", logits=\"logits\"))"
            } else {
                "no checkpoint says what its inputs are; pass signature=eg.signature(observation=…, …) to run.checkpoint"
            };
            return Err(Error::Unexplained { episode, why: why.to_owned() });
        }
        Ok(usable)
    }
}

impl Explanation {
    /// Lays what was found for some rows among all of them.
    fn fill(&mut self, rows: &[usize], found: &ethogram_model::Attributed) {
        self.shape = found.values.shape()[1..].to_vec();
        let width: usize = self.shape.iter().product();
        let values = found.values.as_f32().unwrap_or_default();
        self.values = vec![0.0; self.valid.len() * width];
        if !found.completeness_error.is_empty() {
            self.completeness_error = vec![f32::NAN; self.valid.len()];
        }
        for (index, &row) in rows.iter().enumerate() {
            self.values[row * width..][..width].copy_from_slice(&values[index * width..][..width]);
            self.at_input[row] = found.at_input[index];
            if let Some(error) = found.completeness_error.get(index) {
                self.completeness_error[row] = *error;
            }
        }
    }
}

/// The checkpoint asked for; else the one that the episode names; else the last before it.
fn in_force(checkpoints: &[CheckpointRow], episode: &EpisodeRow, asked: Option<i64>) -> usize {
    let step = asked.or(episode.checkpoint).unwrap_or(episode.global_step);
    let exact = checkpoints.iter().position(|row| row.global_step == step);
    exact.or_else(|| checkpoints.iter().rposition(|row| row.global_step <= step)).unwrap_or(0)
}
