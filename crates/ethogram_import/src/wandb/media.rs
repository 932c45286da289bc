//! Values of a row that are no numbers: as what they are shown, and how they are read.
//!
//! Names, kinds and shapes are those of `ethogram convert` (`python/ethogram/wandb_media.py`); a test reads one fixture by both.

use ethogram_store::{Array, Dtype, Error, Result, TensorKind};
use serde_json::{Map, Value};

use super::files::Files;
use super::numbers::{self, Table};
use crate::sound;
use crate::tfevents::histogram::Histogram;
use crate::tfevents::picture;

/// Largest file of a picture.
pub const PICTURE_BYTES_MAX: u64 = 256 << 20;
/// Largest file of a table, a page or points.
pub const TABLE_BYTES_MAX: u64 = 64 << 20;
/// Most pictures or films of one value.
const COUNT_MAX: usize = 1_024;
/// Most bins of a histogram.
const BINS_MAX: usize = 4_096;

/// What becomes of a value.
#[derive(Debug, PartialEq)]
pub enum Use {
    /// Tags, kinds, and which element of the value each is.
    Tensors(Vec<(String, TensorKind, u32)>),
    /// A text; its numbers are the element 1, if it has only numbers.
    Table,
    /// Names and values of single films.
    Films(Vec<(String, Value)>),
    /// It is missing, and says so.
    Nothing,
    /// Why it is not read.
    Lost(String),
}

/// What becomes of a value that is no number.
pub fn use_of(name: &str, value: &Value) -> Use {
    let one = |kind| Use::Tensors(vec![(name.to_owned(), kind, 0)]);
    match value {
        Value::Null => return Use::Nothing,
        Value::String(_) => return one(TensorKind::Text),
        Value::Array(_) if numbers::array(value).is_some() => return one(TensorKind::Tensor),
        Value::Object(_) => {}
        _ => return Use::Lost("lists of other values than numbers".into()),
    }
    match value["_type"].as_str().unwrap_or_default() {
        "histogram" => one(TensorKind::Distribution),
        "image-file" => one(TensorKind::Image),
        "images/separated" => listed(value, "filenames").map_or_else(Use::Lost, |paths| {
            let parts = (0..paths.len()).map(|at| (part(name, at, paths.len()), TensorKind::Image, at as u32));
            Use::Tensors(parts.collect())
        }),
        "video-file" => Use::Films(vec![(name.to_owned(), value.clone())]),
        "videos" => listed(value, "videos").map_or_else(Use::Lost, |films| {
            let film = |(at, film): (usize, &Value)| (part(name, at, films.len()), film.clone());
            Use::Films(films.iter().enumerate().map(film).collect())
        }),
        "table-file" => Use::Table,
        "audio-file" => one(TensorKind::Tensor),
        "object3D-file" if value["path"].as_str().is_some_and(|path| path.ends_with(".pts.json")) => {
            one(TensorKind::Tensor)
        }
        "object3D-file" => Use::Lost("3-D objects that are no points are not read".into()),
        "html-file" => one(TensorKind::Text),
        other => Use::Lost(format!("values of the kind {:?} are not read", other.chars().take(64).collect::<String>())),
    }
}

/// Reads an element of a value.
///
/// # Errors
/// Its file is missing, was changed, leads out of the run's folder, is too large, or is not what it says.
pub fn read(files: &Files, value: &Value, kind: TensorKind, element: u32) -> Result<(Array, Map<String, Value>)> {
    let corrupt = |expected: &str, found: String| Error::Corrupt {
        what: value["path"].as_str().unwrap_or("the value").chars().take(512).collect(),
        expected: expected.to_owned(),
        found,
        path: files.run.clone(),
    };
    match value {
        Value::String(said) => return Ok((text(said.as_bytes().to_vec())?, Map::new())),
        Value::Array(_) => {
            let array = numbers::array(value).ok_or_else(|| corrupt("numbers", "other values".into()))?;
            return Ok((array, Map::new()));
        }
        _ => {}
    }
    match value["_type"].as_str().unwrap_or_default() {
        "histogram" => histogram(value).map(Histogram::into_row).map_err(|why| corrupt("a histogram", why)),
        "image-file" | "images/separated" => {
            let (encoded, caption) = encoded(files, value, element)?;
            let array = opaque(picture::pixels(&encoded), &encoded).map_err(|why| corrupt("a picture", why))?;
            let told = Some(caption).filter(|caption| *caption != "").map(|caption| ("caption".to_owned(), caption));
            Ok((array, Map::from_iter(told)))
        }
        "table-file" => {
            let bytes = files.read(value, TABLE_BYTES_MAX)?;
            let table = Table::read(&bytes).map_err(|why| corrupt("a table of columns and data", why))?;
            if kind == TensorKind::Text {
                return Ok((text(table.text().into_bytes())?, Map::new()));
            }
            table.numbers().ok_or_else(|| corrupt("a table of numbers", "other cells".into()))
        }
        "audio-file" => {
            let bytes = files.read(value, sound::BYTES_MAX)?;
            let (array, rate) = sound::samples(&bytes).map_err(|why| corrupt("a sound", why))?;
            Ok((array, sound::told(rate, caption(&value["caption"]))))
        }
        "object3D-file" => {
            let bytes = files.read(value, TABLE_BYTES_MAX)?;
            let told = super::row::json_of(&String::from_utf8_lossy(&bytes));
            let points = told.ok().and_then(|told| numbers::array(&told)).filter(|array| array.shape().len() == 2);
            Ok((points.ok_or_else(|| corrupt("points, a row each", "something else".into()))?, Map::new()))
        }
        "html-file" => {
            let bytes = files.read(value, TABLE_BYTES_MAX)?;
            Ok((text(String::from_utf8_lossy(&bytes).into_owned().into_bytes())?, Map::new()))
        }
        other => Err(corrupt("media", format!("the kind {other:?}"))),
    }
}

/// Bytes of the array of a picture, at most: told by the head of its file.
///
/// # Errors
/// As [`read`].
pub fn picture_bytes(files: &Files, value: &Value, element: u32) -> Result<u64> {
    let (encoded, _) = encoded(files, value, element)?;
    let shape = picture::shape(&encoded).unwrap_or_default();
    Ok(shape.iter().take(2).map(|&side| side as u64).product::<u64>() * 3)
}

/// What is said of a picture or film; empty where nothing is.
pub fn caption(value: &Value) -> Value {
    value.as_str().unwrap_or_default().into()
}

/// The file of a picture, and what is said of it.
fn encoded(files: &Files, value: &Value, element: u32) -> Result<(Vec<u8>, Value)> {
    if value["_type"] == "images/separated" {
        let at = element as usize;
        let one = serde_json::json!({ "path": value["filenames"][at] });
        return Ok((files.read(&one, PICTURE_BYTES_MAX)?, caption(&value["captions"][at])));
    }
    Ok((files.read(value, PICTURE_BYTES_MAX)?, caption(&value["caption"])))
}

/// A picture without its opacity; only a PNG may be of one channel.
fn opaque(pixels: Result<Array, String>, encoded: &[u8]) -> Result<Array, String> {
    let array = pixels?;
    let (mut shape, data) = (array.shape().to_vec(), array.data());
    let data = match shape[2] {
        4 => data.as_chunks::<4>().0.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]).collect(),
        1 if !encoded.starts_with(b"\x89PNG") => data.iter().flat_map(|&grey| [grey; 3]).collect(),
        _ => return Ok(array),
    };
    shape[2] = 3;
    Array::new(Dtype::Uint8, shape, data).map_err(|error| error.to_string())
}

fn histogram(value: &Value) -> Result<Histogram, String> {
    let all = |value: &Value| -> Option<Vec<f64>> {
        value.as_array()?.iter().map(|number| number.as_f64().filter(|number| number.is_finite())).collect()
    };
    let counts = all(&value["values"]).filter(|counts| (1..=BINS_MAX).contains(&counts.len()));
    let counts = counts.ok_or_else(|| format!("no list of 1 to {BINS_MAX} values"))?;
    let packed = || {
        let (min, size) = (value["packedBins"]["min"].as_f64()?, value["packedBins"]["size"].as_f64()?);
        Some((0..=counts.len()).map(|at| min + at as f64 * size).collect())
    };
    let edges = all(&value["bins"]).or_else(packed).ok_or("no bins")?;
    if edges.len() != counts.len() + 1 || !edges.is_sorted_by(|a, b| a < b) {
        return Err(format!("{} values and {} edges, or edges that do not ascend", counts.len(), edges.len()));
    }
    Ok(Histogram { edges, counts })
}

fn text(bytes: Vec<u8>) -> Result<Array> {
    Array::new(Dtype::Uint8, vec![bytes.len()], bytes)
}

fn listed<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, String> {
    let found = value[name].as_array().filter(|found| found.len() <= COUNT_MAX);
    found.ok_or_else(|| format!("expected at most {COUNT_MAX} {name}"))
}

fn part(name: &str, at: usize, count: usize) -> String {
    if count == 1 { name.to_owned() } else { format!("{name}/{at}") }
}
