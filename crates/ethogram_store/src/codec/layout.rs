//! How one row of an image field divides into pictures.

use crate::Dtype;

/// Which axis of a row is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LayoutKind {
    /// H×W, or H×W×C.
    Picture,
    /// S×H×W, or S×H×W×C: planes first.
    PlanesFirst,
    /// H×W×S: planes last.
    PlanesLast,
}

/// The shape of one row of an image field, understood as one picture or as a stack of planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameLayout {
    /// Which axis is which.
    pub kind: LayoutKind,
    /// Axes of a row, 2 to 4; tells H×W from H×W×1.
    pub axes: u8,
    /// Samples a pixel.
    pub channels: u8,
    /// Planes a row; 0 when a row is one picture.
    pub stack: u8,
    /// Rows of pixels.
    pub height: u32,
    /// Pixels a row.
    pub width: u32,
}

impl FrameLayout {
    /// Fewest elements of an image; smaller arrays lie better among the steps.
    pub const ELEMENTS_MIN: usize = 1024;
    /// Largest height and width.
    pub const SIDE_MAX: usize = 16_384;

    /// The layout of a field if it is an image: `uint8`, [`FrameLayout::ELEMENTS_MIN`] elements, and a shape that
    /// [`FrameLayout::of_shape`] understands. All other fields lie in `steps`.
    pub fn of_field(dtype: Dtype, shape: &[usize], stack_axis: Option<usize>) -> Option<Self> {
        if dtype != Dtype::Uint8 {
            return None;
        }
        let layout = Self::of_shape(shape, stack_axis)?;
        (layout.row_bytes() >= Self::ELEMENTS_MIN).then_some(layout)
    }

    /// Understands a shape of two to four axes; `None` when it is no picture: an axis of length zero, a side over
    /// [`FrameLayout::SIDE_MAX`], more than 255 channels or planes, or four axes that are not S×H×W×C with C ≤ 4.
    ///
    /// `stack_axis` says which axis holds the frames of a stack. Where it is not known the shape decides:
    /// three axes are H×W×C if the last is at most 4 or shorter than the first, and S×H×W otherwise.
    pub fn of_shape(shape: &[usize], stack_axis: Option<usize>) -> Option<Self> {
        let (kind, channels, stack, height, width) = match (shape, stack_axis) {
            (&[h, w], _) => (LayoutKind::Picture, 1, 0, h, w),
            (&[s, h, w], Some(0)) => (LayoutKind::PlanesFirst, 1, s, h, w),
            (&[h, w, s], Some(2)) => (LayoutKind::PlanesLast, 1, s, h, w),
            (&[h, w, c], _) if c <= 4 || c < h => (LayoutKind::Picture, c, 0, h, w),
            (&[s, h, w], _) => (LayoutKind::PlanesFirst, 1, s, h, w),
            (&[s, h, w, c], _) if c <= 4 => (LayoutKind::PlanesFirst, c, s, h, w),
            _ => return None,
        };
        let sides = 1..=Self::SIDE_MAX;
        if shape.contains(&0) || !sides.contains(&height) || !sides.contains(&width) {
            return None;
        }
        Some(Self {
            kind,
            axes: shape.len() as u8,
            channels: u8::try_from(channels).ok()?,
            stack: u8::try_from(stack).ok()?,
            height: height as u32,
            width: width as u32,
        })
    }

    /// The shape of one row, as it was logged.
    pub fn row_shape(&self) -> Vec<usize> {
        let (h, w, c, s) =
            (self.height as usize, self.width as usize, usize::from(self.channels), usize::from(self.stack));
        match (self.kind, self.axes) {
            (LayoutKind::Picture, 2) => vec![h, w],
            (LayoutKind::Picture, _) => vec![h, w, c],
            (LayoutKind::PlanesFirst, 3) => vec![s, h, w],
            (LayoutKind::PlanesFirst, _) => vec![s, h, w, c],
            (LayoutKind::PlanesLast, _) => vec![h, w, s],
        }
    }

    /// Bytes of one picture or plane.
    pub fn picture_bytes(&self) -> usize {
        self.pixels() * usize::from(self.channels)
    }

    /// Pixels of one picture or plane.
    pub fn pixels(&self) -> usize {
        self.height as usize * self.width as usize
    }

    /// Bytes of one row.
    pub fn row_bytes(&self) -> usize {
        self.picture_bytes() * self.planes()
    }

    /// Pictures a row consists of.
    pub fn planes(&self) -> usize {
        usize::from(self.stack).max(1)
    }

    /// The same rows read as planes last, if they could be a stack: H×W×C with 2, or 4 to 16 channels.
    pub(crate) fn as_planes_last(&self) -> Option<Self> {
        let could_be = self.kind == LayoutKind::Picture && matches!(self.channels, 2 | 4..=16);
        could_be.then_some(Self { kind: LayoutKind::PlanesLast, stack: self.channels, channels: 1, ..*self })
    }

    pub(crate) fn is_consistent(&self) -> bool {
        let stacked = self.stack > 0;
        let sides = 1..=Self::SIDE_MAX as u32;
        sides.contains(&self.height)
            && sides.contains(&self.width)
            && self.channels > 0
            && match (self.kind, self.axes) {
                (LayoutKind::Picture, 2) => !stacked && self.channels == 1,
                (LayoutKind::Picture, 3) => !stacked,
                (LayoutKind::PlanesFirst | LayoutKind::PlanesLast, 3) => stacked && self.channels == 1,
                (LayoutKind::PlanesFirst, 4) => stacked,
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: &[usize], stack_axis: Option<usize>, expected: Option<(LayoutKind, u8, u8)>) {
        let layout = FrameLayout::of_shape(shape, stack_axis);
        assert_eq!(layout.map(|l| (l.kind, l.channels, l.stack)), expected, "{shape:?} {stack_axis:?}");
        if let Some(layout) = layout {
            assert_eq!(layout.row_shape(), shape);
            assert!(layout.is_consistent(), "{layout:?}");
        }
    }

    #[test]
    fn shapes_are_understood() {
        use LayoutKind::{Picture, PlanesFirst, PlanesLast};
        check(&[210, 160, 3], None, Some((Picture, 3, 0)));
        check(&[210, 160], None, Some((Picture, 1, 0)));
        check(&[84, 84, 1], None, Some((Picture, 1, 0)));
        check(&[4, 84, 84], None, Some((PlanesFirst, 1, 4)));
        check(&[3, 64, 64], Some(0), Some((PlanesFirst, 1, 3)));
        check(&[84, 84, 4], Some(2), Some((PlanesLast, 1, 4)));
        check(&[84, 84, 4], None, Some((Picture, 4, 0)));
        check(&[84, 84, 12], None, Some((Picture, 12, 0)));
        check(&[4, 96, 96, 3], Some(0), Some((PlanesFirst, 3, 4)));
        check(&[4, 84, 84, 1], None, Some((PlanesFirst, 1, 4)));
        check(&[4, 3, 84, 84], None, None);
        check(&[300, 300, 300], None, None);
        check(&[20_000, 20], None, None);
        check(&[0, 20], None, None);
        check(&[4096], None, None);
    }

    #[test]
    fn only_large_uint8_fields_are_images() {
        assert!(FrameLayout::of_field(Dtype::Uint8, &[32, 32], None).is_some());
        assert!(FrameLayout::of_field(Dtype::Uint8, &[31, 33], None).is_none());
        assert!(FrameLayout::of_field(Dtype::Float32, &[84, 84], None).is_none());
    }
}
