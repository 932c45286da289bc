//! Which numbers of a step are bars, what they are called, and how far their axis reaches.

use std::ops::Range;

use ethogram_video::{Axis, Bars, Lane, Scale};

use super::choices::Choices;
use super::{NOTHING, VideoAxis, VideoRequest};
use crate::{Error, FieldEntry, Params, Result, RunHandle, nearest_names};

/// Most numbers of a row that can be bars.
const LANES_MAX: usize = 1 << 16;
/// Values read at once for an axis.
const VALUES_AT_ONCE: usize = 1 << 20;

/// What is drawn when nobody chose, in this order, and what it is called.
const OFFERS: &[(&str, &str)] = &[
    ("action_probabilities", "Probabilities"),
    ("q_values", "Q-values"),
    ("q_mean", "Q-values"),
    ("logits", "Logits"),
    ("group_probabilities", "Groups"),
    ("action_mean", "Gaussian means"),
    ("action", "Action"),
];

/// Fields with an entry a choice: bars of these are marked as taken and as highest.
const OF_CHOICES: &[&str] = &[
    "action_probabilities",
    "q_values",
    "q_mean",
    "logits",
    "cvar",
    "return_std",
    "q_std",
    "votes",
    "atom_probability_sum",
];

/// Fields whose axis is always that of a probability.
const PROBABILITIES: &[&str] = &["action_probabilities", "group_probabilities"];

/// The bars of a film.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    pub field: String,
    /// The action that they are about, where they are about one.
    pub action: Option<String>,
    pub choices: Choices,
    title: String,
    fixed: Scale,
    always: bool,
    one_colour: bool,
}

impl Lanes {
    /// What the request asks for, or what the policy said; `None` for nothing.
    pub fn choose(
        run: &RunHandle,
        request: &VideoRequest,
        fields: &[FieldEntry],
        range: Range<u64>,
    ) -> Result<Option<Self>> {
        let numeric = |entry: &&FieldEntry| entry.info.dtype.is_some() && !entry.info.image;
        let entry = match request.bars.as_deref() {
            Some(NOTHING) => return Ok(None),
            Some(name) => {
                let found = fields.iter().find(|entry| entry.info.name == name);
                let found = found.ok_or_else(|| missing(run, request.episode, name, fields))?;
                if !numeric(&found) {
                    let what = if found.info.image { "pictures" } else { "texts" };
                    return Err(Error::BadInput {
                        field: "video".into(),
                        input: name.to_owned(),
                        expected: "numbers".into(),
                        found: what.into(),
                    });
                }
                found
            }
            None => {
                let wide = |entry: &&FieldEntry| numeric(entry) && width(entry) > 0;
                let offer = |(name, _): &(&str, &str)| {
                    let found = fields.iter().filter(wide).find(|entry| entry.info.name == *name)?;
                    // A single number of an action is in words already.
                    (*name != "action" || width(found) > 1).then_some(found)
                };
                match OFFERS.iter().find_map(offer) {
                    Some(found) => found,
                    None => return Ok(None),
                }
            }
        };
        let count = width(entry);
        if count == 0 || count > LANES_MAX {
            let what = format!("numbers of a row of {:?} (LANES_MAX)", entry.info.name);
            return Err(Error::TooLarge { what, limit: LANES_MAX as u64, found: count as u64 });
        }
        Self::of(run, request.episode, entry, count, range).map(Some)
    }

    fn of(run: &RunHandle, episode: u64, entry: &FieldEntry, count: usize, range: Range<u64>) -> Result<Self> {
        let name = entry.info.name.as_str();
        let (root, path) = name.split_once('/').map_or((name, ""), |(root, path)| (root, path));
        let action = OF_CHOICES
            .contains(&root)
            .then(|| if path.is_empty() { "action".to_owned() } else { format!("action/{path}") });
        let env = run.info().env.as_ref();
        let mut choices = Choices::new(env, action.as_deref().unwrap_or_default(), count);
        if action.is_none() {
            choices.names = (0..count).map(|index| element_name(run, root, path, index, count)).collect();
        }
        let always = PROBABILITIES.contains(&root);
        let fixed = if always { Scale { low: 0.0, high: 1.0 } } else { extent(run, episode, name, range, count)? };
        let offer = OFFERS.iter().find(|(offer, _)| *offer == root);
        let title = match (offer, path) {
            (Some((_, title)), "") => (*title).to_owned(),
            (Some((_, title)), path) => format!("{title} {path}"),
            (None, _) => name.to_owned(),
        };
        let one_colour = offer.is_none() && action.is_none();
        Ok(Self { field: name.to_owned(), action, choices, title, fixed, always, one_colour })
    }

    /// As the film draws them.
    pub fn bars(&self, axis: VideoAxis, range: &Range<u64>) -> Bars {
        let lane = |(index, name): (usize, &String)| Lane {
            name: name.clone(),
            slot: if self.one_colour { 0 } else { index },
        };
        let note = if self.always {
            "always".to_owned()
        } else {
            format!("fixed over steps {} to {}", range.start, range.end - 1)
        };
        Bars {
            title: self.title.clone(),
            lanes: self.choices.names.iter().enumerate().map(lane).collect(),
            axis: match axis {
                VideoAxis::Auto => Axis::Auto,
                VideoAxis::Fixed => Axis::Fixed(self.fixed),
            },
            note,
            of_choices: self.action.is_some(),
        }
    }
}

/// Numbers of a row.
fn width(entry: &FieldEntry) -> usize {
    entry.info.shape.iter().fold(1, |product, &n| product.saturating_mul(n))
}

fn missing(run: &RunHandle, episode: u64, name: &str, fields: &[FieldEntry]) -> Error {
    let names: Vec<_> = fields.iter().map(|entry| entry.info.name.as_str()).collect();
    let logged = if names.is_empty() { "nothing".into() } else { names.join(", ") };
    let nearest = nearest_names(name, names);
    Error::NoField { run: run.id().clone(), episode, field: name.to_owned(), logged, nearest }
}

/// The name of an element that is no choice.
fn element_name(run: &RunHandle, root: &str, path: &str, index: usize, count: usize) -> String {
    let env = run.info().env.as_ref();
    let named = match root {
        "group_probabilities" => env.and_then(|env| env.action_groups.get(index)).map(|group| group.name.clone()),
        "observation" if path.is_empty() => env.and_then(|env| env.observation_names.get(index)).cloned(),
        "action" | "action_mean" if path.is_empty() => {
            env.filter(|env| env.action_meanings.len() == count).map(|env| env.action_meanings[index].clone())
        }
        _ => None,
    };
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("[{index}]"))
}

/// How far the numbers of some steps reach. Read in parts, so that long films need no more memory than short ones.
fn extent(run: &RunHandle, episode: u64, name: &str, range: Range<u64>, count: usize) -> Result<Scale> {
    let rows = (VALUES_AT_ONCE / count).max(1) as u64;
    let mut ends = Vec::new();
    let mut from = range.start;
    while from < range.end {
        let to = from.saturating_add(rows).min(range.end);
        let values = run.field(episode, name, &Params::new(), from..to)?.column.to_f64();
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        ends.extend(finite().reduce(f64::min));
        ends.extend(finite().reduce(f64::max));
        from = to;
    }
    Ok(Scale::over(ends))
}
