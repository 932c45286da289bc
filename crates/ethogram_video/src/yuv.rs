//! From red, green and blue to what H.264 holds: brightness a pixel, and two colours a square of four.
//!
//! **Source** ITU-R BT.709, limited range, in 16-bit fixed point.

use std::ops::Range;

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

    /// Brightness, and the two colours of half as many rows and columns.
    pub fn planes(&self) -> [&[u8]; 3] {
        [&self.y, &self.u, &self.v]
    }

    /// Takes over a canvas.
    pub fn take(&mut self, canvas: &Canvas) {
        let now = canvas.rgb();
        if self.before.len() != now.len() {
            self.before.clear();
            self.before.extend_from_slice(now);
            (0..self.height / 2).for_each(|pair| self.convert(now, pair, 0..self.width));
            return;
        }
        let bytes = 3 * self.width;
        for pair in 0..self.height / 2 {
            let rows = [2 * pair * bytes, (2 * pair + 1) * bytes].map(|at| at..at + bytes);
            let differ = rows.clone().map(|row| changed(&self.before[row.clone()], &now[row]));
            let joined = differ.into_iter().flatten().reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
            let Some(columns) = joined else { continue };
            for row in rows {
                let part = row.start + 3 * columns.start..row.start + 3 * columns.end;
                self.before[part.clone()].copy_from_slice(&now[part]);
            }
            self.convert(now, pair, columns);
        }
    }

    /// Converts some columns, from an even one on, of two rows; all rows above are converted already. Pictures are enlarged by whole
    /// numbers, so that many rows are those above them once more.
    fn convert(&mut self, rgb: &[u8], pair: usize, columns: Range<usize>) {
        let width = self.width;
        let row = |row: usize| &rgb[3 * (row * width + columns.start)..3 * (row * width + columns.end)];
        let (top, low) = (row(2 * pair), row(2 * pair + 1));
        let luma = |row: usize| row * width + columns.start..row * width + columns.end;
        // Half as many columns of half as many rows.
        let chroma = |pair: usize| luma(pair).start / 2..luma(pair).end / 2;
        if pair > 0 && top == row(2 * pair - 2) && low == row(2 * pair - 1) {
            self.y.copy_within(luma(2 * pair - 2), luma(2 * pair).start);
            self.y.copy_within(luma(2 * pair - 1), luma(2 * pair + 1).start);
            self.u.copy_within(chroma(pair - 1), chroma(pair).start);
            self.v.copy_within(chroma(pair - 1), chroma(pair).start);
            return;
        }
        brightness(top, &mut self.y[luma(2 * pair)]);
        if low == top {
            self.y.copy_within(luma(2 * pair), luma(2 * pair + 1).start);
        } else {
            brightness(low, &mut self.y[luma(2 * pair + 1)]);
        }
        colours(top, low, &mut self.u[chroma(pair)], &mut self.v[chroma(pair)]);
    }
}

/// Columns of a block, an even number.
const BLOCK: usize = 16;
/// Bytes of its red, green and blue.
const BLOCK_BYTES: usize = 3 * BLOCK;

/// The columns in which two rows differ, in whole blocks but for the last; `None` when they are the same.
fn changed(before: &[u8], now: &[u8]) -> Option<Range<usize>> {
    let ((before, tail_before), (now_blocks, tail)) =
        (before.as_chunks::<BLOCK_BYTES>(), now.as_chunks::<BLOCK_BYTES>());
    let blocks = || before.iter().zip(now_blocks);
    let first = blocks().position(|(before, now)| before != now);
    if tail_before != tail {
        return Some(first.unwrap_or(now_blocks.len()) * BLOCK..now.len() / 3);
    }
    let last = blocks().rposition(|(before, now)| before != now)?;
    Some(first? * BLOCK..(last + 1) * BLOCK)
}

// Written out, and of arrays whose length is known: what is checked or counted here is checked and counted for each pixel of a film.

fn brightness(rgb: &[u8], out: &mut [u8]) {
    for (&[r, g, b], y) in rgb.as_chunks::<3>().0.iter().zip(out) {
        let [r, g, b] = [r, g, b].map(u32::from);
        let sum = r.wrapping_mul(11_966).wrapping_add(g.wrapping_mul(40_254)).wrapping_add(b.wrapping_mul(4_064));
        *y = (sum.wrapping_add((16 << 16) + (1 << 15)) >> 16) as u8;
    }
}

/// Of the mean of each square of four pixels.
fn colours(top: &[u8], low: &[u8], u: &mut [u8], v: &mut [u8]) {
    let squares = top.as_chunks::<6>().0.iter().zip(low.as_chunks::<6>().0);
    for (((top, low), u), v) in squares.zip(u).zip(v) {
        let pair = |pair: &[u8; 6], at: usize| i32::from(pair[at]).wrapping_add(i32::from(pair[at + 3]));
        let [red, green, blue] = [0, 1, 2].map(|at| pair(top, at).wrapping_add(pair(low, at)));
        let mixed = |of_red: i32, of_green: i32, of_blue: i32| {
            let sum = red.wrapping_mul(of_red).wrapping_add(green.wrapping_mul(of_green));
            (sum.wrapping_add(blue.wrapping_mul(of_blue)).wrapping_add((128 << 18) + (1 << 17)) >> 18) as u8
        };
        *u = mixed(-6_596, -22_189, 28_785);
        *v = mixed(28_784, -26_145, -2_639);
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

    /// Whatever was shown before, the planes are those of the canvas alone.
    fn check(grown: &mut Yuv, canvas: &Canvas) {
        grown.take(canvas);
        let (width, rgb) = (grown.width, canvas.rgb());
        let mut fresh = Yuv::new(grown.width as u32, grown.height as u32);
        for pair in 0..grown.height / 2 {
            let row = |row: usize| &rgb[3 * row * width..3 * (row + 1) * width];
            let (top, low) = (row(2 * pair), row(2 * pair + 1));
            brightness(top, &mut fresh.y[2 * pair * width..(2 * pair + 1) * width]);
            brightness(low, &mut fresh.y[(2 * pair + 1) * width..(2 * pair + 2) * width]);
            let squares = pair * width / 2..(pair + 1) * width / 2;
            colours(top, low, &mut fresh.u[squares.clone()], &mut fresh.v[squares]);
        }
        assert!((&grown.y, &grown.u, &grown.v) == (&fresh.y, &fresh.u, &fresh.v), "the planes differ");
    }

    #[test]
    fn what_changed_is_converted_and_nothing_else_moves() {
        let mut canvas = Canvas::new(8, 6, Rgb([255; 3]));
        let mut grown = Yuv::new(8, 6);
        check(&mut grown, &canvas);
        canvas.fill(crate::Rect { x: 3, y: 3, width: 2, height: 1 }, Rgb([10, 200, 30]));
        check(&mut grown, &canvas);
    }

    #[test]
    fn any_order_of_canvases_gives_the_planes_of_each() {
        // Widths that are whole blocks, and that are not.
        for (width, height) in [(2, 2), (16, 8), (50, 22), (64, 40)] {
            let mut seed = 7_u32;
            let mut random = |below: u32| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 8) % below
            };
            let (mut canvas, mut grown) = (Canvas::new(width, height, Rgb([9; 3])), Yuv::new(width, height));
            for _ in 0..200 {
                for _ in 0..random(4) {
                    // Few colours, so that rows come again; some reach beyond the edge.
                    let colour = Rgb([random(3) as u8 * 90, random(2) as u8 * 200, 30]);
                    let (x, y) = (random(width), random(height));
                    canvas.fill(crate::Rect { x, y, width: 1 + random(width), height: 1 + random(9) }, colour);
                }
                check(&mut grown, &canvas);
            }
        }
    }
}
