//! Few colours that stand for all of a frame's.
//!
//! **Source** Heckbert 1982, "Color image quantization for frame buffer display", median cut; the box that is cut next is the one with the
//! largest extent times pixels.

use std::collections::HashMap;

use crate::Rgb;

/// Which number each colour of a frame has.
pub(crate) struct Colours {
    numbers: HashMap<Rgb, u8>,
    /// By number.
    pub palette: Vec<Rgb>,
}

/// Colours that share one number.
struct Cell {
    /// With the pixels that have them.
    colours: Vec<(Rgb, u64)>,
    /// The channel in which they are furthest apart, and how far.
    channel: usize,
    extent: u64,
    pixels: u64,
}

impl Colours {
    /// At most `most` colours, 256 or fewer: all of them, exactly, when there are no more.
    pub fn of(pixels: impl Iterator<Item = Rgb>, most: usize) -> Self {
        let mut counts: HashMap<Rgb, u64> = HashMap::new();
        let mut run: Option<(Rgb, u64)> = None;
        for pixel in pixels {
            match &mut run {
                Some((colour, count)) if *colour == pixel => *count += 1,
                _ => {
                    if let Some((colour, count)) = run.replace((pixel, 1)) {
                        *counts.entry(colour).or_default() += count;
                    }
                }
            }
        }
        if let Some((colour, count)) = run {
            *counts.entry(colour).or_default() += count;
        }
        let mut all: Vec<(Rgb, u64)> = counts.into_iter().collect();
        all.sort_unstable();
        let cells = if all.len() <= most {
            all.into_iter().map(|one| Cell::of(vec![one])).collect()
        } else {
            cut(Cell::of(all), most)
        };
        let palette = cells.iter().map(Cell::mean).collect();
        let of_cell =
            |(number, cell): (usize, Cell)| cell.colours.into_iter().map(move |(colour, _)| (colour, number as u8));
        Self { numbers: cells.into_iter().enumerate().flat_map(of_cell).collect(), palette }
    }

    /// The number of a colour that was among the pixels; 0 for any other.
    pub fn number(&self, colour: Rgb) -> u8 {
        self.numbers.get(&colour).copied().unwrap_or(0)
    }
}

/// Cuts one cell into so many.
fn cut(first: Cell, most: usize) -> Vec<Cell> {
    let mut cells = vec![first];
    while cells.len() < most {
        let weight = |cell: &Cell| cell.extent * cell.pixels;
        let next = (0..cells.len()).max_by_key(|index| (weight(&cells[*index]), std::cmp::Reverse(*index)));
        let Some(index) = next.filter(|index| weight(&cells[*index]) > 0) else { break };
        let (low, high) = cells.swap_remove(index).halves();
        cells.extend([low, high]);
    }
    cells
}

impl Cell {
    fn of(colours: Vec<(Rgb, u64)>) -> Self {
        let extent = |channel: usize| {
            let levels = || colours.iter().map(|(Rgb(colour), _)| u64::from(colour[channel]));
            levels().max().unwrap_or(0) - levels().min().unwrap_or(0)
        };
        let channel = (0..3).max_by_key(|channel| (extent(*channel), std::cmp::Reverse(*channel))).unwrap_or(0);
        let (extent, pixels) = (extent(channel), colours.iter().map(|(_, count)| count).sum());
        Self { colours, channel, extent, pixels }
    }

    /// Cut where half of the pixels lie on each side; both sides have colours.
    fn halves(mut self) -> (Self, Self) {
        let channel = self.channel;
        self.colours.sort_unstable_by_key(|(Rgb(colour), _)| (colour[channel], *colour));
        let mut below = 0;
        let middle = self.colours.iter().position(|(_, count)| {
            below += count;
            2 * below >= self.pixels
        });
        let at = middle.map_or(1, |middle| middle + 1).clamp(1, self.colours.len() - 1);
        let high = self.colours.split_off(at);
        (Self::of(self.colours), Self::of(high))
    }

    fn mean(&self) -> Rgb {
        let mean = |channel: usize| {
            let sum: u64 = self.colours.iter().map(|(Rgb(colour), count)| u64::from(colour[channel]) * count).sum();
            ((sum + self.pixels / 2) / self.pixels.max(1)) as u8
        };
        Rgb([mean(0), mean(1), mean(2)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_themselves() {
        let pixels: Vec<Rgb> = (0..=254).flat_map(|level| [Rgb([level, 7, 9]); 3]).collect();
        let colours = Colours::of(pixels.iter().copied(), 255);
        assert!(pixels.iter().all(|pixel| colours.palette[usize::from(colours.number(*pixel))] == *pixel));
        assert_eq!(Colours::of(std::iter::empty(), 255).palette, []);
    }

    #[test]
    fn many_colours_stay_near_and_what_is_common_stays_nearest() {
        let ramp = (0..4_096_u32).map(|i| Rgb([(i % 64 * 4) as u8, (i / 64 * 4) as u8, 128]));
        let common = Rgb([13, 200, 77]);
        let pixels: Vec<Rgb> = ramp.chain(std::iter::repeat_n(common, 100_000)).collect();
        let colours = Colours::of(pixels.iter().copied(), 255);
        assert_eq!(colours.palette.len(), 255);
        let apart = |colour: Rgb| {
            let shown = colours.palette[usize::from(colours.number(colour))];
            (0..3).map(|c| colour.0[c].abs_diff(shown.0[c])).max().unwrap_or(0)
        };
        assert!(pixels.iter().all(|pixel| apart(*pixel) <= 24), "{:?}", pixels.iter().map(|p| apart(*p)).max());
        assert!(apart(common) <= 1, "a colour of most pixels is hardly changed");
    }
}
