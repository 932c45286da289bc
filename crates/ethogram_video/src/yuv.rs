//! From red, green and blue to what H.264 holds: brightness a pixel, and two colours a square of four.
//!
//! **Source** ITU-R BT.709, limited range, in 16-bit fixed point.

use openh264::formats::YUVSource;

use crate::Canvas;

/// A frame in planes. What did not change since the frame before is not converted again.
pub(crate) struct Yuv {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
    /// What the planes were made of.
    before: Vec<u8>,
}

impl Yuv {
    /// For canvases of these sides, which are even.
    pub fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        assert!(width.is_multiple_of(2) && height.is_multiple_of(2), "sides must be even, found {width} × {height}");
        let quarter = width * height / 4;
        Self { width, height, y: vec![0; 4 * quarter], u: vec![0; quarter], v: vec![0; quarter], before: Vec::new() }
    }

    /// Takes over a canvas.
    pub fn take(&mut self, canvas: &Canvas) {
        let bytes = 3 * self.width;
        let rows = canvas.rgb().chunks_exact(2 * bytes);
        for (pair, now) in rows.enumerate() {
            let at = pair * 2 * bytes;
            if self.before.get(at..at + 2 * bytes) == Some(now) {
                continue;
            }
            let (top, low) = now.split_at(bytes);
            let luma = &mut self.y[2 * pair * self.width..][..2 * self.width];
            let (luma_top, luma_low) = luma.split_at_mut(self.width);
            brightness(top, luma_top);
            brightness(low, luma_low);
            let half = self.width / 2;
            colours(top, low, &mut self.u[pair * half..][..half], &mut self.v[pair * half..][..half]);
        }
        self.before.clear();
        self.before.extend_from_slice(canvas.rgb());
    }
}

fn brightness(rgb: &[u8], out: &mut [u8]) {
    for (pixel, y) in rgb.chunks_exact(3).zip(out) {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
        let sum = r.wrapping_mul(11_966).wrapping_add(g.wrapping_mul(40_254)).wrapping_add(b.wrapping_mul(4_064));
        *y = (sum.wrapping_add((16 << 16) + (1 << 15)) >> 16) as u8;
    }
}

/// Of the mean of each square of four pixels.
fn colours(top: &[u8], low: &[u8], u: &mut [u8], v: &mut [u8]) {
    let squares = top.chunks_exact(6).zip(low.chunks_exact(6));
    for (((top, low), u), v) in squares.zip(u).zip(v) {
        let sum = |at: usize| {
            let four = [top[at], top[at + 3], low[at], low[at + 3]];
            four.into_iter().fold(0, |sum: i32, share| sum.wrapping_add(i32::from(share)))
        };
        let sums = [sum(0), sum(1), sum(2)];
        let mixed = |by: [i32; 3]| {
            let parts = sums.into_iter().zip(by);
            let mixed =
                parts.fold((128 << 18) + (1 << 17), |all: i32, (sum, by)| all.wrapping_add(sum.wrapping_mul(by)));
            (mixed >> 18) as u8
        };
        *u = mixed([-6_596, -22_189, 28_785]);
        *v = mixed([28_784, -26_145, -2_639]);
    }
}

impl YUVSource for Yuv {
    fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.width, self.width / 2, self.width / 2)
    }

    fn y(&self) -> &[u8] {
        &self.y
    }

    fn u(&self) -> &[u8] {
        &self.u
    }

    fn v(&self) -> &[u8] {
        &self.v
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rgb;

    /// Back from limited range, as players do it.
    fn rgb(y: u8, u: u8, v: u8) -> [f64; 3] {
        let y = (f64::from(y) - 16.0) / 219.0;
        let [u, v] = [u, v].map(|c| (f64::from(c) - 128.0) / 224.0);
        [y + 1.5748 * v, y - 0.187_3 * u - 0.468_1 * v, y + 1.855_6 * u].map(|c| c * 255.0)
    }

    #[test]
    fn flat_colours_come_back_within_two_levels() {
        for colour in [[0, 0, 0], [255, 255, 255], [2, 114, 177], [172, 73, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]] {
            let mut yuv = Yuv::new(4, 2);
            yuv.take(&Canvas::new(4, 2, Rgb(colour)));
            let back = rgb(yuv.y[5], yuv.u[1], yuv.v[1]);
            let apart = back.iter().zip(colour).map(|(a, b)| (a - f64::from(b)).abs()).fold(0.0, f64::max);
            assert!(apart < 2.5, "{colour:?} came back as {back:?}");
        }
    }

    #[test]
    fn what_changed_is_converted_and_nothing_else_moves() {
        let mut canvas = Canvas::new(8, 6, Rgb([255; 3]));
        let mut grown = Yuv::new(8, 6);
        grown.take(&canvas);
        canvas.fill(crate::Rect { x: 3, y: 3, width: 2, height: 1 }, Rgb([10, 200, 30]));
        grown.take(&canvas);
        let mut fresh = Yuv::new(8, 6);
        fresh.take(&canvas);
        assert_eq!((grown.y, grown.u, grown.v), (fresh.y, fresh.u, fresh.v));
    }
}
