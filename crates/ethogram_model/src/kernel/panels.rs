//! A constant matrix, laid out in the order in which the inner loop reads it.

use std::ops::Range;

use super::Isa;
use super::tile::{self, Goal, Part, Source};

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

    /// `rows` results of N numbers each: row `r` is bias + source row · matrix, written where `goal` says.
    ///
    /// # Panics
    ///
    /// When the source or the output is too short for what it says.
    pub fn multiply(&self, source: &Source<'_>, rows: usize, out: &mut [f32], goal: Goal) {
        self.multiply_panels(0..self.bias.len() / self.isa.lanes(), source, rows, out, goal);
    }

    /// Panels of the matrix, of [`Isa::lanes`] columns each.
    pub fn panels(&self) -> usize {
        self.bias.len() / self.isa.lanes()
    }

    /// The columns of some panels alone; `out` begins with the first of them.
    ///
    /// # Panics
    ///
    /// As [`Panels::multiply`], and when there are no such panels.
    pub fn multiply_panels(&self, panels: Range<usize>, source: &Source<'_>, rows: usize, out: &mut [f32], goal: Goal) {
        let lanes = self.isa.lanes();
        let columns = (panels.end * lanes).min(self.n).saturating_sub(panels.start * lanes);
        if rows == 0 || columns == 0 {
            return;
        }
        assert_eq!(source.lines * source.run, self.k, "rows of the source and of the matrix");
        let last = |step: usize, down: usize| {
            // The largest of a lattice is its last full line's end, or its last row.
            let (lines, rest) = ((rows - 1) / source.across, (rows - 1) % source.across);
            let full = if lines > 0 { (lines - 1) * down + (source.across - 1) * step } else { 0 };
            full.max(lines * down + rest * step)
        };
        if self.k > 0 {
            let end = source.first + last(source.step, source.down) + (source.lines - 1) * source.line + source.run;
            assert!(end <= source.values.len(), "the source ends at {}, needed to {end}", source.values.len());
        }
        let end = last(goal.step, goal.down) + columns;
        assert!(end <= out.len(), "the output ends at {}, needed to {end}", out.len());
        let length = self.k * lanes;
        let part = Part {
            weights: &self.weights[panels.start * length..panels.end * length],
            bias: &self.bias[panels.start * lanes..panels.end * lanes],
            columns,
        };
        tile::multiply(self.isa, source, rows, &part, out, goal);
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
                        let place = row / source.across * source.down + row % source.across * source.step;
                        let x = source.values[source.first + place + line * source.line + at];
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
            rows in 1_usize..30, n in 1_usize..150, lines in 1_usize..4, run in 1_usize..40, step in 0_usize..9, extra in 0_usize..5,
            first in 0_usize..4, across in 1_usize..12, below in 0_usize..50,
        ) {
            let (line, down) = (run + extra, below);
            let place = |row: usize, step: usize, down: usize| row / across * down + row % across * step;
            let most = |step: usize, down: usize| (0..rows).map(|row| place(row, step, down)).max().unwrap_or(0);
            let length = first + most(step, down) + (lines - 1) * line + run;
            let values: Vec<f32> = (0..length).map(|at| ((at * 37 + 11) % 101) as f32 / 50.0 - 1.0).collect();
            let weight = |row: usize, column: usize| ((row * 13 + column * 7) % 29) as f32 / 14.0 - 1.0;
            let bias: Vec<f32> = (0..n).map(|column| column as f32 / 10.0).collect();
            let source = Source { values: &values, first, across, step, down, line, lines, run };
            let expected = plain(&source, rows, n, &weight, &bias);
            let goal = Goal { step: n + extra, down: (n + extra) * across + extra };
            let end = most(goal.step, goal.down) + n;
            for isa in Isa::available() {
                let panels = Panels::pack(isa, lines * run, n, weight, Some(&bias));
                let mut out = vec![f32::NAN; end];
                panels.multiply(&source, rows, &mut out, goal);
                let mut written = vec![false; end];
                for row in 0..rows {
                    for column in 0..n {
                        let at = place(row, goal.step, goal.down) + column;
                        written[at] = true;
                        let (found, expected) = (out[at], expected[row * n + column]);
                        prop_assert!((found - expected).abs() <= 1e-4 * (1.0 + expected.abs()), "{isa:?}: {found} for {expected}");
                    }
                }
                // Nothing is written between the rows.
                prop_assert!(out.iter().zip(&written).all(|(value, written)| *written || value.is_nan()), "{isa:?}");
                // A panel alone is the same to the bit.
                for panel in 0..panels.panels() {
                    let start = panel * isa.lanes();
                    let mut alone = vec![f32::NAN; end - start];
                    panels.multiply_panels(panel..panel + 1, &source, rows, &mut alone, goal);
                    for row in 0..rows {
                        let at = place(row, goal.step, goal.down);
                        for column in 0..isa.lanes().min(n - start) {
                            prop_assert_eq!(alone[at + column].to_bits(), out[at + start + column].to_bits());
                        }
                    }
                }
            }
        }
    }
}
