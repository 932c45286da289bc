//! The pictures of an episode, as people see them.

use std::ops::Range;

use ethogram_store::codec::{FrameLayout, LayoutKind, decode_group};
use ethogram_store::{Array, Column, Dtype, Space};
use ethogram_video::Picture;

use super::{NOTHING, VideoRequest};
use crate::action_counts::{bounds, leaf};
use crate::{Error, FieldEntry, Params, Result, RunHandle, nearest_names};

/// Sides of this length make a picture of numbers, whatever the field is called.
const SIDE_MIN: u32 = 8;
/// Fields that are looked at first, in this order.
const FIRST: [&str; 2] = ["frame", "observation"];
/// Bytes of rows of numbers that are read at once, about.
const READ_BYTES: usize = 8 << 20;
/// Alpha of a rendered frame shows this, level for level.
const GROUND: u8 = 255;

/// Which field is shown, and how a row of it becomes a picture.
#[derive(Clone, Debug)]
pub(crate) struct PictureField {
    pub name: String,
    layout: FrameLayout,
    /// Stored by a frame codec, in groups.
    encoded: bool,
    /// What is black and what is white.
    scale: (f64, f64),
}

impl PictureField {
    /// What the request asks for, or what there is; `None` for nothing.
    pub fn choose(run: &RunHandle, request: &VideoRequest, fields: &[FieldEntry]) -> Result<Option<Self>> {
        let asked = match (request.picture.as_deref(), &request.overlay) {
            (Some(NOTHING), None) => return Ok(None),
            (Some(name), _) => Some(name),
            // What is explained is what the policy received.
            (None, Some(_)) => Some("observation"),
            (None, None) => None,
        };
        let entry = match asked {
            Some(name) => {
                let found = fields.iter().find(|entry| entry.info.name == name);
                let names: Vec<_> = fields.iter().filter(|e| layout_of(e).is_some()).map(|e| &*e.info.name).collect();
                let logged = if names.is_empty() { "no pictures".to_owned() } else { names.join(", ") };
                let no_field = || Error::NoField {
                    run: run.id().clone(),
                    episode: request.episode,
                    field: name.to_owned(),
                    logged: logged.clone(),
                    nearest: nearest_names(name, names.iter().copied()),
                };
                let found = found.ok_or_else(no_field)?;
                if layout_of(found).is_none() {
                    return Err(Error::BadInput {
                        field: "video".into(),
                        input: name.to_owned(),
                        expected: "pictures, two axes or more of eight pixels or more".into(),
                        found: format!("rows of shape {:?}; pictures there: {logged}", found.info.shape),
                    });
                }
                found
            }
            None => return Self::usual(run, request.episode, fields),
        };
        Self::of(run, request.episode, entry)
    }

    /// What there is of an episode: the frame, else the observation, else any other; `None` for no pictures.
    pub fn usual(run: &RunHandle, episode: u64, fields: &[FieldEntry]) -> Result<Option<Self>> {
        let pictures = || fields.iter().filter(|entry| layout_of(entry).is_some());
        let first = FIRST.iter().find_map(|name| pictures().find(|entry| entry.info.name == *name));
        let found = first.or_else(|| pictures().find(|entry| entry.info.image));
        found.map_or(Ok(None), |entry| Self::of(run, episode, entry))
    }

    fn of(run: &RunHandle, episode: u64, entry: &FieldEntry) -> Result<Option<Self>> {
        let Some(layout) = layout_of(entry) else { return Ok(None) };
        let info = &entry.info;
        let scale = scale_of(run, episode, entry)?;
        Ok(Some(Self { name: info.name.clone(), layout, encoded: info.image, scale }))
    }

    /// Width and height of its pictures.
    pub fn size(&self) -> (u32, u32) {
        (self.layout.width, self.layout.height)
    }

    /// One row, a byte a sample, as red, green and blue. Of a stack the newest plane; three planes are colours, for stacks of three are
    /// rare.
    fn picture(&self, row: &[u8]) -> Result<Picture> {
        let layout = &self.layout;
        let pixels = layout.pixels();
        let planes = usize::from(layout.stack.max(1));
        let channels = usize::from(layout.channels);
        let mut rgb = Vec::with_capacity(3 * pixels);
        let newest = &row[(planes - 1) * layout.picture_bytes()..];
        match layout.kind {
            LayoutKind::PlanesLast => row.chunks_exact(planes).for_each(|pixel| rgb.extend([pixel[planes - 1]; 3])),
            LayoutKind::PlanesFirst if planes == 3 && channels == 1 => {
                (0..pixels).for_each(|at| rgb.extend([row[at], row[pixels + at], row[2 * pixels + at]]));
            }
            _ if channels == 3 => rgb.extend_from_slice(newest),
            _ if channels == 4 && self.name == "frame" => {
                for pixel in newest.chunks_exact(4) {
                    let ground = ethogram_video::Rgb([GROUND; 3]);
                    rgb.extend(ground.under(ethogram_video::Rgb([pixel[0], pixel[1], pixel[2]]), pixel[3]).0);
                }
            }
            _ => newest.chunks_exact(channels).for_each(|pixel| rgb.extend([pixel[channels - 1]; 3])),
        }
        Ok(Picture::new(layout.width, layout.height, rgb)?)
    }
}

/// How rows of a field are pictures; `None` when they are none.
fn layout_of(entry: &FieldEntry) -> Option<FrameLayout> {
    let info = &entry.info;
    info.dtype?;
    let layout = FrameLayout::of_shape(&info.shape, info.stack_axis)?;
    let large = info.image || info.name == FIRST[0] || layout.height.min(layout.width) >= SIDE_MIN;
    large.then_some(layout)
}

/// What is black and what is white: bytes are what they are; numbers reach over the bounds of the observation space, else from 0 to 1, else as
/// far as the episode does.
fn scale_of(run: &RunHandle, episode: u64, entry: &FieldEntry) -> Result<(f64, f64)> {
    let info = &entry.info;
    match info.dtype {
        Some(Dtype::Uint8) => return Ok((0.0, 255.0)),
        Some(Dtype::Bool) => return Ok((0.0, 1.0)),
        _ => {}
    }
    let space = run.info().env.as_ref().and_then(|env| env.observation_space.as_ref());
    let space = space.filter(|_| info.name.starts_with("observation")).and_then(|space| leaf_of(space, &info.name));
    if let Some(Space::Box { low, high, .. }) = space
        && let Some(ends) = bounds(low, high, 0)
    {
        return Ok(ends);
    }
    let extents = run.extents(episode, &info.name, &Params::new())?;
    let low = extents.low.iter().copied().fold(f64::NAN, f64::min);
    let high = extents.high.iter().copied().fold(f64::NAN, f64::max);
    Ok(if low >= 0.0 && high <= 1.0 || low.is_nan() {
        (0.0, 1.0)
    } else if low < high {
        (low, high)
    } else {
        (low, low + 1.0)
    })
}

/// Spaces of observations are named as those of actions are.
fn leaf_of<'a>(space: &'a Space, name: &str) -> Option<&'a Space> {
    leaf(space, &name.replacen("observation", "action", 1))
}

/// Reads pictures step by step; what was decoded last is kept.
pub(crate) struct Pictures<'a> {
    run: &'a RunHandle,
    episode: u64,
    field: &'a PictureField,
    held: Held,
}

/// Rows of bytes, and the steps that they are of.
#[derive(Default)]
struct Held {
    steps: Range<u64>,
    bytes: Vec<u8>,
    row_bytes: usize,
    /// False where nothing was logged; empty when all was.
    valid: Vec<bool>,
}

impl<'a> Pictures<'a> {
    pub fn new(run: &'a RunHandle, episode: u64, field: &'a PictureField) -> Self {
        Self { run, episode, field, held: Held::default() }
    }

    /// The picture of a step; `None` where none was logged.
    pub fn read(&mut self, step: u64) -> Result<Option<Picture>> {
        if !self.held.steps.contains(&step) {
            self.held = if self.field.encoded { self.group(step)? } else { self.rows(step)? };
        }
        let row = (step - self.held.steps.start) as usize;
        if self.held.valid.get(row) == Some(&false) {
            return Ok(None);
        }
        let bytes = self.held.bytes.get(row * self.held.row_bytes..(row + 1) * self.held.row_bytes);
        match bytes {
            Some(bytes) if !bytes.is_empty() => self.field.picture(bytes).map(Some),
            _ => Ok(None),
        }
    }

    /// The group of frames that holds a step; of nothing, that step alone.
    fn group(&self, step: u64) -> Result<Held> {
        let groups = self.run.source().frame_groups(self.episode, &self.field.name, step..step + 1)?;
        let holds = |first: u64, count: u32| (first..first + u64::from(count)).contains(&step);
        let Some(group) = groups.iter().rev().find(|group| holds(group.first, group.count)) else {
            return Ok(Held { steps: step..step + 1, valid: vec![false], ..Held::default() });
        };
        let rows: Array = decode_group(&group.bytes)?;
        let count = rows.shape().first().copied().unwrap_or(0);
        let row_bytes = self.field.layout.row_bytes();
        if rows.data().len() != count * row_bytes || count as u64 <= step - group.first {
            return Err(Error::BadInput {
                field: "video".into(),
                input: self.field.name.clone(),
                expected: format!("rows of {row_bytes} bytes"),
                found: format!("{} bytes in {count} rows", rows.data().len()),
            });
        }
        // Rows that were logged again lie in a newer group: each step of this one is looked up by itself when groups overlap.
        let steps = if groups.len() > 1 { step..step + 1 } else { group.first..group.first + count as u64 };
        let start = (steps.start - group.first) as usize * row_bytes;
        let end = (steps.end - group.first) as usize * row_bytes;
        Ok(Held { steps, bytes: rows.data()[start..end].to_vec(), row_bytes, valid: Vec::new() })
    }

    /// Rows of numbers from a step on, as bytes.
    fn rows(&self, step: u64) -> Result<Held> {
        let row_bytes = self.field.layout.row_bytes();
        let count = (READ_BYTES / (8 * row_bytes.max(1))).max(1) as u64;
        let field = self.run.field(self.episode, &self.field.name, &Params::new(), step..step + count)?;
        let column: &Column = &field.column;
        let (low, high) = self.field.scale;
        let level = |value: f64| (255.0 * (value - low) / (high - low)).round().clamp(0.0, 255.0) as u8;
        let bytes: Vec<u8> = column.to_f64().into_iter().map(level).collect();
        if column.first != step || column.rows() == 0 {
            return Ok(Held { steps: step..step + 1, valid: vec![false], ..Held::default() });
        }
        let valid = (0..column.rows()).map(|row| column.is_valid(row)).collect();
        Ok(Held { steps: step..step + column.rows() as u64, bytes, row_bytes, valid })
    }
}
