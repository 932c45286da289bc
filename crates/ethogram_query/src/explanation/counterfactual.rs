//! The smallest edit of a step after which the policy chooses another action.

use std::collections::BTreeMap;

use ethogram_model::{
    Area, Asker, Cancel, EntryChange, Explained, Measure, Port, Progress, Replacement, Subject, Target, Tensor,
    nearest_entries, smallest_regions,
};

use super::edit::{Change, Edit, EditedField, Place, ends_of};
use super::input_map::InputMap;
use super::observation::{origin, prepared};
use super::picture::Picture;
use super::said::{Said, greatest};
use super::signature::{Preprocessing, Signature};
use super::subject_step::{SubjectStep, Version};
use super::{WhichCheckpoints, in_force};
use crate::{Error, Params, Result, RunHandle};

/// Most actions, each of which is held against the wanted one.
const ACTIONS_MAX: usize = 1_000;
/// Most numbers of the inputs of all actions together.
const NUMBERS_MAX: usize = 64 << 20;
/// Sides from which on a row is searched as a picture.
const SIDE_MIN: usize = 8;
/// Standard deviation of the blur that is tried, in pixels.
const SIGMA: f32 = 5.0;

/// Asks for the smallest change.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterfactualRequest {
    /// Of which episode.
    pub episode: u64,
    /// Of which step.
    pub step: u64,
    /// What the search starts from.
    pub edits: Vec<Edit>,
    /// Global step of the checkpoint; the one in force when left out.
    pub checkpoint: Option<i64>,
    /// The action that is wanted, counted from 0.
    pub action: usize,
    /// What "small" means for vectors. Of pictures as few pixels as possible are replaced.
    pub measure: Measure,
    /// The field that may be changed; the observation when left out.
    pub field: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterfactual {
    /// To be done after those of the request.
    pub edits: Vec<Edit>,
    /// Whether the policy then chooses what is wanted.
    pub flips: bool,
    /// What it says before, at the request's edits.
    pub before: Said,
    /// What it says then.
    pub after: Said,
    /// The field that was changed.
    pub field: String,
    /// How large the change is, in the units of the field.
    pub size: Size,
    /// Where each element could go; empty for pictures.
    pub bounds: Vec<(f32, f32)>,
    /// Elements whose change alone is enough, with the nearest number that is; for vectors, and the fewest changes.
    pub alone: Vec<(usize, f32)>,
    /// Changed inputs that the network was asked about.
    pub asked: usize,
}

/// Norms of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// Numbers that change.
    pub l0: usize,
    /// Sum of the changes.
    pub l1: f64,
    /// Euclidean.
    pub l2: f64,
    /// Largest change.
    pub l_inf: f64,
}

impl RunHandle {
    /// The smallest edit of a step after which the policy chooses an action. It need not be a state that can be.
    ///
    /// # Errors
    /// As [`RunHandle::what_if`]; [`Error::BadParam`] for a policy that does not choose among actions, or has no such action.
    pub fn counterfactual(
        &self,
        request: &CounterfactualRequest,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Counterfactual> {
        let row = self.episode(request.episode)?;
        let known = self.explainable(request.episode)?;
        let which = request.checkpoint.map_or(WhichCheckpoints::InForce, |step| WhichCheckpoints::These(vec![step]));
        let force = in_force(&known, &row, None);
        let checkpoint = &known[which.of(&known, force)?[0]];
        let signature = Signature::read(&checkpoint.signature)?;
        let forward = self.networks().forward(self.source().as_ref(), checkpoint)?;
        let model = forward.model();
        let mut subject = SubjectStep::read(self, request.episode, request.step, model, &signature)?;
        subject.edit(&request.edits)?;
        let [_, before] = self.said_of(&subject, checkpoint, cancel)?;
        check(&before, request.action)?;

        let name = match &request.field {
            Some(field) => field.clone(),
            None => {
                let input = signature.observation()?;
                let port = model.inputs().iter().find(|port| port.name == input);
                port.map(|port| origin(port, &signature, request.episode))
                    .transpose()?
                    .map_or("", |found| found.0)
                    .to_owned()
            }
        };
        let takes = |port: &&Port| origin(port, &signature, request.episode).is_ok_and(|(field, _)| field == name);
        // A field that several states share is no input's own.
        let own = |port: &Port| origin(port, &signature, request.episode).ok().map(|(field, _)| field);
        let known_fields: Vec<&str> =
            model.inputs().iter().filter_map(own).filter(|field| subject.fields.contains_key(*field)).collect();
        let port = model
            .inputs()
            .iter()
            .find(takes)
            .ok_or_else(|| wrong("field", format!("one of {}", known_fields.join(", ")), &name))?;
        let (_, preprocessing) = origin(port, &signature, request.episode)?;
        let field = subject.fields[&name].clone();
        let map = InputMap::of(port, preprocessing, &field, request.episode)?;

        let actions = before.numbers.len();
        let mut inputs = subject.tensors(model, &signature, &[Version::After])?;
        repeat(&mut inputs, actions)?;
        let output = signature.action_output().unwrap_or_default().to_owned();
        let weights = (0..actions).map(|rival| vec![(request.action, 1.0), (rival, -1.0)]).collect();
        let target = Target::weighed(&output, weights);
        let subject_of_model = Subject { inputs: inputs.into(), target, wrt: vec![port.name.clone()] };
        let explained = Explained::new(model, subject_of_model, 0, cancel)?;
        let mut asker = Asker::new(&explained, request.action, cancel, progress)?;

        let picture = Picture::of(&field.info).filter(|picture| picture.height.min(picture.width) >= SIDE_MIN);
        let mut found = match picture {
            Some(picture) => self.regions(&mut asker, &subject, &field, port, preprocessing, &map, picture)?,
            None => self.entries(&mut asker, &subject, &field, &map, request)?,
        };
        // What is told is what the edits do, whatever the search believed.
        subject.edit(&found.edits)?;
        let [_, mut after] = self.said_of(&subject, checkpoint, cancel)?;
        for _ in 0..8 {
            if picture.is_some() || greatest(&after.numbers) == request.action || found.edits.is_empty() {
                break;
            }
            // Rounding between the field's numbers and the network's left it just before the boundary.
            nudge(&mut found.edits, &field);
            subject.edit(&found.edits)?;
            [_, after] = self.said_of(&subject, checkpoint, cancel)?;
        }
        let size = Size::of(&field.after, &subject.fields[&name].after);
        let flips = greatest(&after.numbers) == request.action;
        Ok(Counterfactual { flips, after, before, size, field: name, ..found })
    }

    fn entries(
        &self,
        asker: &mut Asker<'_, '_>,
        subject: &SubjectStep<'_>,
        field: &EditedField,
        map: &InputMap,
        request: &CounterfactualRequest,
    ) -> Result<Counterfactual> {
        let reach = self.reach(subject, field, request.episode)?;
        let bounds = map.bounds(&reach);
        let found: EntryChange = nearest_entries(asker, &bounds, request.measure)?;
        let back = |&(at, value): &(usize, f32)| (map.place[at], map.recorded(at, value));
        let mut changes: Vec<_> = found.entries.iter().map(back).collect();
        changes.sort_unstable_by_key(|(at, _)| *at);
        // A little beyond the boundary, on which rounding decides.
        let beyond = |(at, value): (usize, f32)| {
            (at, (value + 1e-4 * (value - field.after[at])).clamp(reach[at].0, reach[at].1))
        };
        let mut alone: Vec<_> = found.alone.iter().map(back).map(beyond).collect();
        alone.sort_unstable_by_key(|(at, _)| *at);
        let set = |(at, value)| Edit {
            field: field.info.name.clone(),
            place: Place::Elements(vec![at]),
            planes: None,
            change: Change::Set(value),
        };
        Ok(Counterfactual {
            edits: changes.into_iter().map(set).collect(),
            bounds: reach,
            alone,
            asked: found.asked,
            ..Counterfactual::nothing()
        })
    }

    #[expect(clippy::too_many_arguments, reason = "a picture on its way from the log into the network and back")]
    #[expect(clippy::unused_self, reason = "asked of the same as its siblings")]
    fn regions(
        &self,
        asker: &mut Asker<'_, '_>,
        subject: &SubjectStep<'_>,
        field: &EditedField,
        port: &Port,
        preprocessing: &[Preprocessing],
        map: &InputMap,
        picture: Picture,
    ) -> Result<Counterfactual> {
        let backwards = map.backwards();
        let elements = |y: usize, x: usize| -> Vec<usize> {
            let recorded = (0..picture.planes).flat_map(|plane| picture.elements(plane, y, x));
            recorded.map(|at| backwards[at]).collect()
        };
        let name = &field.info.name;
        let mut best: Option<(bool, f64, Vec<Edit>)> = None;
        let mut asked = 0;
        for change in [Change::Erase, Change::Blur(SIGMA)] {
            let everywhere = Edit { field: name.clone(), place: Place::All, planes: None, change: change.clone() };
            let mut fields = BTreeMap::from([(name.clone(), field.clone())]);
            super::edit::apply(std::slice::from_ref(&everywhere), &mut fields, subject)?;
            let replaced = prepared(port, preprocessing, 1, &field.info.shape, fields[name].after.clone(), 0)?;
            let with = Replacement {
                height: picture.height,
                width: picture.width,
                values: replaced.as_f32().unwrap_or_default(),
                elements: &elements,
            };
            let found = smallest_regions(asker, &with)?;
            asked = found.asked;
            let flips = found.margin > 0.0;
            // Of two that flip the smaller; of two that do not the nearer.
            let pixels: usize = found.areas.iter().map(|area| area.width * area.height).sum();
            let worth = if flips { -(pixels as f64) } else { f64::from(found.margin) };
            if best.as_ref().is_none_or(|(known, most, _)| (flips, worth) > (*known, *most)) {
                let edit = |&Area { x, y, width, height }: &Area| Edit {
                    place: Place::Rect { x, y, width, height },
                    ..everywhere.clone()
                };
                best = Some((flips, worth, found.areas.iter().map(edit).collect()));
            }
        }
        let edits = best.map(|(.., edits)| edits).unwrap_or_default();
        Ok(Counterfactual { edits, asked, ..Counterfactual::nothing() })
    }

    /// Where each element may go: the space's bounds; where it has none, as far as the episode went and once more on both sides.
    fn reach(&self, subject: &SubjectStep<'_>, field: &EditedField, episode: u64) -> Result<Vec<(f32, f32)>> {
        let bounds = subject.bounds(field);
        let seen = if bounds.iter().all(|(low, high)| low.is_some() && high.is_some()) {
            None
        } else {
            Some(self.extents(episode, &field.info.name, &Params::new())?)
        };
        Ok(bounds
            .iter()
            .enumerate()
            .map(|(at, (low, high))| {
                let (least, most) = seen.as_ref().map_or((0.0, 0.0), |seen| (seen.low[at], seen.high[at]));
                let here = f64::from(field.after[at]);
                let (least, most) = (least.min(here), most.max(here));
                let spread = if most > least { most - least } else { 1.0 };
                let (low, high) = (low.unwrap_or(least - spread), high.unwrap_or(most + spread));
                // An edit before may have left the space.
                (low.min(here) as f32, high.max(here) as f32)
            })
            .collect())
    }
}

impl Counterfactual {
    fn nothing() -> Self {
        Counterfactual {
            edits: Vec::new(),
            flips: false,
            before: Said::default(),
            after: Said::default(),
            field: String::new(),
            size: Size::default(),
            bounds: Vec::new(),
            alone: Vec::new(),
            asked: 0,
        }
    }
}

impl Size {
    fn of(before: &[f32], after: &[f32]) -> Self {
        let mut size = Size::default();
        for (before, after) in before.iter().zip(after) {
            let change = (f64::from(*after) - f64::from(*before)).abs();
            if change > 0.0 {
                size.l0 += 1;
                size.l1 += change;
                size.l2 += change * change;
                size.l_inf = size.l_inf.max(change);
            }
        }
        size.l2 = size.l2.sqrt();
        size
    }
}

/// Whether there is a choice, with the wanted action among those that can be chosen.
fn check(said: &Said, action: usize) -> Result<()> {
    if said.greedy.len() != 1 {
        let found = if said.role.is_empty() { "none" } else { said.role.as_str() };
        return Err(wrong("action", "a policy with one choice among actions".into(), found));
    }
    let count = said.numbers.len();
    if action >= count {
        return Err(wrong("action", format!("an index below {count}"), &action.to_string()));
    }
    if count > ACTIONS_MAX {
        let (what, limit) = ("actions (ACTIONS_MAX)".to_owned(), ACTIONS_MAX as u64);
        return Err(Error::TooLarge { what, limit, found: count as u64 });
    }
    Ok(())
}

/// Every input as many times as there are actions.
fn repeat(inputs: &mut BTreeMap<String, Tensor>, times: usize) -> Result<()> {
    for tensor in inputs.values_mut() {
        let numbers = tensor.len() * times;
        if numbers > NUMBERS_MAX {
            let what = "numbers of the inputs of all actions (NUMBERS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: NUMBERS_MAX as u64, found: numbers as u64 });
        }
        let shape = [&[times], &tensor.shape()[1..]].concat();
        *tensor = Tensor::f32(&shape, tensor.as_f32().unwrap_or_default().repeat(times))?;
    }
    Ok(())
}

/// Moves every change a little further; whole numbers by one.
fn nudge(edits: &mut [Edit], field: &EditedField) {
    let whole = field.info.dtype.and_then(ends_of).is_some();
    for edit in edits {
        if let (Place::Elements(at), Change::Set(value)) = (&edit.place, &mut edit.change) {
            let change = *value - field.after[at[0]];
            if whole {
                *value = if change > 0.0 { value.floor() + 1.0 } else { value.ceil() - 1.0 };
                continue;
            }
            let least = f32::EPSILON * value.abs().max(field.after[at[0]].abs()) * 4.0;
            *value += change.signum() * (change.abs() * 1e-3).max(least);
        }
    }
}

fn wrong(param: &str, expected: String, found: &str) -> Error {
    Error::BadParam { field: "counterfactual".into(), param: param.to_owned(), expected, found: found.to_owned() }
}
