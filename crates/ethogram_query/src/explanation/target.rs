//! What is explained, by name.

use std::ops::Range;

use ethogram_model::{Cancel, Model, Program};
use ethogram_store::Space;

use super::observation::{Given, floats};
use super::signature::Signature;
use crate::field::read_logged;
use crate::{Error, Result, RunHandle};

/// A target as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetName {
    /// The action that was taken.
    Action,
    /// The action with the largest output.
    Greedy,
    /// What the critic says.
    Value,
    /// One action, or one dimension.
    Entry(usize),
    /// Why the first and not the second.
    Difference(usize, usize),
}

impl TargetName {
    /// **Errors**: what could have been written.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::BadParam {
            field: "attribution".to_owned(),
            param: "target".to_owned(),
            expected: "action, greedy, value, an index such as 3, or a difference such as 3-1".to_owned(),
            found: text.to_owned(),
        };
        let index = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        match text {
            "action" => Ok(TargetName::Action),
            "greedy" => Ok(TargetName::Greedy),
            "value" => Ok(TargetName::Value),
            _ => match text.split_once('-') {
                Some((first, second)) => Ok(TargetName::Difference(index(first)?, index(second)?)),
                None => Ok(TargetName::Entry(index(text)?)),
            },
        }
    }

    /// Name of the output that it is an entry of.
    pub fn output(self, model: &Model, signature: &Signature) -> Result<String> {
        let (role, found) = match self {
            TargetName::Value => ("value", signature.output("value")),
            _ => ("logits, q_values or action_mean", signature.action_output()),
        };
        let exists = |name: &&str| model.outputs().iter().any(|output| output.name == **name);
        found.filter(exists).map(str::to_owned).ok_or_else(|| Error::BadParam {
            field: "attribution".to_owned(),
            param: "target".to_owned(),
            expected: format!("a network whose signature names an output for {role}"),
            found: "none".to_owned(),
        })
    }

    /// For every step the entries of the output and what they count; `None` where there is nothing to explain.
    #[expect(clippy::too_many_arguments, reason = "an episode's steps, and the network that is asked about them")]
    pub fn entries(
        self,
        run: &RunHandle,
        episode: u64,
        range: Range<u64>,
        model: &Model,
        output: &str,
        given: &Given,
        cancel: &Cancel,
    ) -> Result<Vec<Option<Vec<(usize, f32)>>>> {
        let steps = given.valid.len();
        let one = |entry: usize| Some(vec![(entry, 1.0)]);
        Ok(match self {
            TargetName::Value => vec![one(0); steps],
            TargetName::Entry(entry) => vec![one(entry); steps],
            TargetName::Difference(first, second) => vec![Some(vec![(first, 1.0), (second, -1.0)]); steps],
            TargetName::Action => {
                actions(run, episode, range, steps)?.into_iter().map(|action| action.and_then(one)).collect()
            }
            TargetName::Greedy => {
                greedy(model, output, given, cancel)?.into_iter().map(|entry| entry.and_then(one)).collect()
            }
        })
    }
}

/// Targets that a network has.
pub fn names(model: &Model, signature: &Signature) -> Vec<String> {
    let mut names = Vec::new();
    if signature.action_output().is_some() && !signature.is_continuous() {
        names.extend(["action".to_owned(), "greedy".to_owned()]);
    }
    if signature.output("value").is_some() {
        names.push("value".to_owned());
    }
    let output = model.outputs().iter().find(|output| Some(output.name.as_str()) == signature.action_output());
    if let Some(ethogram_model::Dim::Known(count)) = output.and_then(|output| output.shape.as_ref()?.last()) {
        names.extend((0..(*count).min(1_000)).map(|entry| entry.to_string()));
    }
    names
}

/// The action taken at each step, where it is one number.
fn actions(run: &RunHandle, episode: u64, range: Range<u64>, steps: usize) -> Result<Vec<Option<usize>>> {
    let source = run.source().as_ref();
    let infos = source.step_fields(episode)?;
    let info = infos.iter().find(|info| info.name == "action").filter(|info| info.shape.is_empty());
    let info = info.ok_or_else(|| Error::Unexplained {
        episode,
        why: "target \"action\" needs the action taken as one number; choose an index, greedy or value".to_owned(),
    })?;
    let column = read_logged(source, episode, info, range.clone())?;
    let taken = floats(&column).unwrap_or_default();
    let offset = column.first.saturating_sub(range.start) as usize;
    // Action ids may begin elsewhere than at 0; outputs do not.
    let start = match run.info().env.as_ref().and_then(|env| env.action_space.as_ref()) {
        Some(Space::Discrete { start, .. }) => *start as f32,
        _ => 0.0,
    };
    Ok((0..steps)
        .map(|row| {
            let row = row.checked_sub(offset).filter(|&row| row < taken.len() && column.is_valid(row))?;
            let entry = taken[row] - start;
            (entry >= 0.0).then_some(entry as usize)
        })
        .collect())
}

/// The entry with the largest output at each step.
fn greedy(model: &Model, output: &str, given: &Given, cancel: &Cancel) -> Result<Vec<Option<usize>>> {
    let all: Vec<usize> = (0..given.valid.len()).collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let inputs = given.rows(&all)?;
    let shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
    let graph = model.graph(&shapes, &[])?;
    let Some(id) = graph.named(output) else { return Ok(vec![None; all.len()]) };
    let given_inputs: Vec<_> = graph.inputs().filter_map(|(id, name)| Some((id, inputs.get(name)?.clone()))).collect();
    let found = Program::compile(graph, &[id], model.limits())?.run(&given_inputs, cancel)?;
    let values = found[0].as_f32().unwrap_or_default();
    let width = (values.len() / all.len()).max(1);
    let best = |row: &[f32]| {
        let mut best = 0;
        for (entry, value) in row.iter().enumerate() {
            if *value > row[best] {
                best = entry;
            }
        }
        best
    };
    Ok(values.chunks(width).zip(&given.valid).map(|(row, valid)| valid.then(|| best(row))).collect())
}
