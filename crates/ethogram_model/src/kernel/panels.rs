//! A constant matrix, laid out in the order in which the inner loop reads it.

use super::Isa;
use super::tile::{self, Source};

/// A matrix `[K, N]` cut into panels of as many columns as are computed side by side; missing columns are zero.
#[derive(Clone, Debug)]
pub struct Panels {
    isa: Isa,
    k: usize,
    n: usize,
    /// Panel after panel, each `[K, lanes]`.
    weights: Vec<f32>,
    /// One a column, padded like the panels.
    bias: Vec<f32>,
}

impl Panels {
    /// `weight(row, column)` gives the entries; `bias`, when there is one, has a number a column.
    pub fn pack(isa: Isa, k: usize, n: usize, weight: impl Fn(usize, usize) -> f32, bias: Option<&[f32]>) -> Self {
        let lanes = isa.lanes();
        let count = n.div_ceil(lanes);
        let mut weights = vec![0.0; count * k * lanes];
        for (panel, weights) in weights.chunks_mut((k * lanes).max(1)).enumerate() {
            for (row, weights) in weights.chunks_mut(lanes).enumerate() {
                for (lane, to) in weights.iter_mut().enumerate().take(n - panel * lanes) {
                    *to = weight(row, panel * lanes + lane);
                }
            }
        }
        let mut padded = vec![0.0; count * lanes];
        if let Some(bias) = bias {
            padded[..n].copy_from_slice(&bias[..n]);
        }
        Panels { isa, k, n, weights, bias: padded }
    }

    /// Columns of the matrix.
    pub fn columns(&self) -> usize {
        self.n
    }

    /// `rows` results of N numbers each: row `r` is bias + source row · matrix, written at `out[r · out_step..]`.
    ///
    /// # Panics
    ///
    /// When the source or the output is too short for what it says.
    pub fn multiply(&self, source: &Source<'_>, rows: usize, out: &mut [f32], out_step: usize) {
        if rows == 0 || self.n == 0 {
            return;
        }
        assert_eq!(source.lines * source.run, self.k, "rows of the source and of the matrix");
        if self.k > 0 {
            let last = source.first + (rows - 1) * source.step + (source.lines - 1) * source.line + source.run;
            assert!(last <= source.values.len(), "the source ends at {}, needed to {last}", source.values.len());
        }
        let end = (rows - 1) * out_step + self.n;
        assert!(end <= out.len(), "the output ends at {}, needed to {end}", out.len());
        let lanes = self.isa.lanes();
        for (panel, bias) in self.bias.chunks(lanes).enumerate() {
            let weights = &self.weights[panel * self.k * lanes..][..self.k * lanes];
            let columns = lanes.min(self.n - panel * lanes);
            tile::rows(self.isa, source, rows, weights, bias, &mut out[panel * lanes..], out_step, columns);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by three loops in `f64`.
    fn plain(
        source: &Source<'_>,
        rows: usize,
        n: usize,
        weight: &dyn Fn(usize, usize) -> f32,
        bias: &[f32],
    ) -> Vec<f32> {
        let mut out = Vec::new();
        for row in 0..rows {
            for (column, bias) in bias.iter().enumerate().take(n) {
                let mut sum = f64::from(*bias);
                for line in 0..source.lines {
                    for at in 0..source.run {
                        let x = source.values[source.first + row * source.step + line * source.line + at];
                        sum += f64::from(x) * f64::from(weight(line * source.run + at, column));
                    }
                }
                out.push(sum as f32);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn every_instruction_set_equals_plain_loops(
            rows in 1_usize..30, n in 1_usize..70, lines in 1_usize..4, run in 1_usize..40, step in 0_usize..9, extra in 0_usize..5, first in 0_usize..4,
        ) {
            let line = run + extra;
            let length = first + (rows - 1) * step + (lines - 1) * line + run;
            let values: Vec<f32> = (0..length).map(|at| ((at * 37 + 11) % 101) as f32 / 50.0 - 1.0).collect();
            let weight = |row: usize, column: usize| ((row * 13 + column * 7) % 29) as f32 / 14.0 - 1.0;
            let bias: Vec<f32> = (0..n).map(|column| column as f32 / 10.0).collect();
            let source = Source { values: &values, first, step, line, lines, run };
            let expected = plain(&source, rows, n, &weight, &bias);
            for isa in Isa::available() {
                let panels = Panels::pack(isa, lines * run, n, weight, Some(&bias));
                let out_step = n + extra;
                let mut out = vec![f32::NAN; (rows - 1) * out_step + n];
                panels.multiply(&source, rows, &mut out, out_step);
                for row in 0..rows {
                    for column in 0..n {
                        let (found, expected) = (out[row * out_step + column], expected[row * n + column]);
                        prop_assert!((found - expected).abs() <= 1e-4 * (1.0 + expected.abs()), "{isa:?}: {found} for {expected}");
                    }
                    // Nothing is written between the rows.
                    if row + 1 < rows {
                        prop_assert!(out[row * out_step + n..(row + 1) * out_step].iter().all(|value| value.is_nan()));
                    }
                }
            }
        }
    }
}
