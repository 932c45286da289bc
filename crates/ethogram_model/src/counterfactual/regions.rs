//! Rectangles of a picture that are replaced by something without what stood there.

use super::Asker;
use crate::error::{Error, Result};

/// Rectangles that are replaced together, at most.
const AREAS_MAX: usize = 12;
/// Cells along the shorter side of the picture.
const CELLS: usize = 10;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Column of its left edge.
    pub x: usize,
    /// Row of its top edge.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// What takes the place of a rectangle.
pub struct Replacement<'a> {
    /// Rows of the picture.
    pub height: usize,
    /// Columns of the picture.
    pub width: usize,
    /// A number for each element of the input.
    pub values: &'a [f32],
    /// Elements of the input that belong to a pixel, by row and column.
    pub elements: &'a dyn Fn(usize, usize) -> Vec<usize>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegionChange {
    /// In the order in which they were found.
    pub areas: Vec<Area>,
    /// Margin when they are replaced: positive when the network now chooses what is wanted.
    pub margin: f32,
    /// Changed inputs that the network was asked about.
    pub asked: usize,
}

/// Few small rectangles which, once replaced, make the network choose what is wanted; when none do, those that come nearest.
///
/// A grid of overlapping cells is laid over the picture; the cell that raises the margin most is replaced, then the next, until the
/// choice flips. Then rectangles that are not needed are given back, and every edge of the others is moved inward as far as it goes.
///
/// **Source**: the greedy choice of occluded regions is that of search-based visual counterfactuals (Goyal et al. 2019, section 3.2), with
/// one replacement instead of another picture's.
pub fn smallest_regions(asker: &mut Asker<'_, '_>, replacement: &Replacement<'_>) -> Result<RegionChange> {
    let Replacement { height, width, values, .. } = *replacement;
    if values.len() != asker.width() || height == 0 || width == 0 {
        return Err(Error::Argument {
            argument: "replacement",
            expected: format!("a picture, and {} numbers", asker.width()),
            found: format!("{height} × {width} pixels and {} numbers", values.len()),
        });
    }
    let mut margin = asker.margin(asker.start())?;
    let mut areas: Vec<Area> = Vec::new();
    let cells = cells(height, width);
    while margin <= 0.0 && areas.len() < AREAS_MAX {
        let mut best: Option<(f32, Area)> = None;
        for some in cells.chunks(32) {
            let masks: Vec<Vec<Area>> = some.iter().map(|&cell| [areas.as_slice(), &[cell]].concat()).collect();
            for (margin, &cell) in replaced(asker, replacement, &masks)?.into_iter().zip(some) {
                if best.is_none_or(|(most, _)| margin > most) {
                    best = Some((margin, cell));
                }
            }
            let most = best.map_or(margin, |(most, _)| most.max(margin));
            asker.tell(most);
        }
        let Some((most, cell)) = best.filter(|(most, _)| *most > margin) else { break };
        areas.push(cell);
        margin = most;
    }
    if margin > 0.0 {
        margin = tightened(asker, replacement, &mut areas)?;
    }
    Ok(RegionChange { areas, margin, asked: asker.asked })
}

/// Overlapping cells, each half a cell from the next.
fn cells(height: usize, width: usize) -> Vec<Area> {
    let side = (height.min(width) / CELLS).max(1);
    let step = (side / 2).max(1);
    let starts = |length: usize| (0..=length - side.min(length)).step_by(step);
    starts(height)
        .flat_map(|y| starts(width).map(move |x| Area { x, y, width: side.min(width), height: side.min(height) }))
        .collect()
}

/// The margin with each set of areas replaced.
fn replaced(asker: &mut Asker<'_, '_>, with: &Replacement<'_>, masks: &[Vec<Area>]) -> Result<Vec<f32>> {
    let start = asker.start();
    let mut points = Vec::with_capacity(masks.len() * start.len());
    for areas in masks {
        let from = points.len();
        points.extend_from_slice(start);
        for area in areas {
            for (y, x) in
                (area.y..area.y + area.height).flat_map(|y| (area.x..area.x + area.width).map(move |x| (y, x)))
            {
                for element in (with.elements)(y, x) {
                    points[from + element] = with.values[element];
                }
            }
        }
    }
    asker.margins(&points)
}

/// Gives back what is not needed. Gives the margin.
fn tightened(asker: &mut Asker<'_, '_>, with: &Replacement<'_>, areas: &mut Vec<Area>) -> Result<f32> {
    let flips = |asker: &mut Asker<'_, '_>, areas: &[Area]| -> Result<bool> {
        Ok(replaced(asker, with, &[areas.to_vec()])?[0] > 0.0)
    };
    // What was found first matters most, so it is the last to go.
    for at in (0..areas.len()).rev() {
        let mut fewer = areas.clone();
        fewer.remove(at);
        if !fewer.is_empty() && flips(asker, &fewer)? {
            *areas = fewer;
        }
    }
    for at in 0..areas.len() {
        for side in 0..4 {
            let length = if side % 2 == 0 { areas[at].width } else { areas[at].height };
            let mut cut = length / 2;
            while cut > 0 {
                let mut smaller = areas.clone();
                smaller[at] = areas[at].without(side, cut);
                let fits = smaller[at].width > 0 && smaller[at].height > 0;
                if fits && flips(asker, &smaller)? {
                    *areas = smaller;
                } else {
                    cut /= 2;
                }
            }
        }
    }
    let margin = replaced(asker, with, std::slice::from_ref(areas))?[0];
    asker.tell(margin);
    Ok(margin)
}

impl Area {
    /// Less `by` pixels on one side: left, top, right, bottom.
    fn without(self, side: usize, by: usize) -> Area {
        let (wide, high) = (self.width.saturating_sub(by), self.height.saturating_sub(by));
        match side {
            0 => Area { x: self.x + by, width: wide, ..self },
            1 => Area { y: self.y + by, height: high, ..self },
            2 => Area { width: wide, ..self },
            _ => Area { height: high, ..self },
        }
    }
}
