//! The smallest change of an input that makes a network choose otherwise.
//!
//! A choice is the largest entry of an output. Its **margin** is how far the wanted entry lies above every other: the change that is
//! looked for is the one that makes it positive, for as little as possible. What is found need not be a state that the environment
//! could ever be in.

mod entries;
mod regions;

pub use entries::{Bounds, EntryChange, Measure, nearest_entries};
pub use regions::{Area, RegionChange, Replacement, smallest_regions};

use crate::attribution::Explained;
use crate::error::{Error, Result};
use crate::exec::Cancel;

/// Asks about changed inputs, and counts how often.
pub struct Asker<'a, 'm> {
    /// Its row *j* has the target "wanted entry minus entry *j*"; all rows have the same inputs.
    explained: &'a Explained<'m>,
    wanted: usize,
    cancel: &'a Cancel,
    progress: &'a mut dyn FnMut(Progress),
    asked: usize,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Changed inputs that the network was asked about.
    pub asked: usize,
    /// Largest margin so far; positive once the network chooses what is wanted.
    pub margin: f32,
}

impl<'a, 'm> Asker<'a, 'm> {
    /// `explained` has a row for each entry of the output, all with the same inputs; the target of row *j* is the wanted entry minus
    /// entry *j* (row `wanted` is not looked at).
    ///
    /// **Errors**: fewer than two entries, or a wanted one beyond them.
    pub fn new(
        explained: &'a Explained<'m>,
        wanted: usize,
        cancel: &'a Cancel,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Result<Self> {
        let entries = explained.rows();
        if entries < 2 || wanted >= entries {
            return Err(Error::Argument {
                argument: "action",
                expected: format!("one of at least two entries, below {entries}"),
                found: wanted.to_string(),
            });
        }
        Ok(Asker { explained, wanted, cancel, progress, asked: 0 })
    }

    /// Elements of the input.
    fn width(&self) -> usize {
        self.explained.width()
    }

    /// The input before anything is changed.
    fn start(&self) -> &'a [f32] {
        &self.explained.at_values()[..self.explained.width()]
    }

    /// The margin of every point. **Shapes**: `[P, width]` to `[P]`.
    fn margins(&mut self, points: &[f32]) -> Result<Vec<f32>> {
        let of = vec![0; points.len() / self.width()];
        let (found, entries) = self.explained.outputs(points, &of, self.cancel)?;
        self.asked += of.len();
        Ok(found.chunks(entries.max(1)).map(|row| self.margin_of(row).0).collect())
    }

    fn margin(&mut self, point: &[f32]) -> Result<f32> {
        Ok(self.margins(point)?.first().copied().unwrap_or(f32::NAN))
    }

    /// The margin of one point, the entry that it is measured against, and the gradient of their difference.
    fn gradient(&mut self, point: &[f32]) -> Result<(f32, Vec<f32>)> {
        let (found, _) = self.explained.outputs(point, &[0], self.cancel)?;
        let (margin, rival) = self.margin_of(&found);
        let (_, gradient) = self.explained.gradients(point, &[rival], self.cancel)?;
        self.asked += 1;
        Ok((margin, gradient))
    }

    fn margin_of(&self, row: &[f32]) -> (f32, usize) {
        let mut rival = usize::MAX;
        for (entry, value) in row.iter().enumerate() {
            if entry != self.wanted && (rival == usize::MAX || *value > row[rival]) {
                rival = entry;
            }
        }
        if rival == usize::MAX { (f32::NAN, 0) } else { (row[self.wanted] - row[rival], rival) }
    }

    fn tell(&mut self, margin: f32) {
        (self.progress)(Progress { asked: self.asked, margin });
    }
}
