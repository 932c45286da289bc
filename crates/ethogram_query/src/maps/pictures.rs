//! What was seen at points of a map, in small.

use std::sync::Arc;

use ethogram_model::Cancel;
use ethogram_video::Picture;

use super::map::StateMap;
use super::request::wrong;
use super::selection::Place;
use crate::video::{PictureField, Pictures};
use crate::{Error, Result, RunHandle, Workbench, in_parallel, threads};

/// Most points of one question.
pub const MAP_PICTURES_MAX: usize = 512;
/// Longest side of a picture that can be asked for, in pixels.
pub const MAP_PICTURE_SIDE_MAX: u32 = 256;
/// Points of one episode that are read by one thread after the other: they share groups of frames.
const POINTS_A_TASK: usize = 16;

/// Pictures of points.
#[derive(Debug, Default)]
pub struct MapPictures {
    /// In the order of the question: the frame, else the observation where it is a picture; `None` where neither was logged.
    pub pictures: Vec<Option<MapPicture>>,
    /// Why some of those that are `None` could not be read: the first reason.
    pub error: Option<Error>,
}

/// A picture in small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapPicture {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green and blue of each pixel, row after row.
    pub rgb: Vec<u8>,
}

impl Workbench {
    /// Pictures of points of a map, of whatever episodes and samples they are; none is longer than `side` pixels.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond the named limits, [`Error::BadParam`] for points that there are not, a run that is gone; cancelled.
    pub fn map_pictures(&self, map: &StateMap, points: &[usize], side: u32, cancel: &Cancel) -> Result<MapPictures> {
        if points.len() > MAP_PICTURES_MAX {
            let what = "points with pictures (MAP_PICTURES_MAX)".to_owned();
            return Err(Error::TooLarge { what, limit: MAP_PICTURES_MAX as u64, found: points.len() as u64 });
        }
        if side == 0 || side > MAP_PICTURE_SIDE_MAX {
            return Err(wrong("side", &format!("1 to {MAP_PICTURE_SIDE_MAX} pixels"), &side.to_string()));
        }
        let places = map.places();
        if let Some(point) = points.iter().find(|point| **point >= places.len()) {
            return Err(wrong("points", &format!("indices below {}", places.len()), &point.to_string()));
        }
        let runs = map.sources().iter().map(|source| self.source_of(source)).collect::<Result<Vec<_>>>()?;
        // Places are sorted, so that points in their order share episodes and groups of frames.
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by_key(|&at| places[points[at]]);
        let same = |a: &usize, b: &usize| {
            let [a, b] = [a, b].map(|at| places[points[*at]]);
            (a.source, a.episode) == (b.source, b.episode)
        };
        let tasks: Vec<&[usize]> = order.chunk_by(same).flat_map(|own| own.chunks(POINTS_A_TASK)).collect();
        let read = |task: &&[usize]| -> Result<Vec<Option<MapPicture>>> {
            let steps: Vec<Place> = task.iter().map(|&at| places[points[at]]).collect();
            pictures_of(&runs, &steps, side, cancel)
        };
        let mut found = MapPictures { pictures: vec![None; points.len()], error: None };
        for (task, made) in tasks.iter().zip(in_parallel(&tasks, threads(), read)) {
            match made {
                Ok(made) => task.iter().zip(made).for_each(|(&at, picture)| found.pictures[at] = picture),
                Err(error) => found.error = found.error.or(Some(error)),
            }
        }
        cancel.check()?;
        Ok(found)
    }
}

/// Of some steps of one episode.
fn pictures_of(
    runs: &[Arc<RunHandle>],
    steps: &[Place],
    side: u32,
    cancel: &Cancel,
) -> Result<Vec<Option<MapPicture>>> {
    let Some(first) = steps.first() else { return Ok(Vec::new()) };
    let run = &runs[first.source as usize];
    let fields = run.fields(first.episode)?;
    let Some(field) = PictureField::usual(run, first.episode, &fields)? else { return Ok(vec![None; steps.len()]) };
    let mut pictures = Pictures::new(run, first.episode, &field);
    let of = |place: &Place| {
        cancel.check()?;
        Ok(pictures.read(place.step)?.map(|picture| shrunk(&picture, side)))
    };
    steps.iter().map(of).collect()
}

/// At most `side` pixels on its longer side, never enlarged: each pixel is the mean of those that it stands for, so that thin things stay
/// visible.
fn shrunk(picture: &Picture, side: u32) -> MapPicture {
    let (width, height, rgb) = (picture.width(), picture.height(), picture.rgb());
    let scale = (f64::from(side) / f64::from(width.max(height))).min(1.0);
    let length = |of: u32| ((f64::from(of) * scale).round() as u32).max(1);
    let (across, down) = (length(width), length(height));
    let ends = |at: u32, of: u32, all: u32| {
        let start = (u64::from(at) * u64::from(all) / u64::from(of)) as usize;
        let end = (u64::from(at + 1) * u64::from(all) / u64::from(of)) as usize;
        start..end.max(start + 1)
    };
    let mut small = Vec::with_capacity(3 * (across * down) as usize);
    for y in 0..down {
        let rows = ends(y, down, height);
        for x in 0..across {
            let columns = ends(x, across, width);
            let count = (rows.len() * columns.len()) as u32;
            let mut sums = [0_u32; 3];
            for row in rows.clone() {
                let line = &rgb[3 * (row * width as usize + columns.start)..][..3 * columns.len()];
                for pixel in line.chunks_exact(3) {
                    sums.iter_mut().zip(pixel).for_each(|(sum, level)| *sum += u32::from(*level));
                }
            }
            small.extend(sums.map(|sum| ((sum + count / 2) / count) as u8));
        }
    }
    MapPicture { width: across, height: down, rgb: small }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_means_and_nothing_is_enlarged() {
        let levels: Vec<u8> = (0..24).flat_map(|at| [at * 10, 0, 255]).collect();
        let picture = Picture::new(6, 4, levels).expect("a picture");
        let small = shrunk(&picture, 3);
        assert_eq!((small.width, small.height), (3, 2));
        // The mean of pixels 0, 1, 6 and 7.
        assert_eq!(small.rgb[..3], [35, 0, 255]);
        assert_eq!(shrunk(&picture, 100).rgb, picture.rgb());
        let thin = shrunk(&Picture::new(1, 500, vec![7; 1_500]).expect("a picture"), 10);
        assert_eq!((thin.width, thin.height, thin.rgb[0]), (1, 10, 7));
    }
}
