//! Words: the font that is built in, its letters drawn once and kept.

use std::collections::HashMap;

use fontdue::{Font, FontSettings};

use crate::{Canvas, Error, Result, Rgb};

/// Levels of coverage less one. Few of them keep the colours of a frame few, so that a gif shows them all exactly.
const LEVELS: u16 = 15;
/// Letters of one size that are kept; beyond that all are forgotten.
const KEPT: usize = 1_024;
/// What takes the place of letters for which there is no room.
const ELLIPSIS: char = '…';

/// Which weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Weight {
    Regular,
    Medium,
}

/// One font in two weights, at any size.
pub(crate) struct TypeFace {
    regular: Font,
    medium: Font,
    letters: HashMap<(Weight, u32, char), Letter>,
}

/// A letter of one size.
#[derive(Clone)]
struct Letter {
    /// Coverage, row after row.
    mask: Vec<u8>,
    width: usize,
    /// From the pen to the left edge of the mask.
    left: i32,
    /// From the line that letters stand on up to the upper edge of the mask.
    rise: i32,
    /// How far the pen moves on, in pixels.
    advance: f32,
}

/// How a line of words is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub weight: Weight,
    /// Pixels.
    pub size: u32,
    pub colour: Rgb,
}

impl TypeFace {
    pub fn new() -> Result<Self> {
        let font = |bytes: &'static [u8]| {
            let settings = FontSettings { scale: 16.0, ..FontSettings::default() };
            Font::from_bytes(bytes, settings).map_err(|why| Error::Encoder { what: "font", why: why.to_owned() })
        };
        Ok(Self {
            regular: font(include_bytes!("../fonts/Roboto-Regular.ttf"))?,
            medium: font(include_bytes!("../fonts/Roboto-Medium.ttf"))?,
            letters: HashMap::new(),
        })
    }

    /// Pixels from the first pen to the last.
    pub fn width(&mut self, text: &str, weight: Weight, size: u32) -> u32 {
        text.chars().map(|letter| self.letter(weight, size, letter).advance).sum::<f32>().ceil() as u32
    }

    /// `text`, or as much of it as there is room for, and an ellipsis.
    pub fn fitted(&mut self, text: &str, weight: Weight, size: u32, room: u32) -> String {
        if self.width(text, weight, size) <= room {
            return text.to_owned();
        }
        let room = room as f32 - self.letter(weight, size, ELLIPSIS).advance;
        let mut pen = 0.0;
        let mut fitted = String::new();
        for letter in text.chars() {
            pen += self.letter(weight, size, letter).advance;
            if pen > room {
                break;
            }
            fitted.push(letter);
        }
        fitted.truncate(fitted.trim_end().len());
        fitted.push(ELLIPSIS);
        fitted
    }

    /// Draws a line whose letters stand on `baseline`, from `x` on. Control characters are drawn as what they are not: nothing.
    pub fn draw(&mut self, canvas: &mut Canvas, text: &str, x: u32, baseline: u32, style: Style) {
        let mut pen = x as f32;
        for letter in text.chars() {
            let letter = self.letter(style.weight, style.size, letter);
            let left = pen.round() as i32 + letter.left;
            canvas.cover(&letter.mask, letter.width, left, baseline as i32 - letter.rise, style.colour);
            pen += letter.advance;
        }
    }

    /// The same, ending at `right`.
    pub fn draw_right(&mut self, canvas: &mut Canvas, text: &str, right: u32, baseline: u32, style: Style) {
        let width = self.width(text, style.weight, style.size);
        self.draw(canvas, text, right.saturating_sub(width), baseline, style);
    }

    fn letter(&mut self, weight: Weight, size: u32, letter: char) -> &Letter {
        if self.letters.len() >= KEPT && !self.letters.contains_key(&(weight, size, letter)) {
            self.letters.clear();
        }
        let font = match weight {
            Weight::Regular => &self.regular,
            Weight::Medium => &self.medium,
        };
        self.letters.entry((weight, size, letter)).or_insert_with(|| {
            let shown = match letter {
                control if control.is_control() => ' ',
                known if font.has_glyph(known) => known,
                _ => char::REPLACEMENT_CHARACTER,
            };
            let (metrics, mut mask) = font.rasterize(shown, size as f32);
            let level = |share: u8| ((u16::from(share) * LEVELS + 127) / 255 * (255 / LEVELS)) as u8;
            for share in &mut mask {
                *share = level(*share);
            }
            Letter {
                mask,
                width: metrics.width,
                left: metrics.xmin,
                rise: metrics.ymin + metrics.height as i32,
                advance: metrics.advance_width,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 14;

    #[test]
    fn digits_are_as_wide_as_each_other() {
        let mut face = TypeFace::new().expect("a font");
        let widths: Vec<_> = ('0'..='9').map(|digit| face.letter(Weight::Regular, SIZE, digit).advance).collect();
        assert!(widths.iter().all(|width| (width - widths[0]).abs() < 1e-3), "{widths:?}");
    }

    #[test]
    fn long_names_end_in_an_ellipsis_within_their_room() {
        let mut face = TypeFace::new().expect("a font");
        let name = "UPRIGHTFIRE";
        assert_eq!(face.fitted(name, Weight::Medium, SIZE, 300), name);
        for room in [20, 40, 60] {
            let fitted = face.fitted(name, Weight::Medium, SIZE, room);
            assert!(fitted.ends_with(ELLIPSIS) && name.starts_with(fitted.trim_end_matches(ELLIPSIS)), "{fitted}");
            assert!(face.width(&fitted, Weight::Medium, SIZE) <= room, "{fitted} in {room}");
        }
    }

    #[test]
    fn letters_that_are_not_there_are_marked_and_controls_draw_nothing() {
        let mut face = TypeFace::new().expect("a font");
        let white = Rgb([255; 3]);
        let style = Style { weight: Weight::Regular, size: SIZE, colour: Rgb([0; 3]) };
        let mut drawn = |text: &str| {
            let mut canvas = Canvas::new(40, 20, white);
            face.draw(&mut canvas, text, 2, 15, style);
            canvas
        };
        let blank = Canvas::new(40, 20, white);
        assert_eq!(drawn("\n\u{1b}"), blank);
        assert_ne!(drawn("\u{732b}"), blank, "a letter of no alphabet here is seen to be one");
        assert_ne!(drawn("λ"), drawn("\u{732b}"));
    }
}
