//! Why the policy said what it said at a step: the checkpoint's network asked about the observation that was logged.

mod activations;
mod answer;
mod asking;
mod background;
mod choices;
mod counterfactual;
mod disagreement;
mod edit;
mod exciting;
mod field;
mod head;
mod input_map;
mod joint;
mod kept;
mod layer;
mod method;
mod networks;
mod observation;
mod parity;
mod patched;
mod picture;
mod quality;
mod recalled;
mod reference;
mod said;
mod signature;
mod subject_step;
mod target;
mod what_if;
mod wrt;

use std::collections::BTreeMap;
use std::ops::Range;

use ethogram_model::{Cancel, HISTORY_MAX, Part};
use ethogram_store::{CheckpointRow, EpisodeRow};

pub use activations::Activations;
pub(crate) use background::Backgrounds;
pub use choices::{ExplanationChoices, TargetChoice};
pub use counterfactual::{Counterfactual, CounterfactualRequest, Size};
pub use disagreement::{COMPARED_STEPS_MAX, Disagreement, DisagreementRequest};
pub use edit::{Change as EditChange, EDIT_PLACES_MAX, EDITS_MAX, Edit, EditedField, Place as EditPlace};
pub(crate) use exciting::{Climbing, Exciting, Goal, Search};
pub use field::ATTRIBUTION_PREFIX;
pub use head::Of;
pub(crate) use kept::Kept;
pub use kept::{KEPT_BYTES_MAX, KeptSize};
pub(crate) use layer::Layer;
pub(crate) use networks::Networks;
pub(crate) use observation::{Given, floats, inputs};
pub use parity::{OutputParity, Parity, Verdict};
pub use patched::Patched;
pub(crate) use picture::Picture;
pub use quality::{PLANTED_MAX, Quality, QualityChecks};
pub use said::Said;
pub use target::ANSWERS_MAX;
pub use what_if::{
    WHAT_IF_CHECKPOINTS_MAX, WhatIf, WhatIfAnswer, WhatIfAttribution, WhatIfField, WhatIfRequest, WhichCheckpoints,
};

use crate::{Error, Params, Result, RunHandle};
use asking::Asking;
use head::Question;
pub(crate) use signature::Signature;

/// Most steps that are explained in one answer.
pub const EXPLAINED_STEPS_MAX: u64 = 64;

/// Asks about steps of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplanationRequest {
    /// Of which episode.
    pub episode: u64,
    /// Which steps; cut to the episode, at most [`EXPLAINED_STEPS_MAX`].
    pub range: Range<u64>,
    /// Name of one of [`ATTRIBUTIONS`](ethogram_model::ATTRIBUTIONS).
    pub method: String,
    /// The method's settings; those left out are as usual.
    pub params: Params,
    /// What is explained; `docs/http.md` lists every way to write it.
    pub target: String,
    /// How the target's numbers are looked at.
    pub of: Of,
    /// Global step of the checkpoint; the one in force in the episode when left out.
    pub checkpoint: Option<i64>,
    /// The input, or hidden layer, whose elements are told apart: its name, several with `+` between, `observation` (when left out), `state`
    /// or `all`.
    pub wrt: Option<String>,
    /// Earlier steps that are explained too, through the recurrent state.
    pub history: u64,
    /// How many work side by side; 0 for as many as the machine has.
    pub threads: usize,
}

impl Default for ExplanationRequest {
    /// Saliency of the action taken, at every step of episode 0.
    fn default() -> Self {
        ExplanationRequest {
            episode: 0,
            range: 0..u64::MAX,
            method: "saliency".to_owned(),
            params: Params::new(),
            target: "action".to_owned(),
            of: Of::Plain,
            checkpoint: None,
            wrt: None,
            history: 0,
            threads: 0,
        }
    }
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
    /// Its value at the baseline; empty for methods without one.
    pub at_baseline: Vec<f32>,
    /// How far the attributions are from adding up, one a step; empty for methods that do not promise to.
    pub completeness_error: Vec<f32>,
    /// Which action is explained at each step: its entry of the output; of several choices at once, the index among all joint actions.
    pub entry: Vec<u32>,
    /// What is explained, as people write it.
    pub target: String,
    /// The method's settings, all of them.
    pub settings: BTreeMap<String, String>,
    /// Which network was asked.
    pub checkpoint: CheckpointRow,
    /// Name of the explained output.
    pub output: String,
    /// Name of the value whose elements are told apart; several with `+` between.
    pub wrt: String,
    /// Shape of one step of that value; of several, or over time, one axis with their elements one after the other.
    pub wrt_shape: Vec<usize>,
    /// The values that it is made of, in order; over time those of earlier steps first, named `NAME@-3`.
    pub parts: Vec<Part>,
    /// How many of the steps were kept, and not computed now.
    pub recalled: usize,
}

impl RunHandle {
    /// Attributions of some steps for one target.
    ///
    /// # Errors
    /// [`Error::Unexplained`] when there is no network for the episode, [`Error::BadParam`] for an unknown method, setting or target, or for
    /// several targets, [`Error::TooLarge`] for more steps than [`EXPLAINED_STEPS_MAX`].
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
        let mut found = self.explanations_edited(request, edits, cancel)?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (_, _) => Err(Error::BadParam {
                field: "attribution".to_owned(),
                param: "target".to_owned(),
                expected: "one target".to_owned(),
                found: format!("several: {}", request.target.chars().take(64).collect::<String>()),
            }),
        }
    }

    /// Attributions of some steps, one answer a target.
    ///
    /// # Errors
    /// As [`RunHandle::explanation`]; [`Error::TooLarge`] for more targets than [`ANSWERS_MAX`].
    pub fn explanations_of(&self, request: &ExplanationRequest, cancel: &Cancel) -> Result<Vec<Explanation>> {
        self.explanations_edited(request, &[], cancel)
    }

    fn explanations_edited(
        &self,
        request: &ExplanationRequest,
        edits: &[Edit],
        cancel: &Cancel,
    ) -> Result<Vec<Explanation>> {
        let asking = self.asking(request, edits)?;
        let question = Question {
            run: self,
            episode: request.episode,
            first: asking.first,
            model: &asking.model,
            signature: &asking.signature,
            given: &asking.given,
            cancel,
        };
        let reference = asking.reference(self, request.episode)?;
        let answers = question.answers(&request.target, request.of)?;
        asking.explain_each(self, request, &answers, reference.as_ref(), cancel)
    }

    fn asking(&self, request: &ExplanationRequest, edits: &[Edit]) -> Result<Asking> {
        let row = self.episode(request.episode)?;
        let steps = self.source().step_count(request.episode)?;
        let range = request.range.start.min(steps)..request.range.end.min(steps).max(request.range.start.min(steps));
        let asked = range.end - range.start;
        if asked > EXPLAINED_STEPS_MAX {
            let what = "steps to explain (EXPLAINED_STEPS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: EXPLAINED_STEPS_MAX, found: asked });
        }
        if request.history >= HISTORY_MAX as u64 {
            let what = "earlier steps to explain (HISTORY_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: HISTORY_MAX as u64 - 1, found: request.history });
        }
        let checkpoints = self.explainable(request.episode)?;
        let checkpoint = checkpoints[in_force(&checkpoints, &row, request.checkpoint)].clone();
        let model = self.networks().open(self.source().as_ref(), &checkpoint)?;
        let signature = Signature::read(&checkpoint.signature)?;
        let method = method::configured(&request.method, &request.params)?;
        let wrt = wrt::resolve(request.wrt.as_deref(), &model, &signature)?;
        let given = if edits.is_empty() {
            inputs(self, request.episode, range.clone(), &model, &signature)?
        } else {
            subject_step::edited_inputs(self, request.episode, range.clone(), &model, &signature, edits)?
        };
        let is_edited = !edits.is_empty();
        Ok(Asking { checkpoint, model, signature, method, wrt, given, is_edited, first: range.start })
    }

    /// The checkpoint asked for; else the one in force.
    pub(crate) fn asked_checkpoint(&self, episode: u64, checkpoint: Option<i64>) -> Result<CheckpointRow> {
        let all = self.explainable(episode)?;
        let at = in_force(&all, &self.episode(episode)?, checkpoint);
        Ok(all[at].clone())
    }

    /// Checkpoints that can be asked.
    pub(crate) fn explainable(&self, episode: u64) -> Result<Vec<CheckpointRow>> {
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

/// The logged field that the network of a checkpoint looks at.
pub(crate) fn observation_of(checkpoint: &CheckpointRow) -> Result<String> {
    let signature = Signature::read(&checkpoint.signature)?;
    let name = signature.observation()?;
    let field = signature.inputs.iter().find_map(|(input, meaning)| match meaning {
        signature::Meaning::Observation { field, .. } if input == name => Some(field.clone()),
        _ => None,
    });
    Ok(field.unwrap_or_else(|| name.to_owned()))
}

/// The checkpoint asked for; else the one that the episode names; else the last before it.
pub(crate) fn in_force(checkpoints: &[CheckpointRow], episode: &EpisodeRow, asked: Option<i64>) -> usize {
    let step = asked.or(episode.checkpoint).unwrap_or(episode.global_step);
    let exact = checkpoints.iter().position(|row| row.global_step == step);
    exact.or_else(|| checkpoints.iter().rposition(|row| row.global_step <= step)).unwrap_or(0)
}
