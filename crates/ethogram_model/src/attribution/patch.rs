//! Rows of the explained value with a rectangle of one picture changed, and what the network makes of them.

use super::Explained;
use super::explained::Part;
use super::picture::Picture;
use crate::error::Result;
use crate::exec::{Area, Cancel};

/// Points that are asked about at once; more only costs memory.
pub(super) const POINTS_AT_ONCE: usize = 512;

/// Share of a picture that changes, from which on nothing is gained by leaving the rest as it is.
const SHARE_MAX: f64 = 0.8;

/// A row of the explained value with other numbers in a part of it.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    /// Which row.
    pub row: usize,
    /// Where in the pictures of the part; of a vector, columns of one row.
    pub area: Area,
    /// `[planes, rows, columns]` of the area.
    pub values: Vec<f32>,
}

impl Patch {
    /// `number(element)` is what an element of the part becomes.
    pub fn new(row: usize, part: &Part, area: Area, number: impl Fn(usize) -> f32) -> Self {
        let picture = Picture::or_line(part);
        let mut values = Vec::with_capacity(picture.planes * area.count());
        for plane in 0..picture.planes {
            for line in area.from[0]..area.to[0] {
                let (start, [_, _, step]) = (picture.element(plane, line, 0), picture.strides());
                values.extend((area.from[1]..area.to[1]).map(|column| number(start + column * step)));
            }
        }
        Patch { row, area, values }
    }

    /// Lays the numbers into the part's place of a row.
    fn lay(&self, part: &Part, row: &mut [f32]) {
        let picture = Picture::or_line(part);
        let [_, length] = self.area.lengths();
        let lines = self.area.from[0]..self.area.to[0];
        let each = lines.len().max(1);
        for (index, values) in self.values.chunks(length.max(1)).enumerate() {
            let (plane, line) = (index / each, lines.start + index % each);
            let (start, [_, _, step]) = (picture.element(plane, line, self.area.from[1]), picture.strides());
            let places = row[part.offset + start..].iter_mut().step_by(step);
            places.zip(values).for_each(|(place, value)| *place = *value);
        }
    }
}

impl Explained<'_> {
    /// Every entry of the target's output for each patch of one part, unweighed. **Shapes**: `[P, entries]`.
    ///
    /// Where the first layers look at places of a picture, they are done again only where a patch reaches; the numbers are the same to the bit.
    pub(super) fn outputs_of(&self, part: &Part, patches: &[Patch], cancel: &Cancel) -> Result<(Vec<f32>, usize)> {
        let (width, at) = (self.width(), self.at_values());
        let Picture { height, width: columns, .. } = Picture::or_line(part);
        let changed: usize = patches.iter().map(|patch| patch.area.count()).sum();
        let little = (changed as f64) < SHARE_MAX * (patches.len() * height * columns) as f64;
        if little
            && self.parts().len() == 1
            && !part.channels_last
            && at.iter().all(|value| value.is_finite())
            && let Some(entries) = self.around(patches, cancel)?
        {
            return Ok((entries, self.entries()));
        }
        let mut entries = Vec::with_capacity(patches.len() * self.entries());
        for patches in patches.chunks(POINTS_AT_ONCE) {
            let mut points = Vec::with_capacity(patches.len() * width);
            for patch in patches {
                let start = points.len();
                points.extend_from_slice(&at[patch.row * width..][..width]);
                patch.lay(part, &mut points[start..]);
            }
            let of: Vec<usize> = patches.iter().map(|patch| patch.row).collect();
            entries.extend(self.outputs(&points, &of, cancel)?.0);
        }
        Ok((entries, self.entries()))
    }
}
