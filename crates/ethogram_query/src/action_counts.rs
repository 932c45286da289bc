//! What the agent did over whole episodes: how often it took each action, or how its numbers were spread.

use ethogram_analysis::{BINS_MAX, Counts, EqualWidth, finite_extent};
use ethogram_store::{Column, Dtype, EnvSpec, FieldInfo, Space};

use crate::{Error, Result, RunHandle};

/// Most episodes of one count.
pub const ACTION_EPISODES_MAX: usize = 1_000;
/// Most steps of all these episodes together.
pub const ACTION_STEPS_MAX: u64 = 5_000_000;
/// Most numbers of these actions that are held at once.
pub const ACTION_VALUES_MAX: u64 = 64 << 20;
/// Numbers that are read together.
const READ_VALUES: u64 = 1 << 20;
/// Most actions that one part may choose from.
pub const ACTIONS_MAX: u64 = 4_096;
/// Most parts of an action: choices of a `MultiDiscrete`, bits, numbers of a `Box`.
pub const ACTION_PARTS_MAX: usize = 256;

/// The actions of some episodes of one run, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionCounts {
    /// One for a `Discrete` space, one a sub-action, bit or number for others; none when no episode has actions.
    pub parts: Vec<ActionPart>,
    /// Episodes whose actions are in the counts, ascending.
    pub episodes: Vec<u64>,
    /// Episodes of those asked for that recorded no actions.
    pub unrecorded: usize,
    /// Steps with an action, over all these episodes.
    pub steps: u64,
}

/// One choice or number that the agent makes a step.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPart {
    /// `action`, `action[1]` for an element of it, `action/steer` for a part of a nested space.
    pub name: String,
    /// What was counted.
    pub spread: Spread,
}

/// How the values of a part are spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// One of some actions.
    Choice {
        /// Id of the first action.
        first: i64,
        /// How often each was taken, from `first` on; all actions of the space, those never taken with 0.
        counts: Vec<u64>,
        /// Name of each, where the environment gives names.
        names: Vec<String>,
        /// Steps whose action is none of these.
        outside: u64,
    },
    /// A number.
    Number {
        /// One more than there are bins.
        edges: Vec<f64>,
        /// How many steps fall in each bin, and beside them all.
        counts: Counts,
    },
}

impl ActionCounts {
    /// Counts the actions of `episodes`, which may be in any order and hold no duplicates; numbers in `bins` bins.
    ///
    /// Actions are those of the action space that the run was started with; without one whole numbers are taken for choices, and the
    /// largest seen is the last. Numbers are counted between the bounds of the space where it has any, else over their own extent.
    ///
    /// # Errors
    /// More episodes, steps, actions or parts than the limits here, an episode that is not there, or a run that cannot be read.
    pub fn of(run: &RunHandle, episodes: &[u64], bins: usize) -> Result<Self> {
        over("episodes (ACTION_EPISODES_MAX)", episodes.len() as u64, ACTION_EPISODES_MAX as u64)?;
        if !(1..=BINS_MAX).contains(&bins) {
            let found = bins as f64;
            return Err(ethogram_analysis::Error::OutOfRange { argument: "bins", expected: "1 to 4096", found }.into());
        }
        let mut sorted = episodes.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut recorded: Vec<(u64, Vec<FieldInfo>)> = Vec::new();
        let mut steps = 0;
        for &episode in &sorted {
            run.episode(episode)?;
            let fields: Vec<_> = run.source().step_fields(episode)?.into_iter().filter(is_action).collect();
            if !fields.is_empty() {
                steps += run.source().step_count(episode)?;
                over("steps (ACTION_STEPS_MAX)", steps, ACTION_STEPS_MAX)?;
                recorded.push((episode, fields));
            }
        }
        let unrecorded = sorted.len() - recorded.len();
        let mut counts = Self { parts: vec![], episodes: vec![], unrecorded, steps: 0 };
        counts.episodes = recorded.iter().map(|(episode, _)| *episode).collect();
        for field in fields_of(&recorded) {
            counts.add_field(run, &recorded, &field, bins)?;
        }
        Ok(counts)
    }

    fn add_field(
        &mut self,
        run: &RunHandle,
        recorded: &[(u64, Vec<FieldInfo>)],
        field: &FieldInfo,
        bins: usize,
    ) -> Result<()> {
        let width = field.shape.iter().product::<usize>();
        over("parts of an action (ACTION_PARTS_MAX)", (self.parts.len() + width) as u64, ACTION_PARTS_MAX as u64)?;
        let env = run.info().env.as_ref();
        let mut elements: Vec<Vec<f64>> = vec![vec![]; width];
        let mut steps = 0;
        // An episode in which the field has another shape is not of this field; such a run mixes environments.
        for (episode, _) in recorded.iter().filter(|(_, fields)| fields.contains(field)) {
            let (count, rows) = (run.source().step_count(*episode)?, (READ_VALUES / width.max(1) as u64).max(1));
            for first in (0..count).step_by(rows as usize) {
                let column = run.source().steps(*episode, &field.name, first..first + rows)?;
                steps += gather(&column, &mut elements);
                let held = steps.saturating_mul(width as u64);
                over("numbers of actions (ACTION_VALUES_MAX)", held, ACTION_VALUES_MAX)?;
            }
        }
        self.steps = self.steps.max(steps);
        for (element, values) in elements.into_iter().enumerate() {
            let name = if field.shape.is_empty() { field.name.clone() } else { format!("{}[{element}]", field.name) };
            self.parts.push(ActionPart { name, spread: spread(env, field, element, &values, bins)? });
        }
        Ok(())
    }
}

fn over(what: &str, found: u64, limit: u64) -> Result<()> {
    if found <= limit { Ok(()) } else { Err(Error::TooLarge { what: what.into(), limit, found }) }
}

fn is_action(field: &FieldInfo) -> bool {
    (field.name == "action" || field.name.starts_with("action/")) && field.dtype.is_some() && !field.image
}

/// Each field once, in the order in which episodes have them.
fn fields_of(recorded: &[(u64, Vec<FieldInfo>)]) -> Vec<FieldInfo> {
    let mut fields: Vec<FieldInfo> = Vec::new();
    for field in recorded.iter().flat_map(|(_, fields)| fields) {
        if fields.iter().all(|known| known.name != field.name) {
            fields.push(field.clone());
        }
    }
    fields
}

/// Adds the rows that were logged to the elements; returns how many. The final observation has no action.
fn gather(column: &Column, elements: &mut [Vec<f64>]) -> u64 {
    let values = column.to_f64();
    let mut steps = 0;
    for (row, values) in values.chunks_exact(elements.len().max(1)).enumerate() {
        if column.is_valid(row) {
            steps += 1;
            elements.iter_mut().zip(values).for_each(|(element, value)| element.push(*value));
        }
    }
    steps
}

fn spread(env: Option<&EnvSpec>, field: &FieldInfo, element: usize, values: &[f64], bins: usize) -> Result<Spread> {
    let space = env.and_then(|env| env.action_space.as_ref()).and_then(|space| leaf(space, &field.name));
    let names = match (env, field.name.as_str()) {
        (Some(env), "action") if field.shape.is_empty() => env.action_meanings.clone(),
        _ => vec![],
    };
    match space {
        Some(Space::Discrete { n, start, .. }) => choice(*start, *n, names, values),
        Some(Space::MultiDiscrete { nvec, .. }) if element < nvec.len() => choice(0, nvec[element], names, values),
        Some(Space::MultiBinary { .. }) => choice(0, 2, names, values),
        Some(Space::Box { low, high, .. }) => number(bounds(low, high, element), values, bins),
        _ if field.dtype.is_some_and(is_whole)
            && values.iter().all(|value| (0.0..ACTIONS_MAX as f64).contains(value)) =>
        {
            let seen = values.iter().copied().fold(-1.0, f64::max) as i64 + 1;
            choice(0, (seen as u64).max(names.len() as u64), names, values)
        }
        _ => number(None, values, bins),
    }
}

fn is_whole(dtype: Dtype) -> bool {
    !matches!(dtype, Dtype::Float16 | Dtype::Float32 | Dtype::Float64)
}

/// The space of one array of an action, found by the name of its field.
pub(crate) fn leaf<'a>(space: &'a Space, field: &str) -> Option<&'a Space> {
    fn flat<'a>(space: &'a Space, into: &mut Vec<&'a Space>) {
        match space {
            Space::Dict { spaces } => spaces.iter().for_each(|(_, space)| flat(space, into)),
            Space::Tuple { spaces } => spaces.iter().for_each(|space| flat(space, into)),
            other => into.push(other),
        }
    }
    // Refuses spaces that are nested too deep, before they are walked here.
    let leaves = space.leaves("action").ok()?;
    let mut spaces = Vec::new();
    flat(space, &mut spaces);
    leaves.iter().zip(spaces).find(|(leaf, _)| leaf.name == field).map(|(_, space)| space)
}

/// Bounds of one element: one entry an element, or one for all.
pub(crate) fn bounds(low: &[Option<f64>], high: &[Option<f64>], element: usize) -> Option<(f64, f64)> {
    let of = |bounds: &[Option<f64>]| {
        bounds.get(element).or_else(|| bounds.first().filter(|_| bounds.len() == 1)).copied()?
    };
    of(low).zip(of(high)).filter(|(low, high)| low < high && low.is_finite() && high.is_finite())
}

fn choice(first: i64, n: u64, names: Vec<String>, values: &[f64]) -> Result<Spread> {
    over("actions of a choice (ACTIONS_MAX)", n, ACTIONS_MAX)?;
    let mut counts = vec![0; n as usize];
    let mut outside = 0;
    for value in values {
        let index = value - first as f64;
        let inside = index.fract() == 0.0 && index >= 0.0 && index < n as f64;
        if inside { counts[index as usize] += 1 } else { outside += 1 }
    }
    Ok(Spread::Choice { first, counts, names, outside })
}

fn number(bounds: Option<(f64, f64)>, values: &[f64], bins: usize) -> Result<Spread> {
    let (low, high) = bounds.or_else(|| finite_extent(values.iter().copied())).unwrap_or((0.0, 1.0));
    let histogram = EqualWidth::new(low, high, bins)?;
    let mut counts = histogram.empty();
    for &value in values {
        histogram.add(&mut counts, value, 1.0);
    }
    Ok(Spread::Number { edges: histogram.edges().to_vec(), counts })
}
