//! Where the pixels of an explained value lie.

use super::explained::Part;

/// Channels that a picture has at most when nothing but its shape says that they come last: colours, opacity, or four frames.
const CHANNELS_MOST: usize = 4;

/// Whether a row of this shape is a picture `[H, W, C]` rather than `[C, H, W]`, by its shape alone.
pub(crate) fn looks_channels_last(shape: &[usize]) -> bool {
    matches!(*shape, [height, width, channels] if (1..=CHANNELS_MOST).contains(&channels) && channels < height.min(width))
}

/// A part of the explained value as planes of pixels: `[…, H, W]`, or `[H, W, C]` of a network that takes its channels last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Channels, and frames of a stack.
    pub planes: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    channels_last: bool,
}

impl Picture {
    /// `None` for what is no picture: one has more than one row of pixels and more than one column.
    pub fn of(part: &Part) -> Option<Self> {
        if part.width == 0 {
            return None;
        }
        match part.shape.as_slice() {
            &[height, width, planes] if part.channels_last && height > 1 && width > 1 => {
                Some(Picture { planes, height, width, channels_last: true })
            }
            [planes @ .., height, width] if *height > 1 && *width > 1 => {
                Some(Picture { planes: planes.iter().product(), height: *height, width: *width, channels_last: false })
            }
            _ => None,
        }
    }

    /// A vector is one plane of one row.
    pub fn or_line(part: &Part) -> Self {
        let line = Picture { planes: 1, height: 1, width: part.width, channels_last: false };
        Picture::of(part).unwrap_or(line)
    }

    /// Where a pixel of a plane lies within the part.
    pub fn element(&self, plane: usize, row: usize, column: usize) -> usize {
        let [planes, rows, columns] = self.strides();
        plane * planes + row * rows + column * columns
    }

    /// Plane, row and column of an element of the part.
    pub fn place(&self, element: usize) -> [usize; 3] {
        let [planes, rows, columns] = self.strides();
        [
            element / planes.max(1) % self.planes,
            element / rows.max(1) % self.height,
            element / columns.max(1) % self.width,
        ]
    }

    /// How far apart planes, rows and columns lie.
    pub fn strides(&self) -> [usize; 3] {
        if self.channels_last {
            [1, self.width * self.planes, self.planes]
        } else {
            [self.height * self.width, self.width, 1]
        }
    }
}
