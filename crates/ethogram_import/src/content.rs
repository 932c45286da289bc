//! All that was read of one run: its parts, one a kind of file, and the answers they give together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::{Axis, Blob, Error, Lost, Result, ScalarTag, TensorRow, TensorTag, TensorsSize};
use serde_json::{Map, Value};

use crate::episode_table::EpisodeTable;
use crate::films;
use crate::importer::IMPORTERS;
use crate::part::{Folder, Part};
use crate::point_cache::PointCache;
use crate::point_columns::PointColumns;
use crate::points::Held;
use crate::tables::{About, LostTable, StepField, Tables, why};

/// Most rows of tensors whose bytes are added up before they are read: each costs a look into its file.
const SIZED_ROWS_MAX: usize = 10_000;
/// Bytes of tensors beyond which nothing more is added up: nobody is given so much.
const SIZED_BYTES_MAX: u64 = 1 << 30;

/// The parts of a run. Of two that tell of the same thing, the first in [`IMPORTERS`] counts.
pub struct Content {
    parts: Vec<Box<dyn Part>>,
    path: PathBuf,
    seen: Folder,
    /// Why parts could not be read just now.
    failed: LostTable,
    /// Of the first part that has any, with the films that others attach to them; `None` where there are none of these.
    with_films: Option<EpisodeTable>,
}

impl Content {
    /// Nothing was read yet. Points of event files will be kept in `cache`.
    pub fn new(path: &Path, cache: &Arc<PointCache>) -> Self {
        let parts = IMPORTERS.iter().map(|importer| (importer.begin)(cache)).collect();
        Self { parts, path: path.to_owned(), seen: Folder::default(), failed: LostTable::default(), with_films: None }
    }

    /// Reads what is new, about `budget` bytes of each kind of file at most. A kind that cannot be read is noted as lost.
    pub fn catch_up(&mut self, folder: &Folder, budget: u64) {
        self.failed = LostTable::default();
        for part in &mut self.parts {
            if let Err(error) = part.catch_up(folder, budget) {
                self.failed.note("", format!("what is new in the files of {}", part.format()), why(&error));
            }
        }
        self.seen.clone_from(folder);
        self.join_episodes();
    }

    fn join_episodes(&mut self) {
        self.with_films = None;
        if self.parts.iter().all(|part| part.tables().films.is_empty()) {
            return;
        }
        let mut joined = self.episodes().within(&(0..u64::MAX));
        for part in &self.parts {
            films::join(&mut joined, &part.tables().films, &mut self.failed);
        }
        self.with_films = Some(joined.into_iter().collect());
    }

    /// The files have more than was read.
    pub fn is_behind(&self) -> bool {
        self.parts.iter().any(|part| part.is_behind())
    }

    /// The folder as it was read last.
    pub fn folder(&self) -> &Folder {
        &self.seen
    }

    /// Formats that it holds, joined by `+`.
    pub fn format(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for part in self.parts.iter().filter(|part| holds(part.tables())) {
            if !names.contains(&part.format()) {
                names.push(part.format());
            }
        }
        names.join("+")
    }

    /// Bytes, about, that it takes.
    pub fn bytes(&self) -> usize {
        self.tables().map(Tables::bytes).sum()
    }

    /// Bytes of the steps that are held beside that: they come and go as somebody asks.
    pub fn held_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.held_bytes()).sum()
    }

    fn tables(&self) -> impl Iterator<Item = &Tables> {
        self.parts.iter().map(|part| part.tables())
    }

    /// Hyper-parameters of all parts.
    pub fn config(&self) -> Map<String, Value> {
        let mut config = Map::new();
        for (name, value) in self.tables().flat_map(|tables| &tables.config) {
            config.entry(name.clone()).or_insert_with(|| value.clone());
        }
        config
    }

    /// What is known of the run as a whole.
    pub fn about(&self) -> About {
        let mut about = About::default();
        for part in self.tables().map(|tables| &tables.about) {
            about.created_us = about.created_us.into_iter().chain(part.created_us).min();
            about.env_id = about.env_id.or_else(|| part.env_id.clone());
            about.observation_space = about.observation_space.or_else(|| part.observation_space.clone());
            about.action_space = about.action_space.or_else(|| part.action_space.clone());
            about.num_envs = about.num_envs.or(part.num_envs);
            about.name = about.name.or_else(|| part.name.clone());
            about.project = about.project.or_else(|| part.project.clone());
            about.group = about.group.or_else(|| part.group.clone());
            about.tags.extend(part.tags.iter().cloned());
            about.notes = about.notes.or_else(|| part.notes.clone());
            if about.action_meanings.is_empty() {
                about.action_meanings.clone_from(&part.action_meanings);
            }
        }
        about
    }

    /// What could not be read.
    pub fn lost(&self) -> Vec<Lost> {
        let mut lost: Vec<Lost> = self.tables().flat_map(|tables| tables.lost.list()).collect();
        lost.extend(self.failed.list());
        lost.sort_by(|a, b| (&a.file, &a.what).cmp(&(&b.file, &b.what)));
        lost
    }

    /// How many entries [`Content::lost`] has.
    pub fn lost_count(&self) -> usize {
        self.tables().map(|tables| tables.lost.count()).sum::<usize>() + self.failed.count()
    }

    /// What a check says beside that, of a run that has ended.
    pub fn leftovers(&self) -> Vec<Lost> {
        self.parts.iter().flat_map(|part| part.leftovers()).collect()
    }

    /// Scalars, by axis, then tag.
    pub fn scalar_tags(&self) -> Vec<ScalarTag> {
        let mut tags = BTreeMap::new();
        for tag in self.tables().flat_map(|tables| tables.scalars.tags()) {
            tags.entry((tag.axis, tag.tag.clone())).or_insert(tag);
        }
        tags.into_values().collect()
    }

    /// Points of a scalar; `None` when there are none.
    pub fn scalar(&self, axis: Axis, tag: &str) -> Option<Held<'_>> {
        self.tables().find_map(|tables| tables.scalars.held(axis, tag))
    }

    /// Reads those once more that are away.
    ///
    /// # Errors
    /// The files cannot be read just now.
    pub fn recall(&mut self, axis: Axis, tag: &str) -> Result<Option<Arc<PointColumns>>> {
        let part = self.parts.iter_mut().find(|part| part.tables().scalars.has(axis, tag));
        part.map_or(Ok(None), |part| part.recall(axis, tag))
    }

    /// Tensors, by axis, then tag.
    pub fn tensor_tags(&self) -> Vec<TensorTag> {
        let mut tags = BTreeMap::new();
        for ((axis, tag), tensors) in self.tables().flat_map(|tables| &tables.tensors) {
            let count = tensors.places.len() as u64;
            let found = || TensorTag { axis: *axis, tag: tag.clone(), kind: tensors.kind, count };
            tags.entry((*axis, tag.clone())).or_insert_with(found);
        }
        tags.into_values().collect()
    }

    /// Steps at which a tag has tensors.
    pub fn tensor_steps(&self, axis: Axis, tag: &str, range: &std::ops::Range<i64>) -> Vec<i64> {
        let key = (axis, tag.to_owned());
        let tensors = self.tables().find_map(|tables| tables.tensors.get(&key));
        tensors.map(|tensors| tensors.within(range).iter().map(|place| place.step).collect()).unwrap_or_default()
    }

    /// How much [`Content::tensors`] would give, told without decoding a picture. Of more than [`SIZED_ROWS_MAX`] rows, or beyond
    /// [`SIZED_BYTES_MAX`], it is at least so much.
    pub fn tensors_size(&self, axis: Axis, tag: &str, range: &std::ops::Range<i64>) -> TensorsSize {
        let key = (axis, tag.to_owned());
        let found = self.parts.iter().find_map(|part| Some((part, part.tables().tensors.get(&key)?)));
        let Some((part, tensors)) = found else { return TensorsSize { rows: 0, bytes: 0 } };
        let places = tensors.within(range);
        let mut bytes = 0;
        for place in places.iter().take(SIZED_ROWS_MAX) {
            // One that cannot be read is left out of the rows, too.
            bytes += part.tensor_bytes(tensors.kind, place).unwrap_or(0);
            if bytes > SIZED_BYTES_MAX {
                break;
            }
        }
        TensorsSize { rows: places.len() as u64, bytes }
    }

    /// Reads tensors of a tag. One that cannot be read is left out; [`Content::check`] tells of it.
    pub fn tensors(&self, axis: Axis, tag: &str, range: &std::ops::Range<i64>) -> (Vec<TensorRow>, Vec<Lost>) {
        let key = (axis, tag.to_owned());
        let found = self.parts.iter().find_map(|part| Some((part, part.tables().tensors.get(&key)?)));
        let (mut rows, mut lost) = (Vec::new(), Vec::new());
        let Some((part, tensors)) = found else { return (rows, lost) };
        for place in tensors.within(range) {
            match part.tensor(tensors.kind, place) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    let what = format!("{tag:?} at step {}", place.step);
                    lost.push(Lost { file: file_of(&error, &self.path), what, why: why(&error) });
                }
            }
        }
        (rows, lost)
    }

    /// All episodes, ascending.
    pub fn episodes(&self) -> &EpisodeTable {
        let logged = || self.tables().map(|tables| &tables.episodes).find(|rows| !rows.is_empty());
        self.with_films.as_ref().or_else(logged).unwrap_or(EpisodeTable::EMPTY)
    }

    /// The bytes of a file by its hash.
    pub fn blob(&self, hash: &str) -> Result<Option<Blob>> {
        for part in &self.parts {
            if let Some(blob) = part.blob(hash)? {
                return Ok(Some(blob));
            }
        }
        Ok(None)
    }

    /// Fields of the steps of an episode: of the first part that recorded it.
    pub fn steps(&self, episode: u64) -> Result<Arc<Vec<StepField>>> {
        for part in &self.parts {
            if let Some(steps) = part.steps(episode)? {
                return Ok(steps);
            }
        }
        Ok(Arc::default())
    }

    /// Largest global step.
    pub fn global_step(&self) -> Option<i64> {
        self.tables().filter_map(Tables::global_step).max()
    }

    /// Last value of each scalar that has a finite one, `limit` at most.
    pub fn summary(&self, limit: usize) -> BTreeMap<String, f64> {
        let tags =
            self.scalar_tags().into_iter().filter(|tag| tag.axis == Axis::GlobalStep && tag.last_value.is_finite());
        tags.take(limit).map(|tag| (tag.tag, tag.last_value)).collect()
    }
}

fn holds(tables: &Tables) -> bool {
    tables.scalars.count() > 0
        || !tables.tensors.is_empty()
        || !tables.episodes.is_empty()
        || !tables.films.is_empty()
        || !tables.config.is_empty()
        || tables.about != About::default()
        || tables.lost.count() > 0
}

fn file_of(error: &Error, run: &Path) -> String {
    match error {
        Error::Corrupt { path, .. } | Error::Io { path, .. } => {
            path.strip_prefix(run).unwrap_or(path).display().to_string()
        }
        _ => String::new(),
    }
}
