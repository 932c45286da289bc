//! The fields that a network takes at one step, and the edits of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use ethogram_model::{Model, Tensor};
use ethogram_store::Space;

use super::edit::{Edit, EditedField, Elsewhere, apply};
use super::observation::{Given, Origin, column, origins, prepared};
use super::signature::Signature;
use crate::{Error, Result, RunHandle};

/// What a network received at a step, and what it would receive after some edits.
pub struct SubjectStep<'r> {
    run: &'r RunHandle,
    episode: u64,
    /// By name of the field.
    pub fields: BTreeMap<String, EditedField>,
}

/// Which of the two is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// As recorded.
    Before,
    /// As edited.
    After,
}

impl<'r> SubjectStep<'r> {
    /// Reads what a network takes at a step.
    ///
    /// **Errors**: a field that was not logged, or not at this step.
    pub fn read(run: &'r RunHandle, episode: u64, step: u64, model: &Model, signature: &Signature) -> Result<Self> {
        let mut subject = SubjectStep { run, episode, fields: BTreeMap::new() };
        for Origin { field, .. } in origins(run, episode, model, signature)? {
            if subject.fields.contains_key(field) {
                continue;
            }
            let row = subject.row(field, None, step)?;
            let infos = run.source().step_fields(episode)?;
            let info = infos.into_iter().find(|info| info.name == field);
            let info = info.ok_or_else(|| missing(episode, field, step))?;
            subject.fields.insert(field.to_owned(), EditedField::new(info, row));
        }
        Ok(subject)
    }

    /// Does the edits on what was read.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<()> {
        let mut fields = std::mem::take(&mut self.fields);
        let done = apply(edits, &mut fields, self);
        self.fields = fields;
        done
    }

    /// The network's inputs, a row each version.
    pub fn tensors(
        &self,
        model: &Model,
        signature: &Signature,
        versions: &[Version],
    ) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        let rows = versions.len();
        for (port, origin) in model.inputs().iter().zip(origins(self.run, self.episode, model, signature)?) {
            let field = self.fields.get(origin.field).ok_or_else(|| Error::Unexplained {
                episode: self.episode,
                why: format!("this checkpoint takes {:?}, which the one in force does not", origin.field),
            })?;
            let whole = versions.iter().flat_map(|version| match version {
                Version::Before => &field.before,
                Version::After => &field.after,
            });
            let values = origin.taken(&whole.copied().collect::<Vec<_>>(), rows);
            let joint = origin.part.as_ref().map(|part| vec![part.len()]);
            let shape = joint.as_ref().unwrap_or(&field.info.shape);
            let tensor = prepared(port, origin.preprocessing, rows, shape, values, self.episode)?;
            tensors.insert(port.name.clone(), tensor);
        }
        Ok(tensors)
    }

    /// Bounds of each element of a field as the space says them; `None` where it says none.
    pub fn bounds(&self, field: &EditedField) -> Vec<(Option<f64>, Option<f64>)> {
        let space = self.run.info().env.as_ref().and_then(|env| env.observation_space.as_ref());
        bounds_of(space, &field.info.name, field.before.len())
    }

    /// How many numbers of an edited field lie outside of the space.
    pub fn outside(&self, field: &EditedField) -> usize {
        let bounds = self.bounds(field);
        let is_out = |(value, (low, high)): &(&f32, &(Option<f64>, Option<f64>))| {
            // Bounds were kept as doubles of single-precision numbers.
            let value = f64::from(**value);
            low.is_some_and(|low| value < low - 1e-6 * low.abs())
                || high.is_some_and(|high| value > high + 1e-6 * high.abs())
        };
        field.after.iter().zip(&bounds).filter(is_out).count()
    }
}

/// Every input at consecutive steps, each of them edited.
pub fn edited_inputs(
    run: &RunHandle,
    episode: u64,
    range: Range<u64>,
    model: &Model,
    signature: &Signature,
    edits: &[Edit],
) -> Result<Given> {
    let steps = (range.end - range.start) as usize;
    let mut rows: BTreeMap<String, (Vec<usize>, Vec<f32>)> = BTreeMap::new();
    for step in range {
        let mut subject = SubjectStep::read(run, episode, step, model, signature)?;
        subject.edit(edits)?;
        for (name, tensor) in subject.tensors(model, signature, &[Version::After])? {
            let shape = [&[steps], &tensor.shape()[1..]].concat();
            rows.entry(name).or_insert_with(|| (shape, Vec::new())).1.extend(tensor.as_f32().unwrap_or_default());
        }
    }
    let tensors = rows.into_iter().map(|(name, (shape, values))| Ok((name, Tensor::f32(&shape, values)?)));
    Ok(Given { tensors: tensors.collect::<Result<_>>()?, valid: vec![true; steps] })
}

impl Elsewhere for SubjectStep<'_> {
    fn row(&self, field: &str, episode: Option<u64>, step: u64) -> Result<Vec<f32>> {
        let episode = episode.unwrap_or(self.episode);
        let mut valid = [true];
        let end = step.checked_add(1).ok_or_else(|| missing(episode, field, step))?;
        let (_, row) = column(self.run, episode, field, step..end, &mut valid)?;
        if valid[0] { Ok(row) } else { Err(missing(episode, field, step)) }
    }

    fn background(&self, field: &str) -> Result<Cow<'_, [f32]>> {
        let found = self.run.backgrounds().of(self.run, self.episode, field)?;
        Ok(Cow::Owned(found.to_vec()))
    }
}

fn missing(episode: u64, field: &str, step: u64) -> Error {
    Error::Unexplained { episode, why: format!("{field:?} was not logged at step {step}") }
}

/// Bounds of every element of a leaf of a space.
fn bounds_of(space: Option<&Space>, leaf: &str, width: usize) -> Vec<(Option<f64>, Option<f64>)> {
    let mut found = space;
    for part in leaf.split('/').skip(1) {
        let name = part.replace("%2F", "/").replace("%25", "%");
        found = match found {
            Some(Space::Dict { spaces }) => spaces.iter().find(|(known, _)| *known == name).map(|(_, space)| space),
            Some(Space::Tuple { spaces }) => part.parse::<usize>().ok().and_then(|index| spaces.get(index)),
            _ => None,
        };
    }
    let is_observation = leaf == "observation" || leaf.starts_with("observation/");
    match found.filter(|_| is_observation) {
        Some(Space::Box { low, high, .. }) => {
            // Gymnasium writes "no bound" as the largest number of the type now and then.
            let real = |bounds: &[Option<f64>], at: usize| {
                let bound = if bounds.len() == 1 { bounds.first() } else { bounds.get(at) };
                bound.copied().flatten().filter(|bound| bound.abs() < 1e30)
            };
            (0..width).map(|at| (real(low, at), real(high, at))).collect()
        }
        Some(Space::MultiBinary { .. }) => vec![(Some(0.0), Some(1.0)); width],
        Some(Space::MultiDiscrete { nvec, .. }) => {
            (0..width).map(|at| (Some(0.0), nvec.get(at).map(|&count| count as f64 - 1.0))).collect()
        }
        Some(Space::Discrete { n, start, .. }) => {
            vec![(Some(*start as f64), Some(*start as f64 + *n as f64 - 1.0)); width]
        }
        _ => vec![(None, None); width],
    }
}
