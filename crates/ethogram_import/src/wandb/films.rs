//! Films that a run logged: each is an episode of its own, for W&B does not say which it shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::{
    Axis, Blob, Column, ColumnData, Dtype, EpisodeRow, Error, FILM_BYTES_MAX, FILMS_MAX, FieldInfo, Result,
    attach_film, film_alone,
};
use serde_json::{Value, json};

use super::files::Files;
use super::media::caption;
use crate::episode_table::EpisodeTable;
use crate::gif_film;
use crate::part::FileSeen;
use crate::tables::{HeldSteps, LostTable, StepField, why};
use crate::videos::hash_of;

/// Bytes that a picture of a step has at least, so that it is kept as one.
const FRAME_BYTES_MIN: usize = 1_024;

/// The films of a run, in the order of the log.
#[derive(Default)]
pub struct Films {
    files: Files,
    all: Vec<Film>,
    rows: BTreeMap<u64, EpisodeRow>,
    /// Episodes of which a GIF shows each step.
    moving: BTreeMap<u64, Value>,
    /// What the bytes of the others are asked for by.
    blobs: BTreeMap<String, Value>,
    held: HeldSteps,
}

/// A film that was logged.
struct Film {
    name: String,
    step: i64,
    time_us: i64,
    value: Value,
    /// Its file was there.
    is_seen: bool,
}

impl Films {
    /// Of the run in this folder.
    pub fn of(run: &Path) -> Self {
        Self { files: Files::of(run), ..Self::default() }
    }

    /// Adds one. Its place in the log is its number, whether its file is there or not.
    pub fn push(&mut self, name: String, value: Value, step: i64, time_us: i64, lost: &mut LostTable) {
        if self.all.len() >= FILMS_MAX {
            return lost.note("", "films", format!("more than {FILMS_MAX}"));
        }
        self.all.push(Film { name, step, time_us, value, is_seen: false });
    }

    /// Looks for the files of films that were not there before, while there is budget for the bytes that must be read. Gives what is left
    /// of it, and whether all were looked at.
    pub fn look(&mut self, mut budget: u64, lost: &mut LostTable) -> (u64, bool) {
        for at in 0..self.all.len() {
            if self.all[at].is_seen {
                continue;
            }
            if budget == 0 {
                return (0, false);
            }
            match self.row(at, &mut budget) {
                Ok(row) => {
                    self.rows.insert(at as u64, row);
                    self.all[at].is_seen = true;
                }
                Err(error) => {
                    let what = format!("film {} of {:?}", at, self.all[at].name);
                    lost.note("", what, why(&error));
                }
            }
        }
        (budget, true)
    }

    /// The episode that a film stands for. Of a GIF the pictures are counted.
    fn row(&mut self, at: usize, budget: &mut u64) -> Result<EpisodeRow> {
        let Film { name, step, time_us, value, .. } = &self.all[at];
        let (path, length) = self.files.locate(value, FILM_BYTES_MAX)?;
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        let episode = at as u64;
        let mut row = EpisodeRow { global_step: *step, ..film_alone(episode, *time_us) };
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        row.extra.insert("wandb".into(), json!({ "name": name, "caption": caption(&value["caption"]), "file": file }));
        let corrupt = |found: String| Error::Corrupt {
            what: "the film".into(),
            expected: "an mp4 or a GIF".into(),
            found,
            path: path.clone(),
        };
        match end.as_deref() {
            Some("gif") => {
                *budget = budget.saturating_sub(length);
                let failed = |source| Error::Io { action: "read", path: path.clone(), source };
                let size = gif_film::size(File::open(&path).map_err(failed)?).map_err(corrupt)?;
                (row.recorded, row.length) = (true, size.frames);
                self.moving.insert(episode, value.clone());
            }
            Some("mp4") => {
                let seen = FileSeen { name: file, length, modified_us: *time_us };
                let hash = hash_of(&path, &seen);
                let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                attach_film(&mut row.extra, &format!("{stem}-episode-{episode}.mp4"), &hash, length, 0);
                self.blobs.insert(hash, value.clone());
            }
            _ => return Err(corrupt(file)),
        }
        Ok(row)
    }

    /// How many are there.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// An episode for each that is there.
    pub fn episodes(&self) -> EpisodeTable {
        self.rows.values().cloned().collect()
    }

    /// The bytes of a film; `None` when it is no film of this run.
    pub fn blob(&self, hash: &str) -> Result<Option<Blob>> {
        let Some(value) = self.blobs.get(hash) else { return Ok(None) };
        Ok(Some(self.files.read(value, FILM_BYTES_MAX)?.into()))
    }

    /// The pictures of an episode as its steps; `None` when no GIF shows them.
    pub fn steps(&self, episode: u64) -> Result<Option<Arc<Vec<StepField>>>> {
        let Some(value) = self.moving.get(&episode) else { return Ok(None) };
        let steps = self.held.of(episode, || {
            let encoded = self.files.read(value, FILM_BYTES_MAX)?;
            let path = || value["path"].as_str().map(PathBuf::from).unwrap_or_default();
            let corrupt =
                |found| Error::Corrupt { what: "the film".into(), expected: "a GIF".into(), found, path: path() };
            Ok(vec![frames(&encoded).map_err(corrupt)?])
        });
        steps.map(Some)
    }

    /// Bytes of the GIF that was asked for last.
    pub fn held_bytes(&self) -> usize {
        self.held.bytes()
    }
}

/// The pictures of a GIF as the field `frame`. Each pixel of small ones is repeated, so that they are kept as pictures.
fn frames(encoded: &[u8]) -> Result<StepField, String> {
    let size = gif_film::size(encoded)?;
    let by = (1..=FRAME_BYTES_MIN).find(|by| 3 * size.width * size.height * by * by >= FRAME_BYTES_MIN).unwrap_or(1);
    let mut data = Vec::new();
    gif_film::frames(encoded, |picture| {
        for row in picture.chunks_exact(3 * size.width) {
            let wide: Vec<u8> = row.as_chunks::<3>().0.iter().flat_map(|pixel| pixel.repeat(by)).collect();
            (0..by).for_each(|_| data.extend_from_slice(&wide));
        }
    })?;
    let info = FieldInfo {
        name: "frame".into(),
        axis: Axis::Step,
        dtype: Some(Dtype::Uint8),
        shape: vec![size.height * by, size.width * by, 3],
        image: true,
        stack_axis: None,
    };
    let column = Column { info: info.clone(), first: 0, data: ColumnData::Numeric(data), valid: None };
    Ok(StepField { info, column })
}
