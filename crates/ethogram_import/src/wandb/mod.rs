//! Files of W&B, `offline-run-…/run-ID.wandb`: a log of records in Protocol Buffers, and the media beside it in `files`.
//!
//! Of media the place in the log is kept; the record says the file, which is read when somebody asks. Names, kinds and shapes are those that
//! `ethogram convert` gives.

mod files;
mod films;
mod log;
mod media;
mod numbers;
mod row;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::{Axis, Blob, Error, Result, TensorKind, TensorRow};

use crate::config;
use crate::lines::HEAD_BYTES_MAX;
use crate::part::{Folder, Part};
use crate::points::{POINTS_FULL, Scalars, TAGS_FULL};
use crate::tables::{Place, StepField, Tables, TensorPlaces, why};
use crate::tfevents::protobuf::{Fields, NotAMessage, Value as Field};
use files::Files;
use films::Films;
use log::{Found, Log, record_at};
use media::Use;
use row::Row;

/// Element of a table that is its numbers; the other is its text.
const NUMBERS: u32 = 1;

/// Whether a file of this name is one.
pub fn is_wandb_file(name: &str) -> bool {
    name.starts_with("run-") && Path::new(name).extension().is_some_and(|end| end == "wandb")
}

/// The log of one run.
#[derive(Default)]
pub struct Wandb {
    path: PathBuf,
    name: String,
    log: Log,
    files: Files,
    films: Films,
    /// Tables of which it is not known yet whether all cells are numbers.
    unseen: VecDeque<UnseenTable>,
    is_behind: bool,
    tables: Tables,
}

/// A table that was logged.
struct UnseenTable {
    name: String,
    value: serde_json::Value,
    place: Place,
}

impl Part for Wandb {
    fn format(&self) -> &'static str {
        "wandb"
    }

    fn catch_up(&mut self, folder: &Folder, budget: u64) -> Result<()> {
        let Some(file) = folder.files.iter().find(|file| is_wandb_file(&file.name)) else {
            *self = Self::default();
            return Ok(());
        };
        if file.name != self.name || file.length < self.log.position() {
            *self = Self {
                path: folder.locate(file),
                name: file.name.clone(),
                files: Files::of(&folder.path),
                films: Films::of(&folder.path),
                ..Self::default()
            };
        }
        let before = self.log.position();
        let mut log = std::mem::take(&mut self.log);
        let read = log.read(&self.path.clone(), budget.max(HEAD_BYTES_MAX), |found| match found {
            Found::Record { at, bytes } => {
                if self.record(&bytes, at).is_err() {
                    self.lost(format!("the record at byte {at}"), "the record is no message");
                }
            }
            Found::Lost { what, why } => self.lost(what, why),
        });
        self.log = log;
        self.look(budget.saturating_sub(self.log.position() - before));
        self.tables.settle();
        self.is_behind |= read?;
        Ok(())
    }

    fn is_behind(&self) -> bool {
        self.is_behind
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }

    fn tensor(&self, kind: TensorKind, place: &Place) -> Result<TensorRow> {
        let (array, meta) = media::read(&self.files, &self.value(place)?, kind, place.element)?;
        Ok(TensorRow { step: place.step, time_us: place.time_us, kind, array, meta })
    }

    fn tensor_bytes(&self, kind: TensorKind, place: &Place) -> Result<u64> {
        match kind {
            TensorKind::Image => media::picture_bytes(&self.files, &self.value(place)?, place.element),
            _ => Ok(self.tensor(kind, place)?.array.data().len() as u64),
        }
    }

    fn steps(&self, episode: u64) -> Result<Option<Arc<Vec<StepField>>>> {
        self.films.steps(episode)
    }

    fn held_bytes(&self) -> usize {
        self.films.held_bytes()
    }

    fn blob(&self, hash: &str) -> Result<Option<Blob>> {
        self.films.blob(hash)
    }
}

impl Wandb {
    fn lost(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.tables.lost.note(&self.name, what, why);
    }

    fn record(&mut self, bytes: &[u8], at: u64) -> Result<(), NotAMessage> {
        for (index, field) in Fields::of(bytes).enumerate() {
            match field? {
                (2, Field::Bytes(history)) => self.history(history, at, index as u32)?,
                (5, Field::Bytes(config)) => self.config(config)?,
                (8, Field::Bytes(artifact)) => self.artifact(artifact)?,
                (17, Field::Bytes(run)) => self.run(run)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A call of `log`.
    fn history(&mut self, bytes: &[u8], at: u64, index: u32) -> Result<(), NotAMessage> {
        let Some(Row { step, time_us, values, is_cut }) = Row::read(bytes)? else { return Ok(()) };
        if is_cut {
            self.lost("values of a row", "their names take more than 64 MiB");
        }
        for (number, (name, value)) in values.into_iter().enumerate() {
            if let Some(found) = row::number_of(&value) {
                match self.tables.scalars.number(Axis::GlobalStep, &name) {
                    None => self.lost("points of further names", TAGS_FULL),
                    Some(tag) if !self.tables.scalars.push(tag, step, time_us, found) => {
                        self.lost("points", POINTS_FULL);
                    }
                    Some(_) => {}
                }
                continue;
            }
            let value_number = number as u32;
            let place = Place { step, time_us, file: 0, offset: at, length: index, value: value_number, element: 0 };
            match media::use_of(&name, &value) {
                Use::Tensors(parts) => {
                    for (tag, kind, element) in parts {
                        self.place(tag, kind, Place { element, ..place });
                    }
                }
                Use::Table => {
                    self.place(name.clone(), TensorKind::Text, place);
                    self.unseen.push_back(UnseenTable { name, value, place });
                }
                Use::Films(films) => {
                    for (name, film) in films {
                        self.films.push(name, film, step, time_us, &mut self.tables.lost);
                    }
                }
                Use::Nothing => {}
                Use::Lost(why) => self.lost(format!("values of {name:?}"), why),
            }
        }
        Ok(())
    }

    fn place(&mut self, tag: String, kind: TensorKind, place: Place) {
        let key = (Axis::GlobalStep, tag);
        if self.tables.tensors.len() >= Scalars::TAGS_MAX && !self.tables.tensors.contains_key(&key) {
            return self.lost("media of further names", TAGS_FULL);
        }
        let tensors = self.tables.tensors.entry(key);
        let tensors = tensors.or_insert_with(|| TensorPlaces { kind, places: Vec::new() });
        if tensors.kind == kind && tensors.places.len() < Tables::PLACES_MAX {
            tensors.places.push(place);
        } else {
            self.lost("media", "a tag holds another kind before, or more than 10 million");
        }
    }

    /// Looks at tables and films that the log told of, while there is budget.
    fn look(&mut self, mut budget: u64) {
        // What is said of films is said anew: a file may have come.
        self.tables.lost.forget("");
        let episodes = self.films.len();
        let (left, all) = self.films.look(budget, &mut self.tables.lost);
        if self.films.len() != episodes {
            self.tables.episodes = self.films.episodes();
        }
        budget = left;
        while budget > 0
            && let Some(UnseenTable { name, value, place }) = self.unseen.pop_front()
        {
            match self.files.locate(&value, media::TABLE_BYTES_MAX) {
                Ok((_, length)) => {
                    budget = budget.saturating_sub(length);
                    let place = Place { element: NUMBERS, ..place };
                    if media::read(&self.files, &value, TensorKind::Tensor, NUMBERS).is_ok() {
                        self.place(format!("{name}/values"), TensorKind::Tensor, place);
                    }
                }
                Err(error) => self.lost(format!("values of {name:?}"), why(&error)),
            }
        }
        self.is_behind = !all || !self.unseen.is_empty();
    }

    /// What the log says at a place.
    fn value(&self, place: &Place) -> Result<serde_json::Value> {
        let record = record_at(&self.path, place.offset)?;
        let history = Fields::of(&record).nth(place.length as usize);
        let row = match history {
            Some(Ok((2, Field::Bytes(history)))) => Row::read(history).ok().flatten(),
            _ => None,
        };
        let value = row.and_then(|row| row.values.into_iter().nth(place.value as usize));
        value.map(|(_, value)| value).ok_or_else(|| Error::Corrupt {
            what: format!("value {} of the record at byte {}", place.value, place.offset),
            expected: "what was there before".into(),
            found: "nothing".into(),
            path: self.path.clone(),
        })
    }

    /// Files of artifacts lie outside of the run's folder: only their names are told.
    fn artifact(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        let (mut kind, mut name) = (String::new(), String::new());
        for field in Fields::of(bytes) {
            match field? {
                (4, Field::Bytes(text)) => kind = String::from_utf8_lossy(text).into_owned(),
                (5, Field::Bytes(text)) => name = String::from_utf8_lossy(text).into_owned(),
                _ => {}
            }
        }
        // W&B's own copies of tables.
        if kind != "run_table" {
            let what = format!("artifact {name:?} ({kind})").chars().take(256).collect::<String>();
            self.lost(what, "its files lie outside of the run's folder; `ethogram convert` lists them");
        }
        Ok(())
    }

    fn config(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        for field in Fields::of(bytes) {
            let (1, Field::Bytes(item)) = field? else { continue };
            let (name, value) = row::item_of(item)?;
            if name != "_wandb" {
                self.tables.config.insert(name, value);
            }
        }
        let id = config::env_id(&self.tables.config);
        self.tables.about.env_id = id.or_else(|| self.tables.about.env_id.take());
        Ok(())
    }

    fn run(&mut self, bytes: &[u8]) -> Result<(), NotAMessage> {
        for field in Fields::of(bytes) {
            let field = field?;
            let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned()).filter(|text| !text.is_empty());
            match field {
                (4, Field::Bytes(config)) => self.config(config)?,
                (3, Field::Bytes(project)) => self.tables.about.project = text(project),
                (6, Field::Bytes(group)) => self.tables.about.group = text(group),
                (8, Field::Bytes(name)) => self.tables.about.name = text(name),
                (9, Field::Bytes(notes)) => self.tables.about.notes = text(notes),
                (10, Field::Bytes(tag)) => self.tables.about.tags.extend(text(tag)),
                (17, Field::Bytes(time)) => {
                    for field in Fields::of(time) {
                        if let (1, Field::Varint(seconds)) = field? {
                            let seconds = i64::try_from(seconds).unwrap_or(0);
                            self.tables.about.created_us = Some(seconds.saturating_mul(1_000_000)).filter(|at| *at > 0);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
