//! What a frame is drawn on: rectangles, pictures enlarged by whole numbers, and coverage of letters.

use std::ops::Range;

use crate::Picture;

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// This colour with `share` (0 to 255) of `over` laid on it.
    #[must_use]
    pub fn under(self, over: Self, share: u8) -> Self {
        let [a, b] = [u32::from(255 - share), u32::from(share)];
        let mix = |under: u8, over: u8| ((u32::from(under) * a + u32::from(over) * b + 127) / 255) as u8;
        Self([mix(self.0[0], over.0[0]), mix(self.0[1], over.0[1]), mix(self.0[2], over.0[2])])
    }
}

/// A part of a canvas, in pixels from its left upper corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Pixels to the right.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Rect {
    /// First column to the right of it.
    pub fn right(&self) -> u32 {
        self.x + self.width
    }

    /// First row below it.
    pub fn bottom(&self) -> u32 {
        self.y + self.height
    }
}

/// Pixels of red, green and blue, row after row. What is drawn beyond its edges is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Canvas {
    /// All of one colour.
    pub fn new(width: u32, height: u32, colour: Rgb) -> Self {
        let mut canvas = Self { width, height, rgb: vec![0; 3 * width as usize * height as usize] };
        canvas.fill(Rect { x: 0, y: 0, width, height }, colour);
        canvas
    }

    /// Pixels a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows of pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Three bytes a pixel.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The colour of a pixel, which must lie on the canvas.
    pub fn pixel(&self, x: u32, y: u32) -> Rgb {
        let at = 3 * (y as usize * self.width as usize + x as usize);
        Rgb([self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]])
    }

    /// One colour over a rectangle.
    pub fn fill(&mut self, rect: Rect, colour: Rgb) {
        for y in rect.y..rect.bottom().min(self.height) {
            let row = self.row_mut(rect.x, y, rect.width);
            row.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&colour.0));
        }
    }

    /// Another canvas of the same sides, but for a rectangle, which keeps what it shows.
    pub fn copy_around(&mut self, ground: &Self, kept: Rect) {
        let width = self.width;
        for y in 0..self.height {
            let within = (kept.y..kept.bottom()).contains(&y);
            let (left, right) = if within { (kept.x, kept.right()) } else { (0, 0) };
            self.row_mut(0, y, left).copy_from_slice(ground.row(0, y, left));
            self.row_mut(right, y, width).copy_from_slice(ground.row(right, y, width));
        }
    }

    /// A frame of one pixel around the inside of a rectangle.
    pub fn outline(&mut self, rect: Rect, colour: Rgb) {
        if rect.width == 0 || rect.height == 0 {
            return;
        }
        self.fill(Rect { height: 1, ..rect }, colour);
        self.fill(Rect { y: rect.bottom() - 1, height: 1, ..rect }, colour);
        self.fill(Rect { width: 1, ..rect }, colour);
        self.fill(Rect { x: rect.right() - 1, width: 1, ..rect }, colour);
    }

    /// A picture, each pixel as a square of `scale` pixels a side.
    pub fn place(&mut self, picture: &Picture, x: u32, y: u32, scale: u32) {
        let from_bytes = 3 * picture.width() as usize;
        for (row, pixels) in picture.rgb().chunks_exact(from_bytes.max(1)).enumerate() {
            let top = y + row as u32 * scale;
            if top >= self.height {
                return;
            }
            let first = self.row_mut(x, top, picture.width() * scale);
            if scale == 1 {
                let bytes = first.len();
                first.copy_from_slice(&pixels[..bytes]);
            } else {
                let squares = first.chunks_mut(3 * scale as usize).zip(pixels.chunks_exact(3));
                squares.for_each(|(out, pixel)| out.chunks_exact_mut(3).for_each(|out| out.copy_from_slice(pixel)));
            }
            let start = 3 * (top as usize * self.width as usize + x as usize);
            let bytes = 3 * (picture.width() * scale).min(self.width.saturating_sub(x)) as usize;
            for below in top + 1..(top + scale).min(self.height) {
                let to = 3 * (below as usize * self.width as usize + x as usize);
                self.rgb.copy_within(start..start + bytes, to);
            }
        }
    }

    /// A colour laid on through a mask of coverage (0 to 255), `width` to a row, whose corner may lie outside.
    pub fn cover(&mut self, mask: &[u8], width: usize, left: i32, top: i32, colour: Rgb) {
        for (row, shares) in mask.chunks_exact(width.max(1)).enumerate() {
            let y = top + row as i32;
            if y < 0 || y >= self.height as i32 {
                continue;
            }
            for (column, &share) in shares.iter().enumerate() {
                let x = left + column as i32;
                if share == 0 || x < 0 || x >= self.width as i32 {
                    continue;
                }
                let at = 3 * (y as usize * self.width as usize + x as usize);
                let mixed = Rgb([self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]).under(colour, share);
                self.rgb[at..at + 3].copy_from_slice(&mixed.0);
            }
        }
    }

    /// The bytes of some pixels of a row, cut at the edge.
    fn row(&self, x: u32, y: u32, width: u32) -> &[u8] {
        &self.rgb[self.row_bytes(x, y, width)]
    }

    /// The same, to draw on.
    fn row_mut(&mut self, x: u32, y: u32, width: u32) -> &mut [u8] {
        let bytes = self.row_bytes(x, y, width);
        &mut self.rgb[bytes]
    }

    fn row_bytes(&self, x: u32, y: u32, width: u32) -> Range<usize> {
        let row = y as usize * self.width as usize;
        let start = 3 * (row + x.min(self.width) as usize);
        let end = 3 * (row + x.saturating_add(width).min(self.width) as usize);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Rgb = Rgb([255; 3]);
    const RED: Rgb = Rgb([200, 10, 0]);

    #[test]
    fn pixels_become_squares_and_edges_cut() {
        let picture = Picture::new(2, 2, vec![1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]).expect("a picture");
        let mut canvas = Canvas::new(5, 5, WHITE);
        canvas.place(&picture, 2, 2, 2);
        let row = |y| (0..5).map(|x| canvas.pixel(x, y).0[0]).collect::<Vec<_>>();
        assert_eq!(row(1), [255; 5]);
        assert_eq!(row(2), [255, 255, 1, 1, 2]);
        assert_eq!(row(3), row(2));
        assert_eq!(row(4), [255, 255, 3, 3, 4]);
    }

    #[test]
    fn rectangles_and_masks_beyond_the_edge_are_cut() {
        let mut canvas = Canvas::new(4, 3, WHITE);
        canvas.fill(Rect { x: 3, y: 2, width: 9, height: 9 }, RED);
        canvas.cover(&[255; 6], 3, -2, -1, RED);
        let red = |x, y| canvas.pixel(x, y) == RED;
        let found: Vec<_> = (0..3).flat_map(|y| (0..4).map(move |x| (x, y))).filter(|&(x, y)| red(x, y)).collect();
        assert_eq!(found, [(0, 0), (3, 2)]);
    }

    #[test]
    fn what_lies_around_a_rectangle_is_taken_over_and_the_rest_kept() {
        for (kept, count) in [
            (Rect { x: 1, y: 1, width: 2, height: 1 }, 2),
            (Rect::default(), 0),
            (Rect { x: 3, y: 2, width: 9, height: 9 }, 1),
            (Rect { x: 0, y: 0, width: 4, height: 3 }, 12),
        ] {
            let (mut canvas, ground) = (Canvas::new(4, 3, RED), Canvas::new(4, 3, WHITE));
            canvas.copy_around(&ground, kept);
            let red = |x: u32, y: u32| canvas.pixel(x, y) == RED;
            let inside = |x, y| (kept.x..kept.right()).contains(&x) && (kept.y..kept.bottom()).contains(&y);
            let all = || (0..3).flat_map(|y| (0..4).map(move |x| (x, y)));
            assert!(all().all(|(x, y)| red(x, y) == inside(x, y)), "{kept:?}");
            assert_eq!(all().filter(|&(x, y)| red(x, y)).count(), count);
        }
    }

    #[test]
    fn a_share_of_all_is_the_colour_itself() {
        assert_eq!(WHITE.under(RED, 255), RED);
        assert_eq!(WHITE.under(RED, 0), WHITE);
        assert_eq!(Rgb([0; 3]).under(WHITE, 128), Rgb([128; 3]));
    }
}
