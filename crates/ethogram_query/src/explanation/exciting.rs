//! Observations that excite entries of a layer most, in the numbers that the environment gives.

use ethogram_model::{Ascent, Cancel, Canvas, Explained, Pictures, SoFar, Subject, Target, Tensor, excite};
use ethogram_store::{CheckpointRow, FieldInfo};
use std::collections::BTreeMap;

use super::edit::{EditedField, ends_of};
use super::input_map::InputMap;
use super::observation::origin;
use super::picture::Picture;
use super::signature::Signature;
use super::subject_step::{SubjectStep, Version};
use crate::{Error, Params, Result, RunHandle};

/// Sides from which on a row is drawn as a picture.
const SIDE_MIN: usize = 8;
/// Most numbers of all inputs that are looked for together.
const NUMBERS_MAX: usize = 8 << 20;

/// What is to be excited.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Entries of a step of the layer, and what each counts.
    pub weights: Vec<(usize, f32)>,
    /// A state: what the network takes beside the observation is as it was there, and where noise leads to less it is begun at.
    pub at: (u64, u64),
    /// What its noise is told apart by, whatever goals are beside it.
    pub name: u64,
}

/// What is asked of a network.
pub struct Search<'a> {
    /// As in its file.
    pub layer: &'a str,
    /// What is to be excited there.
    pub goals: &'a [Goal],
    /// How the search goes.
    pub ascent: Ascent,
    /// An episode whose numbers say how far an observation goes that has no bounds; the same whatever the goals are.
    pub episode: u64,
}

/// What excites the goals, in their order.
#[derive(Clone, Debug)]
pub struct Exciting {
    /// What the observation is.
    pub field: FieldInfo,
    /// Where the bounds come from, for people.
    pub bounds: &'static str,
    /// Rows of the field: whole numbers where it has such.
    pub rows: Vec<Vec<f32>>,
    /// What each row gives, as it is.
    pub values: Vec<f32>,
    /// How it rose.
    pub curves: Vec<Vec<f32>>,
    /// Whether it was begun at the state.
    pub from_state: Vec<bool>,
}

/// The search on its way.
pub struct Climbing<'a> {
    /// What of it is done, from 0 to 1.
    pub share: f64,
    /// What the observation is.
    pub field: &'a FieldInfo,
    so_far: &'a SoFar<'a>,
    recorded: &'a dyn Fn(&[f32]) -> Vec<f32>,
}

impl Climbing<'_> {
    /// As [`Exciting::rows`] would be if it ended here.
    pub fn rows(&self) -> impl Iterator<Item = Vec<f32>> {
        self.so_far.inputs().map(self.recorded)
    }

    /// As [`Exciting::curves`].
    pub fn curves(&self) -> impl Iterator<Item = &[f32]> {
        self.so_far.curves()
    }
}

impl RunHandle {
    /// Looks for the observations. `tell` hears of each step.
    ///
    /// **Errors**: [`Error::Unexplained`] for preprocessing that cannot be undone, [`Error::TooLarge`] beyond the limits, [`Error::Model`] for a
    /// layer that the network does not have.
    pub(crate) fn exciting(
        &self,
        checkpoint: &CheckpointRow,
        search: &Search<'_>,
        tell: &mut dyn FnMut(&Climbing<'_>),
        cancel: &Cancel,
    ) -> Result<Exciting> {
        let Search { layer, goals, ascent, episode } = *search;
        let model = self.networks().open(self.source().as_ref(), checkpoint)?;
        let signature = Signature::read(&checkpoint.signature)?;
        let name = signature.observation()?;
        let port = model.inputs().iter().find(|port| port.name == name);
        let Some((port, goal)) = port.zip(goals.first()) else {
            let why = format!("the network has no input {name:?}, which its signature calls the observation");
            return Err(Error::Unexplained { episode: goals.first().map_or(0, |goal| goal.at.0), why });
        };
        let (field, preprocessing) = origin(port, &signature, goal.at.0)?;
        let subject = SubjectStep::read(self, goal.at.0, goal.at.1, &model, &signature)?;
        let row = subject.fields[field].clone();
        let numbers = row.before.len().saturating_mul(goals.len());
        if numbers > NUMBERS_MAX {
            let what = "numbers of all images together (NUMBERS_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: NUMBERS_MAX as u64, found: numbers as u64 });
        }
        let (reach, bounds) = self.drawn_within(&subject, &row, episode)?;
        let mut inputs: BTreeMap<String, Tensor> = BTreeMap::new();
        for Goal { at: (episode, step), .. } in goals {
            let subject = SubjectStep::read(self, *episode, *step, &model, &signature)?;
            for (name, more) in subject.tensors(&model, &signature, &[Version::Before])? {
                let joined = match inputs.get(&name) {
                    Some(known) => known.followed_by(&more)?,
                    None => more,
                };
                inputs.insert(name, joined);
            }
        }
        let map = InputMap::of(port, preprocessing, &row, goal.at.0)?;
        let ends = map.bounds(&reach);
        let canvas = Canvas::new(ends.low, ends.high, pictures(&row.info, &map))?;
        let target = Target::weighed(layer, goals.iter().map(|goal| goal.weights.clone()).collect());
        let subject = Subject { inputs: inputs.into(), target, wrt: vec![port.name.clone()] };
        let explained = Explained::new(&model, subject, 0, cancel)?;
        let whole = row.info.dtype.and_then(ends_of).is_some();
        let recorded = |input: &[f32]| -> Vec<f32> {
            let row = map.row(input);
            let within = row.into_iter().zip(&reach).map(|(value, (low, high))| {
                let value = if whole { value.round() } else { value };
                value.clamp(*low, *high)
            });
            within.collect()
        };
        let names: Vec<u64> = goals.iter().map(|goal| goal.name).collect();
        let mut told = |so_far: &SoFar<'_>| {
            tell(&Climbing { share: so_far.share, field: &row.info, so_far, recorded: &recorded });
        };
        let found = excite(&explained, &canvas, &ascent, &names, &mut told, cancel)?;
        let rows: Vec<Vec<f32>> = found.iter().map(|found| recorded(&found.input)).collect();
        // What is told is what these numbers do, whatever rounding took away.
        let points: Vec<f32> = rows.iter().flat_map(|row| map.input(row)).collect();
        let values = explained.values(&points, &(0..rows.len()).collect::<Vec<_>>(), cancel)?;
        let from_state = found.iter().map(|found| found.from_input).collect();
        let curves = found.into_iter().map(|found| found.curve).collect();
        Ok(Exciting { field: row.info, bounds, rows, values, curves, from_state })
    }

    /// How far each number may go, and who says so: the space, else the type, else what the episode had.
    fn drawn_within(
        &self,
        subject: &SubjectStep<'_>,
        field: &EditedField,
        episode: u64,
    ) -> Result<(Vec<(f32, f32)>, &'static str)> {
        let of_space = subject.bounds(field);
        let ends: Option<Vec<(f32, f32)>> =
            of_space.iter().map(|(low, high)| low.zip(*high).map(|(low, high)| (low as f32, high as f32))).collect();
        if let Some(ends) = ends {
            return Ok((ends, "the observation space"));
        }
        if let Some(ends) = field.info.dtype.and_then(ends_of) {
            return Ok((vec![ends; of_space.len()], "the type of the observation"));
        }
        let seen = self.extents(episode, &field.info.name, &Params::new())?;
        let pairs = seen.low.iter().zip(&seen.high);
        let real = |low: f64, high: f64| if low <= high { (low as f32, high as f32) } else { (0.0, 0.0) };
        let seen: Vec<(f32, f32)> = if Picture::of(&field.info).is_some_and(|picture| is_drawn(&picture)) {
            // A pixel that never changed may; what no picture has may not.
            let (low, high) =
                pairs.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (low, high)| (a.min(*low), b.max(*high)));
            vec![real(low, high); of_space.len()]
        } else {
            pairs.map(|(low, high)| real(*low, *high)).collect()
        };
        let each = seen.into_iter().zip(&of_space);
        let ends = each.map(|((least, most), (low, high))| {
            let (low, high) = (low.map_or(least, |low| low as f32), high.map_or(most, |high| high as f32));
            (low, high.max(low))
        });
        Ok((ends.collect(), "what the episode had, where the observation space says nothing"))
    }
}

fn is_drawn(picture: &Picture) -> bool {
    picture.height.min(picture.width) >= SIDE_MIN
}

/// The input's elements as pictures; `None` for rows that are none.
fn pictures(info: &FieldInfo, map: &InputMap) -> Option<Pictures> {
    let picture = Picture::of(info).filter(is_drawn)?;
    let backwards = map.backwards();
    let planes = (0..picture.planes).flat_map(|plane| (0..picture.channels).map(move |channel| (plane, channel)));
    let pixels = || (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (y, x)));
    let of = |(plane, channel): (usize, usize)| {
        pixels().filter_map(|(y, x)| picture.elements(plane, y, x).nth(channel)).map(|at| backwards[at]).collect()
    };
    let colours = if matches!(picture.channels, 3 | 4) {
        (0..picture.planes).map(|plane| [0, 1, 2].map(|channel| plane * picture.channels + channel)).collect()
    } else {
        Vec::new()
    };
    Some(Pictures { height: picture.height, width: picture.width, planes: planes.map(of).collect(), colours })
}
