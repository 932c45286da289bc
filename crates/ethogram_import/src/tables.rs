//! What the files of a run hold, as far as they were read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_store::{Axis, Column, ColumnData, FieldInfo, FilmName, Lost, Result, TensorKind};
use serde_json::{Map, Value};

use crate::episode_table::EpisodeTable;
use crate::points::Scalars;

/// What was read from some files of a run. What is large stays in the files: only its place is kept.
#[derive(Debug, Default)]
pub struct Tables {
    /// Numbers.
    pub scalars: Scalars,
    /// Places of tensors, distributions, images and texts.
    pub tensors: BTreeMap<(Axis, String), TensorPlaces>,
    /// Episodes, ascending.
    pub episodes: EpisodeTable,
    /// Films of episodes, whoever counted these.
    pub films: BTreeMap<FilmName, Film>,
    /// Hyper-parameters.
    pub config: Map<String, Value>,
    /// What else is known of the run.
    pub about: About,
    /// What could not be read.
    pub lost: LostTable,
}

/// A film that somebody made of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// Of the file.
    pub name: String,
    /// What its bytes are asked for by.
    pub hash: String,
    /// How many these are.
    pub bytes: u64,
    /// When it was changed last, microseconds since 1970.
    pub modified_us: i64,
}

/// What some files tell of a run as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// When it began, microseconds since 1970.
    pub created_us: Option<i64>,
    /// Name of the environment.
    pub env_id: Option<String>,
    /// What the policy receives.
    pub observation_space: Option<ethogram_store::Space>,
    /// What it chooses from.
    pub action_space: Option<ethogram_store::Space>,
    /// One name an action.
    pub action_meanings: Vec<String>,
    /// Environments side by side.
    pub num_envs: Option<u32>,
    /// For people; the path of the folder otherwise.
    pub name: Option<String>,
    /// Runs that belong together.
    pub project: Option<String>,
    /// Runs to be averaged over seeds.
    pub group: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// What the author said of it.
    pub notes: Option<String>,
}

/// Tensors of one tag.
#[derive(Debug)]
pub struct TensorPlaces {
    /// What they are.
    pub kind: TensorKind,
    /// Ascending by step once settled, each step once: the newest.
    pub places: Vec<Place>,
}

/// Where a tensor lies: what the numbers mean is known to the part that made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Step on the axis of the tag.
    pub step: i64,
    /// Microseconds since 1970.
    pub time_us: i64,
    /// Which file.
    pub file: u32,
    /// Where the record begins.
    pub offset: u64,
    /// Its bytes.
    pub length: u32,
    /// Which value of the record.
    pub value: u32,
    /// Which element of the value, where it holds several.
    pub element: u32,
}

/// A field of the steps of one episode, all its rows in memory.
#[derive(Clone, Debug)]
pub struct StepField {
    /// What one row is.
    pub info: FieldInfo,
    /// All its rows.
    pub column: Column,
}

impl StepField {
    /// Bytes, about, that it takes.
    pub fn bytes(&self) -> usize {
        let data = match &self.column.data {
            ColumnData::Numeric(bytes) => bytes.len(),
            ColumnData::Text(texts) => texts.iter().map(|text| text.len() + size_of::<String>()).sum(),
        };
        data + self.column.valid.as_ref().map_or(0, Vec::len)
    }
}

/// The steps of the episode that was asked for last.
#[derive(Debug, Default)]
pub struct HeldSteps(Mutex<Option<(u64, Arc<Vec<StepField>>)>>);

impl HeldSteps {
    /// Those of an episode, read if it is another than before.
    pub fn of(&self, episode: u64, read: impl FnOnce() -> Result<Vec<StepField>>) -> Result<Arc<Vec<StepField>>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, steps)) = held.as_ref().filter(|(known, _)| *known == episode) {
            return Ok(Arc::clone(steps));
        }
        // Let go of first: two of them need not be there at once.
        *held = None;
        let steps = Arc::new(read()?);
        *held = Some((episode, Arc::clone(&steps)));
        Ok(steps)
    }

    /// Bytes, about, that they take. Of those that are being read just now nothing is known.
    pub fn bytes(&self) -> usize {
        let Ok(held) = self.0.try_lock() else { return 0 };
        held.iter().flat_map(|(_, steps)| steps.iter()).map(StepField::bytes).sum()
    }
}

impl Tables {
    /// Most places of tensors of one run.
    pub const PLACES_MAX: usize = 10_000_000;

    /// Removes what was logged at `step` of the global axis and later.
    pub fn purge(&mut self, step: i64) {
        self.scalars.purge(step);
        self.tensors.values_mut().for_each(|tensors| tensors.places.retain(|place| place.step < step));
        self.tensors.retain(|_, tensors| !tensors.places.is_empty());
    }

    /// The same for one tag.
    pub fn purge_tag(&mut self, tag: &str, step: i64) {
        self.scalars.purge_tag(Axis::GlobalStep, tag, step);
        if let Some(tensors) = self.tensors.get_mut(&(Axis::GlobalStep, tag.to_owned())) {
            tensors.places.retain(|place| place.step < step);
        }
    }

    /// Puts everything in order, so that it can be asked.
    pub fn settle(&mut self) {
        self.scalars.settle();
        for tensors in self.tensors.values_mut().filter(|tensors| !tensors.places.is_sorted_by(|a, b| a.step < b.step))
        {
            tensors.places.sort_by_key(|place| place.step);
            // Of several at one step the newest counts: it comes last.
            tensors.places.reverse();
            tensors.places.dedup_by_key(|place| place.step);
            tensors.places.reverse();
        }
    }

    /// Bytes, about, that it takes.
    pub fn bytes(&self) -> usize {
        let places = self.tensors.values().map(|tensors| tensors.places.capacity() * size_of::<Place>()).sum::<usize>();
        self.scalars.bytes() + places + self.episodes.bytes()
    }

    /// Largest step of a scalar of the global axis.
    pub fn global_step(&self) -> Option<i64> {
        let tags = self.scalars.tags();
        let largest = tags.iter().filter(|tag| tag.axis == Axis::GlobalStep).map(|tag| tag.last_step).max();
        largest.or_else(|| self.episodes.end_step())
    }
}

impl TensorPlaces {
    /// Those in a range of steps.
    pub fn within(&self, range: &Range<i64>) -> &[Place] {
        let from = self.places.partition_point(|place| place.step < range.start);
        let to = self.places.partition_point(|place| place.step < range.end);
        &self.places[from..to.max(from)]
    }
}

/// What could not be read: each place told once, what recurs is counted.
#[derive(Clone, Debug, Default)]
pub struct LostTable {
    entries: BTreeMap<(String, String), (u64, String)>,
    /// Those for which there was no room.
    others: u64,
}

impl LostTable {
    /// Most entries; a file that is damaged all over need not say so more often.
    const ENTRIES_MAX: usize = 200;

    /// Counts one more of a kind.
    pub fn note(&mut self, file: &str, what: impl Into<String>, why: impl Into<String>) {
        let key = (file.to_owned(), what.into());
        if self.entries.len() >= Self::ENTRIES_MAX && !self.entries.contains_key(&key) {
            self.others += 1;
            return;
        }
        self.entries.entry(key).or_insert_with(|| (0, why.into())).0 += 1;
    }

    /// Takes over what was not said before.
    pub fn learn(&mut self, other: Self) {
        for ((file, what), (_, why)) in other.entries {
            if !self.entries.contains_key(&(file.clone(), what.clone())) {
                self.note(&file, what, why);
            }
        }
    }

    /// Forgets what was said of a file.
    pub fn forget(&mut self, file: &str) {
        self.entries.retain(|(known, _), _| known != file);
    }

    /// All of it.
    pub fn list(&self) -> Vec<Lost> {
        let lost = |((file, what), (count, why)): (&(String, String), &(u64, String))| {
            let what = if *count > 1 { format!("{what} ({count} times)") } else { what.clone() };
            Lost { file: file.clone(), what, why: why.clone() }
        };
        let mut list: Vec<Lost> = self.entries.iter().map(lost).collect();
        if self.others > 0 {
            let what = format!("{} other parts", self.others);
            list.push(Lost { file: String::new(), what, why: "too many are damaged to list them all".into() });
        }
        list
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.entries.len() + usize::from(self.others > 0)
    }
}

/// Why something could not be read, without the path, which stands beside it.
pub fn why(error: &ethogram_store::Error) -> String {
    match error {
        ethogram_store::Error::Corrupt { what, expected, found, .. } => {
            format!("{what}: expected {expected}, found {found}")
        }
        ethogram_store::Error::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}
