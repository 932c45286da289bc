//! What some sources can be mapped by and coloured by.

use std::collections::BTreeSet;
use std::sync::Arc;

use ethogram_store::{Dtype, Space};

use super::lengths::stretches;
use super::request::{MapRequest, MapSource};
use super::rows::LAYER_PREFIX;
use crate::{FieldEntry, Origin, Result, RunHandle, Workbench};

/// Elements of a field that are listed one by one.
const ELEMENTS_MAX: usize = 64;

/// What can be asked of some sources.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapChoices {
    /// What points can be laid out by: fields with the most telling first, then layers.
    pub of: Vec<MapOf>,
    /// What they can be coloured by.
    pub colours: Vec<MapColour>,
    /// Steps of all episodes.
    pub steps: u64,
    /// Episodes whose steps were recorded.
    pub episodes: u64,
}

/// Something that points can be laid out by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapOf {
    /// As it is asked for.
    pub name: String,
    /// Numbers a step.
    pub width: usize,
    /// What it means; of a layer, its operator and shape.
    pub doc: String,
    /// `logged`, `derived` or `network`.
    pub origin: &'static str,
}

/// Something that points can be coloured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapColour {
    /// As it is asked for.
    pub name: String,
    /// Whether its whole numbers are choices; else it is a quantity.
    pub is_choice: bool,
    /// For people: the name of an element where it has one, else empty.
    pub label: String,
}

impl Workbench {
    /// What all of these sources have, by the first recorded episode of each.
    ///
    /// # Errors
    /// A run or an episode that is not there.
    pub fn map_choices(&self, sources: &[MapSource]) -> Result<MapChoices> {
        MapRequest { sources: sources.to_vec(), ..MapRequest::default() }.check()?;
        let mut choices = MapChoices::default();
        let mut common: Option<(BTreeSet<String>, BTreeSet<String>)> = None;
        for (index, source) in sources.iter().enumerate() {
            let run = self.source_of(source)?;
            let episodes = stretches(index as u32, source, &run)?;
            choices.episodes += episodes.len() as u64;
            choices.steps += episodes.iter().map(|stretch| stretch.steps).sum::<u64>();
            let Some(first) = episodes.iter().find(|stretch| stretch.steps > 0) else { continue };
            let (of, colours) = of_episode(&run, first.episode)?;
            let names: (BTreeSet<String>, BTreeSet<String>) = (
                of.iter().map(|of| format!("{} {}", of.name, of.width)).collect(),
                colours.iter().map(|colour| colour.name.clone()).collect(),
            );
            common = Some(match common {
                None => {
                    (choices.of, choices.colours) = (of, colours);
                    names
                }
                Some((a, b)) => (&a & &names.0, &b & &names.1),
            });
        }
        if let Some((of, colours)) = common {
            choices.of.retain(|one| of.contains(&format!("{} {}", one.name, one.width)));
            choices.colours.retain(|one| colours.contains(&one.name));
        }
        if choices.steps > 0 {
            let place =
                |name: &str, is_choice: bool| MapColour { name: name.to_owned(), is_choice, label: String::new() };
            let places = [
                place("run", true),
                place("episode", false),
                place("step", false),
                place("time", false),
                place("global_step", false),
            ];
            let known: Vec<String> = choices.colours.iter().map(|colour| colour.name.clone()).collect();
            choices.colours.extend(places.into_iter().filter(|place| !known.contains(&place.name)));
        }
        Ok(choices)
    }
}

fn of_episode(run: &Arc<RunHandle>, episode: u64) -> Result<(Vec<MapOf>, Vec<MapColour>)> {
    let (fields, texts): (Vec<FieldEntry>, Vec<FieldEntry>) =
        run.fields(episode)?.into_iter().partition(|entry| entry.info.dtype.is_some());
    let width = |entry: &FieldEntry| entry.info.shape.iter().product::<usize>();
    let mut of: Vec<MapOf> = Vec::new();
    let leaves: Vec<&FieldEntry> = fields.iter().filter(|entry| entry.info.name.starts_with("observation/")).collect();
    if leaves.len() > 1 && fields.iter().all(|entry| entry.info.name != "observation") {
        let doc = "all parts of the observation, one after the other".to_owned();
        let width = leaves.iter().map(|entry| width(entry)).sum();
        of.push(MapOf { name: "observation".to_owned(), width, doc, origin: "logged" });
    }
    let entry = |entry: &FieldEntry| MapOf {
        name: entry.info.name.clone(),
        width: width(entry),
        doc: entry.doc.to_owned(),
        origin: if entry.origin == Origin::Logged { "logged" } else { "derived" },
    };
    of.extend(fields.iter().filter(|field| width(field) > 1).map(entry));
    of.sort_by_key(|one| (!one.name.starts_with("observation"), one.name.starts_with("observation/")));
    // Without a network that can be asked there are no layers; the field's own errors say what to log.
    if let Ok(found) = run.explanations(episode) {
        of.extend(found.layers.into_iter().map(|layer| MapOf {
            name: format!("{LAYER_PREFIX}{}", layer.name),
            width: layer.shape.iter().product(),
            doc: format!(
                "{} {:?}{}",
                layer.operator,
                layer.shape,
                if layer.recommended { ", recommended: all that reaches the outputs goes through it" } else { "" }
            ),
            origin: "network",
        }));
    }
    of.extend(fields.iter().filter(|field| width(field) == 1).map(entry));
    Ok((of, fields.iter().chain(&texts).flat_map(|field| colours(run, field)).collect()))
}

/// A field as something to colour by: itself, or its elements and what is made of all.
fn colours(run: &RunHandle, field: &FieldEntry) -> Vec<MapColour> {
    let (name, width) = (&field.info.name, field.info.shape.iter().product::<usize>());
    let env = run.info().env.as_ref();
    let discrete = matches!(env.and_then(|env| env.action_space.as_ref()), Some(Space::Discrete { .. }));
    let is_choice = matches!(field.info.dtype, None | Some(Dtype::Bool)) || (name == "action" && discrete);
    if width == 1 {
        return vec![MapColour { name: name.clone(), is_choice, label: String::new() }];
    }
    if width == 0 || field.info.image {
        return Vec::new();
    }
    let labels = match env {
        Some(env) if name == "observation" => env.observation_names.as_slice(),
        Some(env) if discrete && width == env.action_meanings.len() => env.action_meanings.as_slice(),
        _ => &[],
    };
    let made = ["argmax", "max", "min", "mean", "norm"];
    let made = made.map(|pick| MapColour {
        name: format!("{name}[{pick}]"),
        is_choice: pick == "argmax",
        label: String::new(),
    });
    let element = |at: usize| MapColour {
        name: format!("{name}[{at}]"),
        is_choice: false,
        label: labels.get(at).cloned().unwrap_or_default(),
    };
    let listed = if width <= ELEMENTS_MAX { width } else { 0 };
    made.into_iter().chain((0..listed).map(element)).collect()
}
