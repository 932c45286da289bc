//! How a row of numbers is a picture, and the blur of one.

use ethogram_store::FieldInfo;

/// Widest standard deviation of a blur, in pixels.
pub const SIGMA_MAX: f32 = 100.0;
/// Standard deviations after which a Gaussian is cut.
const CUT: f32 = 4.0;

/// A row as planes of pixels: `[H, W]`, `[H, W, C]`, `[S, H, W]` or `[S, H, W, C]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pictures that lie one after the other: frames of a stack; 1 of a single picture.
    pub planes: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    /// How far apart planes, rows, columns and channels lie.
    strides: [usize; 4],
}

impl Picture {
    /// `None` when rows of the field are no pictures. As the browser tells them apart, but that the channels of a stack are planes.
    pub fn of(info: &FieldInfo) -> Option<Self> {
        let of = |planes, height, width, channels, strides| Self { planes, height, width, channels, strides };
        match (info.shape.as_slice(), info.stack_axis) {
            (&[h, w], _) => Some(of(1, h, w, 1, [0, w, 1, 0])),
            // A stack that lies innermost.
            (&[h, w, s], Some(2)) => Some(of(s, h, w, 1, [1, w * s, s, 0])),
            (&[h, w, c], axis) if axis != Some(0) && (c <= 4 || c < h) => {
                let stacked = c == 2 || c >= 4;
                Some(if stacked { of(c, h, w, 1, [1, w * c, c, 0]) } else { of(1, h, w, c, [0, w * c, c, 1]) })
            }
            // Red, green and blue that come first, where nobody says that they are a stack.
            (&[3, h, w], None) => Some(of(1, h, w, 3, [0, w, 1, h * w])),
            (&[s, h, w], _) => Some(of(s, h, w, 1, [h * w, w, 1, 0])),
            (&[s, h, w, c], _) if c <= 4 => Some(of(s, h, w, c, [h * w * c, w * c, c, 1])),
            _ => None,
        }
    }

    /// Elements of a pixel of one plane.
    pub fn elements(&self, plane: usize, y: usize, x: usize) -> impl Iterator<Item = usize> + use<> {
        let [planes, rows, columns, channels] = self.strides;
        let first = plane * planes + y * rows + x * columns;
        (0..self.channels).map(move |channel| first + channel * channels)
    }

    /// One plane blurred by a Gaussian; mirrored beyond its edges, the edge itself repeated. The rest of the row stays.
    pub fn blurred(&self, row: &[f32], plane: usize, sigma: f32) -> Vec<f32> {
        let reach = (CUT * sigma + 0.5) as i64;
        let weights: Vec<f64> =
            (-reach..=reach).map(|at| (-0.5 * (at as f64 / f64::from(sigma)).powi(2)).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let mut out = row.to_vec();
        for channel in 0..self.channels {
            let at = |y: usize, x: usize| self.elements(plane, y, x).nth(channel).unwrap_or(0);
            let pass = |from: &[f32], down: bool| -> Vec<f32> {
                let mut to = from.to_vec();
                let length = if down { self.height } else { self.width };
                for (y, x) in (0..self.height).flat_map(|y| (0..self.width).map(move |x| (y, x))) {
                    let here = if down { y } else { x };
                    let total: f64 = weights
                        .iter()
                        .enumerate()
                        .map(|(offset, weight)| {
                            let near = mirrored(here as i64 + offset as i64 - reach, length);
                            weight * f64::from(from[if down { at(near, x) } else { at(y, near) }])
                        })
                        .sum();
                    to[at(y, x)] = (total / sum) as f32;
                }
                to
            };
            out = pass(&out, false);
            out = pass(&out, true);
        }
        out
    }
}

fn mirrored(at: i64, length: usize) -> usize {
    let period = 2 * length as i64;
    let at = at.rem_euclid(period);
    at.min(period - 1 - at) as usize
}

#[cfg(test)]
mod tests {
    use ethogram_store::{Axis, Dtype};

    use super::*;

    fn field(shape: &[usize], stack_axis: Option<usize>) -> FieldInfo {
        let name = "observation".to_owned();
        FieldInfo { name, axis: Axis::Step, dtype: Some(Dtype::Uint8), shape: shape.to_vec(), image: true, stack_axis }
    }

    #[test]
    fn rows_lie_as_their_shape_says() {
        let check = |shape: &[usize], stack: Option<usize>, expected: Option<[usize; 4]>, pixel: &[usize]| {
            let found = Picture::of(&field(shape, stack));
            let sizes = found.map(|found| [found.planes, found.height, found.width, found.channels]);
            assert_eq!(sizes, expected, "{shape:?} {stack:?}");
            if let Some(found) = found {
                let elements: Vec<_> = found.elements(found.planes - 1, 1, 2).collect();
                assert_eq!(elements, pixel, "{shape:?}");
            }
        };
        check(&[80, 80], None, Some([1, 80, 80, 1]), &[82]);
        check(&[4, 84, 84], Some(0), Some([4, 84, 84, 1]), &[3 * 7_056 + 86]);
        check(&[84, 84, 4], Some(2), Some([4, 84, 84, 1]), &[84 * 4 + 8 + 3]);
        check(&[10, 12, 3], None, Some([1, 10, 12, 3]), &[42, 43, 44]);
        check(&[3, 10, 12], None, Some([1, 10, 12, 3]), &[14, 134, 254]);
        check(&[2, 10, 12, 3], Some(0), Some([2, 10, 12, 3]), &[402, 403, 404]);
        check(&[8], None, None, &[]);
    }

    #[test]
    fn a_blur_keeps_the_mean_and_the_other_planes() {
        let picture = Picture::of(&field(&[2, 6, 5], Some(0))).expect("a stack");
        let row: Vec<f32> = (0..60).map(|at| ((at * 37) % 11) as f32).collect();
        let found = picture.blurred(&row, 1, 1.5);
        assert_eq!(found[..30], row[..30]);
        let mean = |values: &[f32]| values.iter().sum::<f32>() / 30.0;
        assert!((mean(&found[30..]) - mean(&row[30..])).abs() < 1e-4);
        let spread = |values: &[f32]| values.iter().map(|v| (v - mean(values)).powi(2)).sum::<f32>();
        assert!(spread(&found[30..]) < 0.5 * spread(&row[30..]));
    }
}
