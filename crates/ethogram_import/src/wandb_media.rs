//! What W&B logs beside numbers: histograms, pictures (whose files lie in `files/`) and texts.

use std::path::{Component, Path};

use ethogram_store::{Array, Dtype, Error, Result, TensorKind, TensorRow};
use serde_json::{Map, Value};

use crate::tables::Place;
use crate::tfevents::histogram::Histogram;
use crate::tfevents::picture;

/// Most of them that are held of one run.
pub const MEDIA_MAX: usize = 1_000_000;
/// Longest text, and most bins of a histogram.
const LENGTH_MAX: usize = 1 << 20;
/// Largest file of a picture.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Media {
    /// Counts between edges.
    Histogram { edges: Vec<f64>, counts: Vec<f64> },
    /// Where its file lies below `files`, and what stands below it.
    Picture { path: String, caption: Option<String> },
    /// As it was logged.
    Text(String),
}

impl Media {
    /// What the members of a value say: `_type`, and what belongs to it. `None` for what is not read: tables, sounds, films.
    pub fn of(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        match members.get("_type")?.as_str()? {
            "histogram" => {
                let numbers = |name: &str| -> Option<Vec<f64>> {
                    let list = members.get(name)?.as_array().filter(|list| list.len() <= LENGTH_MAX)?;
                    list.iter().map(Value::as_f64).collect()
                };
                let (edges, counts) = (numbers("bins")?, numbers("values")?);
                (edges.len() == counts.len() + 1).then_some(Self::Histogram { edges, counts })
            }
            "image-file" => Some(Self::Picture { path: text("path")?, caption: text("caption") }),
            _ => None,
        }
    }

    /// A text, if it is not too long.
    pub fn of_text(text: &str) -> Option<Self> {
        (text.len() <= LENGTH_MAX).then(|| Self::Text(text.to_owned()))
    }

    /// What it is here.
    pub fn kind(&self) -> TensorKind {
        match self {
            Self::Histogram { .. } => TensorKind::Distribution,
            Self::Picture { .. } => TensorKind::Image,
            Self::Text(_) => TensorKind::Text,
        }
    }

    /// Its numbers; a picture is read from its file below `run`.
    ///
    /// # Errors
    /// The picture is not there, leads out of the folder, or is none.
    pub fn row(&self, run: &Path, place: &Place) -> Result<TensorRow> {
        let (array, meta) = match self {
            Self::Histogram { edges, counts } => Histogram { edges: edges.clone(), counts: counts.clone() }.into_row(),
            Self::Text(text) => (bytes_of(text)?, Map::new()),
            Self::Picture { path, caption } => {
                let mut meta = Map::new();
                if let Some(caption) = caption {
                    meta.insert("caption".into(), caption.clone().into());
                }
                (read(run, path)?, meta)
            }
        };
        Ok(TensorRow { step: place.step, time_us: place.time_us, kind: self.kind(), array, meta })
    }
}

fn bytes_of(text: &str) -> Result<Array> {
    Array::new(Dtype::Uint8, vec![text.len()], text.as_bytes().to_vec())
}

/// The pixels of a file below `files`. Nothing outside of that folder is opened, whatever a log or a link says.
fn read(run: &Path, named: &str) -> Result<Array> {
    let files = run.join("files");
    let path = files.join(named);
    let corrupt = |expected: &str, found: String| Error::Corrupt {
        what: "the picture".into(),
        expected: expected.into(),
        found,
        path: path.clone(),
    };
    let failed = |source| Error::Io { action: "read", path: path.clone(), source };
    if !Path::new(named).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(corrupt("a file of the run", format!("{named:?}")));
    }
    let real = path.canonicalize().map_err(failed)?;
    if !real.starts_with(files.canonicalize().map_err(failed)?) {
        return Err(corrupt("a file of the run", "a link that leads out of it".into()));
    }
    let length = std::fs::metadata(&real).map_err(failed)?.len();
    if length > FILE_BYTES_MAX {
        return Err(Error::TooLarge { what: real.display().to_string(), limit: FILE_BYTES_MAX, found: length });
    }
    let encoded = std::fs::read(&real).map_err(failed)?;
    picture::pixels(&encoded).map_err(|why| corrupt("PNG, JPEG or GIF", why))
}
