//! Values of event files as rows of tensors, read again from their place.

use std::path::Path;

use ethogram_store::{Array, Dtype, Error, Result, TensorKind, TensorRow};
use serde_json::{Map, Value, json};

use super::event::{self, Data, Event, What};
use super::histogram::Histogram;
use super::picture;
use super::protobuf::{Fields, NotAMessage, Value as Field};
use super::record::read_again;
use super::tensor::{Tensor, tensor};
use crate::sound;
use crate::tables::Place;

/// What a tensor of a plug-in that is not known is, and whether it is a single number. Its values are not looked at.
pub fn kind(bytes: &[u8]) -> Result<(TensorKind, bool), &'static str> {
    let (dtype, axes) = head(bytes).map_err(|NotAMessage| "the tensor is no message")?;
    match (dtype, axes == 0) {
        (7, single) => Ok((TensorKind::Text, single)),
        (1..=6 | 9 | 10 | 14 | 17 | 19 | 22 | 23, single) => Ok((TensorKind::Tensor, single)),
        _ => Err("the tensor is of a type that is not read"),
    }
}

/// Type and number of axes.
fn head(bytes: &[u8]) -> Result<(u64, usize), NotAMessage> {
    let (mut dtype, mut axes) = (0, 0);
    for field in Fields::of(bytes) {
        match field? {
            (1, Field::Varint(number)) => dtype = number,
            (2, Field::Bytes(shape)) => axes = Fields::of(shape).filter(|field| matches!(field, Ok((2, _)))).count(),
            _ => {}
        }
    }
    Ok((dtype, axes))
}

/// The one number of a tensor.
pub fn number(bytes: &[u8]) -> Option<f64> {
    let Ok(Tensor::Numbers(array)) = tensor(bytes) else { return None };
    (array.len() == 1).then(|| array.to_f64()[0])
}

/// How many pictures a tensor of the plug-in `images` holds: after width and height each is a text of its own.
pub fn pictures(bytes: &[u8]) -> Option<u32> {
    let Ok(Tensor::Texts(texts)) = tensor(bytes) else { return None };
    u32::try_from(texts.len().saturating_sub(2)).ok()
}

/// How many sounds a tensor of the plug-in `audio` holds: K of them, or K by two with a label behind each.
pub fn sounds(bytes: &[u8]) -> Option<u32> {
    let Ok(Tensor::Texts(texts)) = tensor(bytes) else { return None };
    u32::try_from(texts.len() / sound_parts(bytes)?).ok()
}

fn sound_parts(bytes: &[u8]) -> Option<usize> {
    head(bytes).ok().map(|(_, axes)| axes).filter(|axes| (1..=2).contains(axes))
}

/// The text of a tensor; several are lines.
pub fn text(bytes: &[u8]) -> Option<String> {
    let Ok(Tensor::Texts(texts)) = tensor(bytes) else { return None };
    let texts: Vec<_> = texts.into_iter().map(String::from_utf8_lossy).collect();
    Some(texts.join("\n"))
}

/// Reads what lies at a place of an event file.
///
/// # Errors
/// It cannot be read any more, or it is damaged.
pub fn row(path: &Path, kind: TensorKind, place: &Place) -> Result<TensorRow> {
    let (array, meta) = look(path, kind, place, |data| values(kind, data, place.element))?;
    Ok(TensorRow { step: place.step, time_us: place.time_us, kind, array, meta })
}

/// Bytes of the array that [`row`] gives. Of a picture only the head is read.
///
/// # Errors
/// As [`row`].
pub fn bytes(path: &Path, kind: TensorKind, place: &Place) -> Result<u64> {
    look(path, kind, place, |data| match kind {
        TensorKind::Image => {
            Ok(picture::shape(encoded(data, place.element)?)?.iter().map(|&side| side as u64).product())
        }
        TensorKind::Tensor if let Some((encoded, _)) = sound_of(data, place.element) => sound::bytes(encoded),
        _ => values(kind, data, place.element).map(|(array, _)| array.data().len() as u64),
    })
}

/// What `take` makes of the value at a place. Its error says what lies there instead.
fn look<T>(
    path: &Path,
    kind: TensorKind,
    place: &Place,
    take: impl FnOnce(Data<'_>) -> Result<T, String>,
) -> Result<T> {
    let corrupt = |expected: &str, found: String| Error::Corrupt {
        what: format!("value {} of the record at byte {}", place.value, place.offset),
        expected: expected.to_owned(),
        found,
        path: path.to_owned(),
    };
    let bytes = read_again(path, place.offset, place.length)?;
    let event = Event::read(&bytes).map_err(|_| corrupt("an event", "other bytes".into()))?;
    let What::Summary(summary) = event.what else { return Err(corrupt("a summary", "another event".into())) };
    let (mut index, mut data) = (0, Data::None);
    let read = event::values(summary, |value| {
        if index == place.value {
            data = value.data;
        }
        index += 1;
    });
    read.map_err(|_| corrupt("a summary", "other bytes".into()))?;
    take(data).map_err(|why| corrupt(name(kind), why))
}

fn values(kind: TensorKind, data: Data<'_>, element: u32) -> Result<(Array, Map<String, Value>), String> {
    match (kind, data) {
        (TensorKind::Image, data) => picture_of(encoded(data, element)?),
        (TensorKind::Distribution, Data::Histogram(bytes)) => {
            Ok(Histogram::of_proto(bytes).map_err(|_| "no message")?.into_row())
        }
        (TensorKind::Distribution, Data::Tensor(bytes)) => match tensor(bytes)? {
            Tensor::Numbers(array) => Ok(Histogram::of_tensor(&array)?.into_row()),
            Tensor::Texts(_) => Err("texts".into()),
        },
        (TensorKind::Text, Data::Tensor(bytes)) => {
            let text = text(bytes).ok_or("numbers")?.into_bytes();
            let array = Array::new(Dtype::Uint8, vec![text.len()], text).map_err(|error| error.to_string())?;
            Ok((array, Map::new()))
        }
        (TensorKind::Tensor, data) => {
            if let Some((encoded, label)) = sound_of(data, element) {
                let (array, rate) = sound::samples(encoded)?;
                let label = String::from_utf8_lossy(label).into_owned();
                return Ok((array, sound::told(rate, label)));
            }
            let Data::Tensor(bytes) = data else { return Err("something else".into()) };
            match tensor(bytes)? {
                Tensor::Numbers(array) => Ok((array, Map::new())),
                Tensor::Texts(_) => Err("texts".into()),
            }
        }
        _ => Err("something else".into()),
    }
}

/// The bytes of a sound as they were written, and its label.
fn sound_of(data: Data<'_>, element: u32) -> Option<(&[u8], &[u8])> {
    match data {
        Data::Audio(audio) => {
            let encoded = |field| if let Ok((4, Field::Bytes(encoded))) = field { Some(encoded) } else { None };
            Some((Fields::of(audio).filter_map(encoded).last().unwrap_or_default(), &[]))
        }
        Data::Tensor(bytes) if head(bytes).is_ok_and(|(dtype, _)| dtype == 7) => {
            let (parts, Ok(Tensor::Texts(texts))) = (sound_parts(bytes)?, tensor(bytes)) else { return None };
            let at = parts * element as usize;
            let label = if parts == 2 { texts.get(at + 1).copied() } else { None };
            Some((texts.get(at).copied()?, label.unwrap_or_default()))
        }
        _ => None,
    }
}

/// The bytes of a picture as they were written.
fn encoded(data: Data<'_>, element: u32) -> Result<&[u8], String> {
    match data {
        Data::Image(image) => {
            let mut encoded: &[u8] = &[];
            for field in Fields::of(image) {
                if let (4, Field::Bytes(bytes)) = field.map_err(|_| "no message")? {
                    encoded = bytes;
                }
            }
            Ok(encoded)
        }
        Data::Tensor(bytes) => match tensor(bytes)? {
            Tensor::Texts(texts) => Ok(texts.get(element as usize + 2).copied().unwrap_or_default()),
            Tensor::Numbers(_) => Err("numbers".into()),
        },
        _ => Err("something else".into()),
    }
}

fn picture_of(encoded: &[u8]) -> Result<(Array, Map<String, Value>), String> {
    let mut meta = Map::new();
    if encoded.starts_with(b"GIF8") {
        // A moving picture: the first frame stands for it.
        meta.insert("encoded_as".into(), json!("gif, the first frame"));
    }
    Ok((picture::pixels(encoded)?, meta))
}

fn name(kind: TensorKind) -> &'static str {
    match kind {
        TensorKind::Tensor => "a tensor",
        TensorKind::Distribution => "a histogram",
        TensorKind::Image => "a picture",
        TensorKind::Text => "a text",
    }
}
