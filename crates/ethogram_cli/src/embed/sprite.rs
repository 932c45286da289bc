//! The frames of all points as one picture, a small one beside the other.

use std::ops::Range;

use ethogram_query::{MapPlace, Params, Result, RunHandle, Workbench};
use ethogram_store::{Column, ColumnData, Dtype};

use super::Table;

/// Longest side of the whole picture, which TensorBoard shows.
const SIDE_MAX: usize = 8_192;
/// Longest side of one frame in it.
const FRAME_MAX: usize = 64;

/// The frames of all points, row after row.
pub struct Sprite {
    /// **Shape**: `[height, width, 3]`.
    pub pixels: Vec<u8>,
    /// Of the whole picture.
    pub width: usize,
    /// Width and height of one frame in it.
    pub frame: (usize, usize),
}

impl Sprite {
    /// `None` when the first point has no frame; a point without one is black.
    pub fn new(bench: &Workbench, table: &Table) -> Result<Option<Self>> {
        let places = table.map.places();
        let across = (places.len() as f64).sqrt().ceil() as usize;
        let most = FRAME_MAX.min(SIDE_MAX / across.max(1));
        let mut sprite: Option<Sprite> = None;
        for (at, place) in places.iter().enumerate() {
            let source = &table.map.sources()[place.source as usize];
            if source.samples.is_some() {
                return Ok(None);
            }
            let run = bench.run(&source.run.0)?;
            let Some(column) = frame(&run, place)? else {
                if sprite.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let Some((width, height, planes)) = size_of(&column) else { return Ok(None) };
            let sprite = sprite.get_or_insert_with(|| {
                let by = (most as f64 / width.max(height) as f64).min(1.0);
                let frame = (((width as f64 * by) as usize).max(1), ((height as f64 * by) as usize).max(1));
                let size = frame.0 * across * frame.1 * places.len().div_ceil(across);
                Sprite { pixels: vec![0; 3 * size], width: frame.0 * across, frame }
            });
            sprite.lay(&column, (width, height, planes), (at % across, at / across));
        }
        Ok(sprite)
    }

    /// Lays a frame at its place, each pixel the mean of those that it stands for.
    fn lay(&mut self, column: &Column, (width, height, planes): (usize, usize, usize), (left, top): (usize, usize)) {
        let ColumnData::Numeric(bytes) = &column.data else { return };
        let part = |at: usize, of: usize, length: usize| -> Range<usize> {
            let start = at * length / of;
            start..((at + 1) * length / of).max(start + 1)
        };
        for y in 0..self.frame.1 {
            for x in 0..self.frame.0 {
                let to = 3 * ((top * self.frame.1 + y) * self.width + left * self.frame.0 + x);
                let (rows, columns) = (part(y, self.frame.1, height), part(x, self.frame.0, width));
                for plane in 0..3 {
                    let from =
                        |row: usize, column: usize| bytes[(row * width + column) * planes + plane.min(planes - 1)];
                    let sum: u32 = rows
                        .clone()
                        .flat_map(|row| columns.clone().map(move |column| u32::from(from(row, column))))
                        .sum();
                    self.pixels[to + plane] = (sum / (rows.len() * columns.len()) as u32) as u8;
                }
            }
        }
    }
}

/// The rendered picture of a step.
fn frame(run: &RunHandle, place: &MapPlace) -> Result<Option<Column>> {
    if run.source().step_fields(place.episode)?.iter().all(|info| info.name != "frame") {
        return Ok(None);
    }
    let field = run.field(place.episode, "frame", &Params::new(), place.step..place.step + 1)?;
    Ok((field.column.rows() == 1 && field.column.is_valid(0)).then(|| field.column.clone()))
}

/// Width, height and planes of a picture of bytes.
fn size_of(column: &Column) -> Option<(usize, usize, usize)> {
    let size = match column.info.shape[..] {
        [height, width] => (width, height, 1),
        [height, width, planes @ (1 | 3 | 4)] => (width, height, planes),
        _ => return None,
    };
    (column.info.dtype == Some(Dtype::Uint8) && size.0 * size.1 > 0).then_some(size)
}
