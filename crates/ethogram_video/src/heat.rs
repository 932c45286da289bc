//! Signed numbers laid over a picture, clearer the weaker; as Replay does it (`web/src/charts/heat_colours.ts`, `heat_scale.ts`).

use crate::heat_look::{Blend, HeatLook};
use crate::{Error, Picture, Result, Rgb, theme};

/// Percent of the whole that the strongest cells may hold beyond the end of the scale: single peaks would leave the rest invisible.
pub const OUTLIERS_DEFAULT: f64 = 5.0;
/// Most of it.
pub const OUTLIERS_MAX: f64 = 50.0;

/// Which numbers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sign {
    /// Above and below zero.
    #[default]
    Both,
    /// Above zero.
    Positive,
    /// Below zero, drawn as if above.
    Negative,
    /// Magnitudes.
    Absolute,
}

impl Sign {
    /// Every kind, in the order that people see.
    pub const ALL: [Self; 4] = [Self::Both, Self::Positive, Self::Negative, Self::Absolute];

    /// `both`, `positive`, `negative` or `absolute`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Absolute => "absolute",
        }
    }

    /// What it leaves of a number; what is not finite is nothing.
    fn of(self, value: f32) -> f32 {
        match self {
            _ if !value.is_finite() => 0.0,
            Self::Both => value,
            Self::Positive => value.max(0.0),
            Self::Negative => (-value).max(0.0),
            Self::Absolute => value.abs(),
        }
    }
}

/// How strong each pixel of a picture is.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    width: u32,
    height: u32,
    /// From −1 to 1.
    values: Vec<f32>,
}

impl Heat {
    /// Numbers of `shape` `[…, h, w]`, summed over the leading axes, spread over `height` × `width` pixels and scaled so that ±1 is the smallest
    /// magnitude at which the sum of all up to it reaches 100 − `outliers` percent of the whole. A grid coarser than the picture has its first
    /// cell at the picture's corner, and is interpolated.
    ///
    /// `None` when there is nothing to lay over a picture: fewer than two axes, or an empty one.
    ///
    /// **Source** of the scale: Captum 0.2, `_normalize_image_attr`.
    pub fn new(
        values: &[f32],
        shape: &[usize],
        (height, width): (u32, u32),
        sign: Sign,
        outliers: f64,
    ) -> Option<Self> {
        let &[.., rows, columns] = shape else { return None };
        if rows == 0 || columns == 0 || values.is_empty() {
            return None;
        }
        let mut sums = vec![0.0_f32; rows * columns];
        for plane in values.chunks_exact(rows * columns) {
            sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += if value.is_finite() { *value } else { 0.0 });
        }
        for sum in &mut sums {
            *sum = sign.of(*sum);
        }
        let reach = match reach_of(&sums, outliers) {
            reach if reach > 0.0 => reach,
            _ => 1.0,
        };
        for sum in &mut sums {
            *sum = (*sum / reach).clamp(-1.0, 1.0);
        }
        let values = spread(&sums, rows, columns, height as usize, width as usize);
        Some(Self { width, height, values })
    }

    /// Lays it over a picture of its size.
    ///
    /// # Errors
    /// The picture has other sides.
    pub fn lay_over(&self, picture: &mut Picture, look: &HeatLook) -> Result<()> {
        self.check(picture)?;
        if look.blend == Blend::Heads {
            return lay_heads([Some(self), None], picture, look.opacity);
        }
        if look.blend == Blend::Grey {
            picture.to_grey();
        }
        for (pixel, &value) in picture.rgb_mut().chunks_exact_mut(3).zip(&self.values) {
            let (colour, share) = look.paint(value);
            pixel.copy_from_slice(&Rgb([pixel[0], pixel[1], pixel[2]]).under(colour, share).0);
        }
        Ok(())
    }

    fn check(&self, picture: &Picture) -> Result<()> {
        if (picture.width(), picture.height()) == (self.width, self.height) {
            return Ok(());
        }
        Err(Error::ShapeMismatch {
            what: "pixels of the picture under an overlay",
            expected: format!("{} × {}", self.width, self.height),
            found: format!("{} × {}", picture.width(), picture.height()),
        })
    }
}

/// Adds magnitudes to the channels of a picture without its colours: the first to blue, the second to red. Each has its own scale.
///
/// **Source** Greydanus et al. 2018, figure 1: actor blue, critic red.
///
/// # Errors
/// The picture has other sides.
pub fn lay_heads(heats: [Option<&Heat>; 2], picture: &mut Picture, opacity: f64) -> Result<()> {
    for heat in heats.into_iter().flatten() {
        heat.check(picture)?;
    }
    if heats.iter().all(Option::is_none) {
        return Ok(());
    }
    picture.to_grey();
    for (heat, channel) in heats.into_iter().zip([2, 0]) {
        let Some(heat) = heat else { continue };
        for (pixel, &value) in picture.rgb_mut().chunks_exact_mut(3).zip(&heat.values) {
            pixel[channel] = pixel[channel].saturating_add(theme::added(value, opacity));
        }
    }
    Ok(())
}

/// The smallest magnitude at which the sum of all magnitudes up to it reaches 100 − `outliers` percent of the whole; 0 when all are.
fn reach_of(values: &[f32], outliers: f64) -> f32 {
    let mut sizes: Vec<f32> = values.iter().map(|value| value.abs()).collect();
    sizes.sort_unstable_by(f32::total_cmp);
    let total: f64 = sizes.iter().map(|size| f64::from(*size)).sum();
    if total == 0.0 {
        return 0.0;
    }
    // A rounding error of the sum must not push it past the last.
    let wanted = total * (1.0 - outliers / 100.0) * (1.0 - 1e-12);
    let mut sum = 0.0;
    for size in &sizes {
        sum += f64::from(*size);
        if sum >= wanted {
            return *size;
        }
    }
    sizes[sizes.len() - 1]
}

/// Bilinear between cells whose places are a whole number of pixels apart, from the corner on.
fn spread(cells: &[f32], rows: usize, columns: usize, height: usize, width: usize) -> Vec<f32> {
    if (rows, columns) == (height, width) {
        return cells.to_vec();
    }
    let step = |pixels: usize, cells: usize| (pixels as f64 / cells as f64).round().max(1.0);
    let (step_y, step_x) = (step(height, rows), step(width, columns));
    // Two cells, and what each counts.
    let places = |pixels: usize, step: f64, cells: usize| -> Vec<([usize; 2], [f64; 2])> {
        let place = |pixel: usize| {
            let at = (pixel as f64 / step).min(cells as f64 - 1.0);
            let first = at.floor();
            ([first as usize, (first as usize + 1).min(cells - 1)], [1.0 - at + first, at - first])
        };
        (0..pixels).map(place).collect()
    };
    let across = places(width, step_x, columns);
    let mut out = Vec::with_capacity(height * width);
    for ([top, low], [of_top, of_low]) in places(height, step_y, rows) {
        out.extend(across.iter().map(|([left, right], [of_left, of_right])| {
            let row = |row: usize| {
                let cell = |column: &usize| f64::from(cells[row * columns + column]);
                cell(left) * of_left + cell(right) * of_right
            };
            (row(top) * of_top + row(low) * of_low) as f32
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColourMap, golden};

    fn heat(values: &[f32], shape: &[usize], sides: (u32, u32)) -> Heat {
        Heat::new(values, shape, sides, Sign::Both, OUTLIERS_DEFAULT).expect("heat")
    }

    #[test]
    fn planes_are_summed_and_the_strongest_is_one() {
        let found = heat(&[1.0, -4.0, 0.0, f32::NAN, 1.0, -4.0, 0.0, 2.0], &[2, 2, 2], (2, 2));
        assert_eq!(found.values, [0.25, -1.0, 0.0, 0.25]);
        assert_eq!(Heat::new(&[1.0], &[1], (2, 2), Sign::Both, 5.0), None);
        assert_eq!(heat(&[0.0; 4], &[2, 2], (2, 2)).values, [0.0; 4]);
    }

    #[test]
    fn a_coarse_grid_is_interpolated_from_the_corner() {
        assert_eq!(heat(&[0.0, 1.0], &[1, 2], (1, 4)).values, [0.0, 0.5, 1.0, 1.0]);
    }

    /// sign, scale and spread are those of the browser, for the same numbers.
    #[test]
    fn row_a8_numbers_are_scaled_as_in_the_browser() {
        // As the test in the browser makes them.
        let values: Vec<f32> =
            (0..2 * 3 * 4).map(|at| ((at * 37 % 101) as f32 - 50.0) * ((at % 5) as f32 + 0.5)).collect();
        let of_browser = golden::lines("heat");
        assert_eq!(of_browser.len(), Sign::ALL.len() * 3);
        for words in of_browser {
            let sign = Sign::ALL.into_iter().find(|sign| sign.name() == words[0]).expect("a sign");
            let outliers: f64 = words[1].parse().expect("a number");
            let found = Heat::new(&values, &[2, 3, 4], (9, 8), sign, outliers).expect("heat");
            let bytes: Vec<u8> = found.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            assert_eq!(golden::hex(&bytes), words[2], "{sign:?}, {outliers} %");
        }
    }

    #[test]
    fn row_a8_positive_is_warm_and_negative_is_cold() {
        let found = heat(&[1.0, -1.0, 0.0, 0.25], &[2, 2], (2, 2));
        let look = HeatLook { opacity: 1.0, ..HeatLook::default() };
        let mut picture = Picture::new(2, 2, vec![100; 12]).expect("a picture");
        found.lay_over(&mut picture, &look).expect("of one size");
        let pixels: Vec<&[u8]> = picture.rgb().chunks_exact(3).collect();
        assert_eq!(pixels[0], theme::WARM.0);
        assert_eq!(pixels[1], theme::COLD.0);
        assert_eq!(pixels[2], [100; 3], "nothing where there is nothing");
        assert_eq!(pixels[3], Rgb([100; 3]).under(theme::WARM, 128).0, "the root of a quarter is a half");
        assert!(found.lay_over(&mut Picture::new(1, 1, vec![0; 3]).expect("a picture"), &look).is_err());
    }

    #[test]
    fn row_a8_actor_and_critic_are_added_to_blue_and_red_of_a_grey_picture() {
        let (actor, critic) = (heat(&[1.0, 0.0], &[1, 2], (1, 2)), heat(&[0.0, -1.0], &[1, 2], (1, 2)));
        let mut picture = Picture::new(2, 1, vec![0, 200, 0, 0, 200, 0]).expect("a picture");
        lay_heads([Some(&actor), Some(&critic)], &mut picture, 0.4).expect("of one size");
        // 0.7152 × 200 = 143 of grey, 0.4 × 255 = 102 added; no more than a byte holds.
        assert_eq!(picture.rgb(), [143, 143, 245, 245, 143, 143]);
        let mut picture = Picture::new(2, 1, vec![0, 200, 0, 0, 200, 0]).expect("a picture");
        lay_heads([None, None], &mut picture, 0.4).expect("nothing to lay over");
        assert_eq!(picture.rgb(), [0, 200, 0, 0, 200, 0], "as it is where nothing is known");
    }

    #[test]
    fn grey_and_alone_hide_the_colours_of_the_picture() {
        let found = heat(&[1.0, 0.0], &[1, 2], (1, 2));
        let viridis = ColourMap::from_name("viridis").expect("a map");
        let drawn = |blend| {
            let mut picture = Picture::new(2, 1, vec![0, 200, 0, 0, 200, 0]).expect("a picture");
            let look = HeatLook { blend, colours: viridis, opacity: 1.0 };
            found.lay_over(&mut picture, &look).expect("of one size");
            picture.rgb().to_vec()
        };
        assert_eq!(drawn(Blend::Grey), [0xfd, 0xe7, 0x25, 143, 143, 143]);
        assert_eq!(drawn(Blend::Alone), [0xfd, 0xe7, 0x25, 0x44, 0x01, 0x54]);
        assert_eq!(drawn(Blend::Multiply), [0, 200, 0, 0, 0, 0], "a spotlight");
    }
}
