//! Signed numbers laid over a picture: warm above zero, cold below, clearer the weaker.

use crate::{Error, Picture, Result, theme};

/// Share of the strongest cells that are drawn as the strongest: single peaks would leave the rest invisible.
const OUTLIERS: f64 = 0.01;

/// How strong each pixel of a picture is.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    width: u32,
    height: u32,
    /// From −1 to 1.
    values: Vec<f32>,
}

impl Heat {
    /// Numbers of `shape` `[…, h, w]`, summed over the leading axes, spread over `height` × `width` pixels and scaled so that the strongest
    /// hundredth are ±1. A grid coarser than the picture has its first cell at the picture's corner, and is interpolated.
    ///
    /// `None` when there is nothing to lay over a picture: fewer than two axes, or an empty one.
    pub fn new(values: &[f32], shape: &[usize], height: u32, width: u32) -> Option<Self> {
        let &[.., rows, columns] = shape else { return None };
        if rows == 0 || columns == 0 || values.is_empty() {
            return None;
        }
        let mut sums = vec![0.0_f32; rows * columns];
        for plane in values.chunks_exact(rows * columns) {
            sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += if value.is_finite() { *value } else { 0.0 });
        }
        let mut sizes: Vec<f32> = sums.iter().map(|sum| sum.abs()).collect();
        sizes.sort_by(f32::total_cmp);
        let place = ((sizes.len() as f64 * (1.0 - OUTLIERS)).ceil() as usize).saturating_sub(1);
        let most = [sizes[place], sizes[sizes.len() - 1], 1.0].into_iter().find(|most| *most > 0.0).unwrap_or(1.0);
        for sum in &mut sums {
            *sum = (*sum / most).clamp(-1.0, 1.0);
        }
        let values = spread(&sums, rows, columns, height as usize, width as usize);
        Some(Self { width, height, values })
    }

    /// Lays it over a picture of its size; `opacity` from 0 to 1 is that of the strongest cells.
    pub fn lay_over(&self, picture: &mut Picture, opacity: f32) -> Result<()> {
        if (picture.width(), picture.height()) != (self.width, self.height) {
            return Err(Error::ShapeMismatch {
                what: "pixels of the picture under an overlay",
                expected: format!("{} × {}", self.width, self.height),
                found: format!("{} × {}", picture.width(), picture.height()),
            });
        }
        for (pixel, &value) in picture.rgb_mut().chunks_exact_mut(3).zip(&self.values) {
            let colour = if value >= 0.0 { theme::WARM } else { theme::COLD };
            // The square root lifts the middle, as the eye is used to.
            let share = (255.0 * opacity.clamp(0.0, 1.0) * value.abs().sqrt()).round() as u8;
            let mixed = crate::Rgb([pixel[0], pixel[1], pixel[2]]).under(colour, share);
            pixel.copy_from_slice(&mixed.0);
        }
        Ok(())
    }
}

/// Bilinear between cells whose places are a whole number of pixels apart, from the corner on.
fn spread(cells: &[f32], rows: usize, columns: usize, height: usize, width: usize) -> Vec<f32> {
    if (rows, columns) == (height, width) {
        return cells.to_vec();
    }
    let step = |pixels: usize, cells: usize| (pixels as f32 / cells as f32).round().max(1.0);
    let (step_y, step_x) = (step(height, rows), step(width, columns));
    let places = |pixels: usize, step: f32, cells: usize| -> Vec<(usize, usize, f32)> {
        let place = |pixel: usize| {
            let at = (pixel as f32 / step).min(cells as f32 - 1.0);
            let first = at.floor() as usize;
            (first, (first + 1).min(cells - 1), at - first as f32)
        };
        (0..pixels).map(place).collect()
    };
    let across = places(width, step_x, columns);
    let mut out = Vec::with_capacity(height * width);
    for (top, low, part) in places(height, step_y, rows) {
        let row = |row: usize, &(left, right, part): &(usize, usize, f32)| {
            cells[row * columns + left] * (1.0 - part) + cells[row * columns + right] * part
        };
        out.extend(across.iter().map(|place| row(top, place) * (1.0 - part) + row(low, place) * part));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_summed_and_the_strongest_is_one() {
        let heat = Heat::new(&[1.0, -4.0, 0.0, f32::NAN, 1.0, -4.0, 0.0, 2.0], &[2, 2, 2], 2, 2).expect("heat");
        assert_eq!(heat.values, [0.25, -1.0, 0.0, 0.25]);
        assert_eq!(Heat::new(&[1.0], &[1], 2, 2), None);
        let nothing = Heat::new(&[0.0; 4], &[2, 2], 2, 2).expect("heat");
        assert_eq!(nothing.values, [0.0; 4]);
    }

    #[test]
    fn a_coarse_grid_is_interpolated_from_the_corner() {
        let heat = Heat::new(&[0.0, 1.0], &[1, 2], 1, 4).expect("heat");
        assert_eq!(heat.values, [0.0, 0.5, 1.0, 1.0]);
    }

    #[test]
    fn row_a8_positive_is_warm_and_negative_is_cold() {
        let heat = Heat::new(&[1.0, -1.0, 0.0, 0.25], &[2, 2], 2, 2).expect("heat");
        let mut picture = Picture::new(2, 2, vec![100; 12]).expect("a picture");
        heat.lay_over(&mut picture, 1.0).expect("of one size");
        let pixels: Vec<&[u8]> = picture.rgb().chunks_exact(3).collect();
        assert_eq!(pixels[0], theme::WARM.0);
        assert_eq!(pixels[1], theme::COLD.0);
        assert_eq!(pixels[2], [100; 3], "nothing where there is nothing");
        assert_eq!(pixels[3], crate::Rgb([100; 3]).under(theme::WARM, 128).0, "the root of a quarter is a half");
        assert!(heat.lay_over(&mut Picture::new(1, 1, vec![0; 3]).expect("a picture"), 1.0).is_err());
    }
}
