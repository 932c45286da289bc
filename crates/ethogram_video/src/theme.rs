//! Colours: those of the web app's light theme (`web/src/theme/tokens.css` and `palette.ts`).

use crate::Rgb;

/// What everything lies on.
pub(crate) const SURFACE: Rgb = Rgb([0xff, 0xff, 0xff]);
/// Rails of bars, and where a picture is missing.
pub(crate) const SUNKEN: Rgb = Rgb([0xee, 0xf0, 0xf0]);
/// The lane that was taken.
pub(crate) const SELECTED: Rgb = Rgb([0xe2, 0xef, 0xee]);
/// Words.
pub(crate) const INK: Rgb = Rgb([0x16, 0x1d, 0x1f]);
/// Words that matter less.
pub(crate) const INK_SOFT: Rgb = Rgb([0x4a, 0x55, 0x57]);
/// Words that matter least.
pub(crate) const INK_FAINT: Rgb = Rgb([0x61, 0x6c, 0x6e]);
/// Behind the word of a step that was drawn at random, and that word.
pub(crate) const WARN_SOFT: Rgb = Rgb([0xfb, 0xed, 0xd3]);
pub(crate) const WARN: Rgb = Rgb([0x8a, 0x53, 0x00]);
/// Above and below zero in what is laid over a picture.
pub(crate) const WARM: Rgb = Rgb([0xac, 0x49, 0x00]);
pub(crate) const COLD: Rgb = Rgb([0x02, 0x72, 0xb1]);

/// Okabe and Ito's seven, then Tol's muted nine, as `palette.ts` has them.
const SLOTS: [[u8; 3]; 16] = [
    [0x02, 0x72, 0xb1],
    [0xac, 0x49, 0x00],
    [0x0a, 0x99, 0x70],
    [0xe0, 0x66, 0xad],
    [0xa7, 0x72, 0x00],
    [0x00, 0x9b, 0xda],
    [0x9e, 0x94, 0x00],
    [0xcc, 0x66, 0x77],
    [0x33, 0x22, 0x88],
    [0x94, 0x83, 0x22],
    [0x11, 0x77, 0x33],
    [0x3a, 0x93, 0xbd],
    [0x88, 0x22, 0x55],
    [0x2f, 0x8d, 0x7e],
    [0x85, 0x85, 0x20],
    [0xaa, 0x44, 0x99],
];

/// The colour of series number `slot`, as in the web app: they come again after sixteen.
pub fn ink_of_slot(slot: usize) -> Rgb {
    Rgb(SLOTS[slot % SLOTS.len()])
}

/// What a value from −1 to 1 adds to a channel of a picture.
pub(crate) fn added(value: f32, opacity: f64) -> u8 {
    (255.0 * opacity * f64::from(value.abs()).min(1.0)).round() as u8
}
