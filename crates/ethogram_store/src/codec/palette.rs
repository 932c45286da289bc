//! Codec 1: colours replaced by their number in a palette of at most 256, each picture as its exclusive or with the one before, then zstd.
//! Made for pixel art on a still background: of an Atari frame, 99 % of the pixels repeat.

use super::Codec;

pub(super) struct Palette;

impl Codec for Palette {
    fn id(&self) -> u8 {
        1
    }

    fn name(&self) -> &'static str {
        "palette"
    }

    fn has_palette(&self) -> bool {
        true
    }

    fn is_delta(&self) -> bool {
        true
    }

    /// Declines one-channel pictures (numbers instead of greys gain nothing), more than four channels, and a 257th colour.
    fn transform(
        &self,
        pictures: &[&[u8]],
        channels: usize,
        width: usize,
        raw: &mut Vec<u8>,
        palette: &mut Vec<u8>,
    ) -> bool {
        match channels {
            2 => index::<2>(pictures, width, raw, palette),
            3 => index::<3>(pictures, width, raw, palette),
            4 => index::<4>(pictures, width, raw, palette),
            _ => false,
        }
    }
}

/// Only the rows that differ from the picture before are looked at pixel by pixel; the others are already zero.
fn index<const C: usize>(pictures: &[&[u8]], width: usize, raw: &mut Vec<u8>, palette: &mut Vec<u8>) -> bool {
    palette.clear();
    raw.clear();
    let Some(first) = pictures.first() else { return true };
    let pixels = first.len() / C;
    raw.resize(pixels * pictures.len(), 0);
    let mut colours = Colours::<C>::new();
    let mut now = vec![0_u8; pixels];
    for (number, &picture) in pictures.iter().enumerate() {
        let before = if number == 0 { None } else { Some(pictures[number - 1]) };
        let out = &mut raw[number * pixels..(number + 1) * pixels];
        let row_bytes = width * C;
        for (row, samples) in picture.chunks_exact(row_bytes).enumerate() {
            if before.is_some_and(|before| before[row * row_bytes..][..row_bytes] == *samples) {
                continue;
            }
            let indices = &mut now[row * width..][..width];
            let delta = &mut out[row * width..][..width];
            if !colours.row(samples, indices, delta, palette) {
                return false;
            }
        }
    }
    true
}

/// Numbers colours in the order in which they are first seen: an open-addressed table of 1,024 cells.
struct Colours<const C: usize> {
    /// 0 when empty, else 2^63 | colour << 16 | number.
    cells: Box<[u64; 1024]>,
    count: u16,
}

impl<const C: usize> Colours<C> {
    fn new() -> Self {
        Self { cells: Box::new([0; 1024]), count: 0 }
    }

    /// Writes the numbers of a row of pixels, and their difference to those that `indices` held before.
    /// False at the 257th colour.
    fn row(&mut self, samples: &[u8], indices: &mut [u8], delta: &mut [u8], palette: &mut Vec<u8>) -> bool {
        let (mut last, mut number) = (u64::MAX, 0);
        for ((pixel, index), delta) in samples.chunks_exact(C).zip(indices).zip(delta) {
            let colour = pixel.iter().fold(0, |colour, &sample| colour << 8 | u64::from(sample));
            if colour != last {
                match self.number(colour, palette) {
                    Some(found) => (last, number) = (colour, found),
                    None => return false,
                }
            }
            *delta = *index ^ number;
            *index = number;
        }
        true
    }

    fn number(&mut self, colour: u64, palette: &mut Vec<u8>) -> Option<u8> {
        // Fibonacci hashing: the top ten bits of a multiple of the golden ratio.
        let mut at = (colour.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize;
        loop {
            let cell = self.cells[at];
            if cell == 0 {
                break;
            }
            if (cell << 1) >> 17 == colour {
                return Some(cell as u8);
            }
            at = (at + 1) % self.cells.len();
        }
        if self.count == 256 {
            return None;
        }
        let number = self.count as u8;
        self.cells[at] = 1 << 63 | colour << 16 | u64::from(number);
        self.count += 1;
        palette.extend_from_slice(&colour.to_be_bytes()[8 - C..]);
        Some(number)
    }
}

/// Writes the colours of `indices` to `out`.
///
/// False when an index lies beyond the palette.
pub(super) fn expand(palette: &[u8], channels: usize, indices: &[u8], out: &mut [u8]) -> bool {
    let colours = palette.len() / channels;
    if colours < 256 && indices.iter().any(|&index| usize::from(index) >= colours) {
        return false;
    }
    match channels {
        1 => expand_by::<1>(palette, indices, out),
        2 => expand_by::<2>(palette, indices, out),
        3 => expand_by::<3>(palette, indices, out),
        4 => expand_by::<4>(palette, indices, out),
        _ => {
            for (pixel, &index) in out.chunks_exact_mut(channels).zip(indices) {
                pixel.copy_from_slice(&palette[usize::from(index) * channels..][..channels]);
            }
        }
    }
    true
}

fn expand_by<const C: usize>(palette: &[u8], indices: &[u8], out: &mut [u8]) {
    let mut table = [[0; C]; 256];
    for (entry, colour) in table.iter_mut().zip(palette.chunks_exact(C)) {
        entry.copy_from_slice(colour);
    }
    for (pixel, &index) in out.chunks_exact_mut(C).zip(indices) {
        pixel.copy_from_slice(&table[usize::from(index)]);
    }
}
