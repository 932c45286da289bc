//! Maps of attributions, made small enough for a page.

use ethogram_store::Dtype;

use super::book::deflated;
use crate::columns::{Columns, Decoded, decode};

/// Packed bytes that the map of a step may take: what a thousand steps take then is less than the app itself.
pub const MAP_BYTES_A_STEP: usize = 1_800;

/// How much of a map is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// Bits an element, its sign among them; 8 keeps all that the server sends.
    pub bits: u32,
    /// So many elements a side are summed into one.
    pub pool: usize,
}

/// From all to little: what looks least different comes first.
const LADDER: [Reduction; 8] = [
    Reduction { bits: 8, pool: 1 },
    Reduction { bits: 6, pool: 1 },
    Reduction { bits: 5, pool: 1 },
    Reduction { bits: 6, pool: 2 },
    Reduction { bits: 5, pool: 2 },
    Reduction { bits: 4, pool: 2 },
    Reduction { bits: 5, pool: 4 },
    Reduction { bits: 4, pool: 4 },
];

impl Reduction {
    /// Nothing is lost.
    pub const NONE: Self = LADDER[0];

    /// The first of the ladder with which an answer keeps to [`MAP_BYTES_A_STEP`], the last when none does.
    ///
    /// **Errors**: a text, when the answer is not as `docs/http.md` has it.
    pub fn for_answer(body: &[u8]) -> Result<Self, String> {
        let decoded = decode(body)?;
        let steps = decoded.entry("values").and_then(|entry| entry.shape.first().copied()).unwrap_or(1).max(1);
        for step in LADDER {
            if deflated(&reduced(&decoded, step)).len() <= steps * MAP_BYTES_A_STEP {
                return Ok(step);
            }
        }
        Ok(LADDER[LADDER.len() - 1])
    }

    /// The answer with its maps reduced. What has no map of bytes stays as it is.
    ///
    /// **Errors**: as [`Reduction::for_answer`].
    pub fn apply(self, body: &[u8]) -> Result<Vec<u8>, String> {
        if self == Self::NONE {
            return Ok(body.to_vec());
        }
        Ok(reduced(&decode(body)?, self))
    }
}

fn reduced(from: &Decoded, by: Reduction) -> Vec<u8> {
    let maps = from.entry("values").filter(|entry| entry.dtype == Dtype::Int8.name() && entry.shape.len() >= 3);
    let maps = maps.and_then(|entry| Some((entry.shape.clone(), from.bytes("values")?, from.f64("scale")?)));
    let maps = maps.map(|(shape, bytes, scales)| pooled(&shape, bytes, &scales, by));
    let mut columns = Columns::new();
    for name in from.names() {
        let Some(entry) = from.entry(name) else { continue };
        let valid = from.valid(name);
        match (&maps, name) {
            (Some((shape, bytes, _)), "values") => columns.push(name, Dtype::Int8, shape.clone(), bytes.clone(), valid),
            (Some((.., scales)), "scale") => columns.push_f64(name, scales.iter().copied()),
            _ => match (&entry.text, Dtype::from_name(&entry.dtype), from.bytes(name)) {
                (Some(text), ..) => columns.push_text(name, text.clone()),
                (None, Some(dtype), Some(bytes)) => {
                    columns.push(name, dtype, entry.shape.clone(), bytes.to_vec(), valid);
                }
                _ => {}
            },
        }
    }
    for (key, value) in &from.header {
        if key != "columns" {
            columns.set(key, value.clone());
        }
    }
    columns.into_body()
}

/// Maps of fewer bits and cells: their shape, bytes, and the scale of each step.
fn pooled(shape: &[usize], bytes: &[u8], scales: &[f64], by: Reduction) -> (Vec<usize>, Vec<u8>, Vec<f64>) {
    let [rows, .., height, width] = *shape else { return (shape.to_vec(), bytes.to_vec(), scales.to_vec()) };
    let planes = shape[1..shape.len() - 2].iter().product::<usize>();
    let (high, wide) = (height.div_ceil(by.pool), width.div_ceil(by.pool));
    let mut small = shape.to_vec();
    let last = small.len();
    (small[last - 2], small[last - 1]) = (high, wide);
    // The value of a level; a number is rounded to the nearest, so that what is near nothing is nothing.
    let level = f64::from(1_u32 << (8 - by.bits.min(8)));
    let most = (127.0 / level).floor() * level;
    let mut kept = Vec::with_capacity(rows * planes * high * wide);
    let mut new_scales = Vec::with_capacity(rows);
    for (row, &scale) in (0..rows).zip(scales) {
        let map = &bytes[row * planes * height * width..][..planes * height * width];
        let mut sums = vec![0.0_f64; planes * high * wide];
        for (i, &byte) in map.iter().enumerate() {
            let (plane, y, x) = (i / (height * width), i / width % height, i % width);
            sums[(plane * high + y / by.pool) * wide + x / by.pool] += f64::from(byte.cast_signed());
        }
        let largest = sums.iter().fold(0.0_f64, |largest, sum| largest.max(sum.abs()));
        let unit = if largest > 0.0 { largest / most } else { 1.0 };
        new_scales.push(scale * unit);
        kept.extend(sums.iter().map(|sum| (((sum / unit / level).round() * level) as i8).cast_unsigned()));
    }
    (small, kept, new_scales)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(shape: &[usize], values: &[i8], valid: &[bool]) -> Vec<u8> {
        let mut columns = Columns::new();
        let bytes = values.iter().map(|value| value.cast_unsigned()).collect();
        columns.push("values", Dtype::Int8, shape.to_vec(), bytes, Some(valid));
        columns.push_f64("scale", vec![0.5; shape[0]].into_iter());
        columns.push_f64("at_input", vec![3.0; shape[0]].into_iter());
        columns.set("first", 7.into());
        columns.into_body()
    }

    #[test]
    fn sums_of_cells_stay_what_they_are() {
        let values = [127, 0, 0, 1, 0, 0, -64, -63, 2];
        let body = answer(&[1, 1, 3, 3], &values, &[true]);
        let small = decode(&Reduction { bits: 8, pool: 2 }.apply(&body).expect("reduced")).expect("columns");
        assert_eq!(small.entry("values").expect("values").shape, [1, 1, 2, 2]);
        let scale = small.f64("scale").expect("scales")[0];
        let numbers: Vec<f64> = small.f64("values").expect("values").iter().map(|value| value * scale).collect();
        let expected = [64.0, 0.0, -63.5, 1.0];
        for (found, expected) in numbers.iter().zip(expected) {
            assert!((found - expected).abs() < 0.6, "{numbers:?}");
        }
        assert_eq!(small.header["first"], 7);
        assert_eq!(small.f64("at_input"), Some(vec![3.0]));
    }

    #[test]
    fn few_bits_are_few_levels_and_missing_stays_missing() {
        let values: Vec<i8> = (0..32).map(|i| (i * 8 - 127) as i8).collect();
        let body = answer(&[2, 4, 4], &values, &[true, false]);
        let small = decode(&Reduction { bits: 4, pool: 1 }.apply(&body).expect("reduced")).expect("columns");
        let mut levels: Vec<u8> = small.bytes("values").expect("values").to_vec();
        levels.sort_unstable();
        levels.dedup();
        assert!(levels.len() <= 15, "{levels:?}");
        assert_eq!(small.valid("values"), Some(&[true, false][..]));
    }

    #[test]
    fn noise_is_made_coarse_and_what_is_nearly_empty_is_not() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as i8
        };
        let loud: Vec<i8> = (0..2 * 4 * 84 * 84).map(|_| noise()).collect();
        let found = Reduction::for_answer(&answer(&[2, 4, 84, 84], &loud, &[true; 2])).expect("columns");
        assert!(found.pool > 1, "{found:?}");
        let mut quiet = vec![0; 2 * 4 * 84 * 84];
        quiet[5] = 100;
        let found = Reduction::for_answer(&answer(&[2, 4, 84, 84], &quiet, &[true; 2])).expect("columns");
        assert_eq!(found, Reduction::NONE);
    }
}
