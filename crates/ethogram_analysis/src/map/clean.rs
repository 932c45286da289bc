use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use crate::{Error, Result};

/// Which of some rows can be laid out, and what is the same among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cleaned {
    /// Rows in which every number is finite.
    pub kept: Vec<usize>,
    /// Rows with NaN or an infinity, which are left out.
    pub not_finite: usize,
    /// Which distinct point each kept row is. **Shape**: that of `kept`.
    pub distinct_of: Vec<usize>,
    /// The first row of each distinct point, in their order.
    pub firsts: Vec<usize>,
    /// Whether a coordinate has several values among the kept rows. **Shape**: `[width]`.
    pub varies: Vec<bool>,
}

/// Looks at rows of numbers before they are laid out. Zero and its negative are the same.
///
/// **Shape** `values`: `[rows, width]`. **Errors** when the values do not fill whole rows.
pub fn clean(values: &[f32], width: usize) -> Result<Cleaned> {
    if width == 0 {
        return Err(Error::OutOfRange { argument: "width", expected: "at least 1", found: 0.0 });
    }
    if !values.len().is_multiple_of(width) {
        let expected = values.len().next_multiple_of(width);
        let like = "whole rows of width";
        return Err(Error::LengthMismatch { argument: "values", found: values.len(), expected, like });
    }
    let mut cleaned = Cleaned { varies: vec![false; width], ..Cleaned::default() };
    let mut known: HashMap<Bits, usize> = HashMap::new();
    let mut first: Option<&[f32]> = None;
    for (row, numbers) in values.chunks(width).enumerate() {
        if numbers.iter().any(|value| !value.is_finite()) {
            cleaned.not_finite += 1;
            continue;
        }
        let first = *first.get_or_insert(numbers);
        for (varies, (value, other)) in cleaned.varies.iter_mut().zip(numbers.iter().zip(first)) {
            *varies |= value.partial_cmp(other) != Some(std::cmp::Ordering::Equal);
        }
        let next = cleaned.firsts.len();
        let distinct = *known.entry(Bits(numbers)).or_insert(next);
        if distinct == next {
            cleaned.firsts.push(row);
        }
        cleaned.kept.push(row);
        cleaned.distinct_of.push(distinct);
    }
    Ok(cleaned)
}

impl Cleaned {
    /// Kept rows that are the same as one before them.
    pub fn duplicates(&self) -> usize {
        self.kept.len() - self.firsts.len()
    }

    /// Coordinates that are the same in all kept rows.
    pub fn constant(&self) -> usize {
        self.varies.iter().filter(|varies| !**varies).count()
    }

    /// The distinct points, row after row, and how many numbers each has: those that vary, or all where `whole`; one at least.
    pub fn distinct(&self, values: &[f32], whole: bool) -> (Vec<f32>, usize) {
        let width = self.varies.len();
        let mut taken: Vec<usize> = (0..width).filter(|&at| whole || self.varies[at]).collect();
        if taken.is_empty() {
            taken.push(0);
        }
        let row = |&row: &usize| {
            let numbers = &values[row * width..][..width];
            taken.iter().map(|&at| numbers[at])
        };
        (self.firsts.iter().flat_map(row).collect(), taken.len())
    }
}

/// A row by the bits of its numbers.
struct Bits<'a>(&'a [f32]);

impl Bits<'_> {
    /// Adding 0 turns −0 into 0.
    fn bits(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|value| (value + 0.0).to_bits())
    }
}

impl PartialEq for Bits<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bits().eq(other.bits())
    }
}

impl Eq for Bits<'_> {}

impl Hash for Bits<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Multiply and mix: quick on wide rows, and equality decides.
        let mix = |hash: u64, bits: u32| (hash ^ u64::from(bits)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        state.write_u64(self.bits().fold(0, mix));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_finite_are_left_out_and_equal_ones_are_one_point() {
        let values = [1.0, 5.0, f32::NAN, 5.0, 1.0, 5.0, -0.0, 5.0, 0.0, 5.0, f32::INFINITY, 0.0];
        let cleaned = clean(&values, 2).unwrap();
        assert_eq!((cleaned.kept.as_slice(), cleaned.not_finite), ([0, 2, 3, 4].as_slice(), 2));
        assert_eq!(
            (cleaned.distinct_of.as_slice(), cleaned.firsts.as_slice()),
            ([0, 0, 1, 1].as_slice(), [0, 3].as_slice())
        );
        assert_eq!((cleaned.duplicates(), cleaned.constant()), (2, 1));
        assert_eq!(cleaned.distinct(&values, false), (vec![1.0, -0.0], 1));
        assert_eq!(cleaned.distinct(&values, true), (vec![1.0, 5.0, -0.0, 5.0], 2));
    }

    #[test]
    fn nothing_and_all_the_same_have_an_answer() {
        assert_eq!(clean(&[], 3).unwrap().kept.len(), 0);
        let cleaned = clean(&[7.0; 6], 3).unwrap();
        assert_eq!((cleaned.constant(), cleaned.firsts.len()), (3, 1));
        assert_eq!(cleaned.distinct(&[7.0; 6], false), (vec![7.0], 1), "a point has a coordinate");
        assert!(clean(&[1.0; 5], 3).is_err() && clean(&[], 0).is_err());
    }
}
