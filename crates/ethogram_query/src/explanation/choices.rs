//! What can be asked of an episode's networks.

use ethogram_model::{Cancel, LayerChoice, Model, layer_choices};
use ethogram_store::CheckpointRow;

use super::head::{Kind, Of, Question};
use super::in_force;
use super::observation::{Given, inputs};
use super::signature::{Meaning, Signature};
use super::target::ANSWERS_MAX;
use crate::{Result, RunHandle};

/// Actions that are listed one by one.
const LISTED_MAX: usize = 1_000;

/// What can be asked of an episode's networks.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplanationChoices {
    /// Networks whose inputs are known, ascending by global step; the one in force first asked.
    pub checkpoints: Vec<CheckpointRow>,
    /// Index in `checkpoints` of the one in force.
    pub in_force: usize,
    /// Targets that the network in force has, in the order that people see.
    pub targets: Vec<TargetChoice>,
    /// Ways to look at the numbers of actions, by name and meaning; those that the network's numbers allow.
    pub views: Vec<(&'static str, &'static str)>,
    /// Its inputs: name, the logged field that it takes, and whether it is a recurrent state.
    pub inputs: Vec<(String, String, bool)>,
    /// Its layers, in the order of the file.
    pub layers: Vec<LayerChoice>,
}

/// A target that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetChoice {
    /// As it is asked for.
    pub name: String,
    /// For people: the action's own name where it has one.
    pub label: String,
    /// Whether it has several answers.
    pub several: bool,
}

impl RunHandle {
    /// What can be asked of an episode's networks.
    ///
    /// # Errors
    /// [`Error::Unexplained`](crate::Error::Unexplained) says what to log.
    pub fn explanations(&self, episode: u64) -> Result<ExplanationChoices> {
        let row = self.episode(episode)?;
        let checkpoints = self.explainable(episode)?;
        let in_force = in_force(&checkpoints, &row, None);
        let model = self.networks().open(self.source().as_ref(), &checkpoints[in_force])?;
        let signature = Signature::read(&checkpoints[in_force].signature)?;
        let steps = self.source().step_count(episode)?;
        // What is there to be asked does not hang on what was logged: without a step there are only fewer layers.
        let given = inputs(self, episode, 0..steps.min(1), &model, &signature).unwrap_or_default();
        let cancel = Cancel::default();
        let question = Question {
            run: self,
            episode,
            first: 0,
            model: &model,
            signature: &signature,
            given: &given,
            cancel: &cancel,
        };
        let (targets, views) = targets(&question);
        let input = |(name, meaning): &(String, Meaning)| match meaning {
            Meaning::Observation { field, .. } => (name.clone(), field.clone(), false),
            Meaning::State { field, .. } => (name.clone(), field.clone(), true),
        };
        let inputs = signature.inputs.iter().map(input).collect();
        let layers = layers(&model, &signature, &given).unwrap_or_default();
        Ok(ExplanationChoices { checkpoints, in_force, targets, views, inputs, layers })
    }
}

fn layers(model: &Model, signature: &Signature, given: &Given) -> Result<Vec<LayerChoice>> {
    if given.valid.is_empty() {
        return Ok(Vec::new());
    }
    let shapes = given.rows(&[0])?.into_iter().map(|(name, tensor)| (name, tensor.shape().to_vec())).collect();
    let known = |name: &str| model.outputs().iter().any(|output| output.name == name);
    // Where the recurrent state goes is no answer of the network.
    let mut outputs: Vec<&(String, String)> =
        signature.outputs.iter().filter(|(name, role)| role != "state" && known(name)).collect();
    // What acts comes before what judges: its layers are those to begin with where they share none.
    outputs.sort_by_key(|(_, role)| role == "value");
    let outputs: Vec<&str> = outputs.into_iter().map(|(name, _)| name.as_str()).collect();
    Ok(layer_choices(model, &shapes, signature.observation()?, &outputs)?)
}

fn targets(question: &Question<'_>) -> (Vec<TargetChoice>, Vec<(&'static str, &'static str)>) {
    let signature = question.signature;
    let mut targets: Vec<TargetChoice> = Vec::new();
    let mut add = |name: String, label: String, several: bool| targets.push(TargetChoice { name, label, several });
    let info = question.run.info();
    let env = info.env.as_ref();
    let head = question.head().ok();
    if let Some(head) = &head {
        let continuous = head.kind == Kind::Dimensions;
        let worth = if head.kind == Kind::Values { "the value of " } else { "" };
        if !continuous {
            add("action".into(), format!("{worth}the action taken"), false);
            add("greedy".into(), format!("{worth}the likeliest action"), false);
        }
        if signature.output("value").is_some() {
            add("value".into(), "the critic's value".into(), false);
        }
        let names = env.map_or(&[][..], |env| &env.action_meanings);
        for part in 0..head.parts.len() {
            for choice in 0..head.parts[part].min(LISTED_MAX) {
                let entry = head.start(part) + choice;
                let label = match (head.is_single(), continuous, names.get(entry)) {
                    (true, _, Some(name)) => name.clone(),
                    (true, true, None) => format!("dimension {choice}"),
                    (true, false, None) if head.kind == Kind::Switches => format!("switch {choice}"),
                    (true, false, None) => format!("action {choice}"),
                    (false, _, _) => format!("part {part}, choice {choice}"),
                };
                let name = if head.is_single() { choice.to_string() } else { format!("{part}:{choice}") };
                add(name, label, false);
            }
        }
        let groups = env.map_or(&[][..], |env| &env.action_groups);
        for group in groups.iter().filter(|_| head.is_single() && !continuous) {
            add(format!("group:{}", group.name), format!("the group {}", group.name), false);
        }
        if matches!(head.kind, Kind::Logits | Kind::Switches) {
            add("entropy".into(), "the policy's entropy".into(), false);
        }
        if continuous {
            let known = signature.output("log_std").is_some() || question.logged("action_log_std");
            if known {
                add("log_density".into(), "the log-density of the action taken".into(), false);
            }
            if signature.output("log_std").is_some() {
                add("entropy".into(), "the policy's entropy".into(), false);
            }
        } else {
            let every = head.choices().iter().try_fold(1_usize, |product, part| product.checked_mul(*part));
            if every.is_none_or(|every| every > 3) {
                add("top3".into(), "the three likeliest actions".into(), true);
            }
            let every = if head.is_single() { Some(head.width()) } else { every };
            if every.is_some_and(|every| every <= ANSWERS_MAX) {
                add("all".into(), "every action".into(), true);
            }
        }
    } else if signature.output("value").is_some() {
        add("value".into(), "the critic's value".into(), false);
    }
    let distributional =
        ["quantiles", "atom_probabilities", "atom_logits"].iter().any(|role| signature.output(role).is_some());
    if distributional {
        add("cvar:0.1".into(), "the mean of the worst tenth of the action's returns".into(), false);
    }
    if signature.output("q_heads").is_some() {
        add("head:0".into(), "what the first head says of the action taken".into(), false);
    }
    let probable = matches!(head.map(|head| head.kind), Some(Kind::Logits | Kind::Switches | Kind::Probabilities));
    let views = Of::ALL.iter().filter(|(_, of, _)| probable || *of == Of::Plain);
    (targets, views.map(|(name, _, doc)| (*name, *doc)).collect())
}

impl Question<'_> {
    fn logged(&self, field: &str) -> bool {
        let fields = self.run.source().step_fields(self.episode);
        fields.is_ok_and(|fields| fields.iter().any(|info| info.name == field))
    }
}
