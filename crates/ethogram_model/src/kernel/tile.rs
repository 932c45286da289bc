//! A few rows times one panel: the loop in which nearly all time is spent.
//!
//! A row of the source is not one stretch of memory but `lines` stretches of `run` numbers, `line` apart: that is a window of a picture
//! with its channels last, so a convolution is this product without any copying. The rows themselves lie on a lattice, `across` side by
//! side and then the next line of them, for the same reason.

use super::Isa;

/// Where the rows of the left matrix lie.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// All numbers.
    pub values: &'a [f32],
    /// Where the first row begins.
    pub first: usize,
    /// Rows side by side.
    pub across: usize,
    /// From row to row.
    pub step: usize,
    /// From the first of `across` rows to the first of the next ones.
    pub down: usize,
    /// From stretch to stretch of one row.
    pub line: usize,
    /// Stretches of a row.
    pub lines: usize,
    /// Numbers of a stretch.
    pub run: usize,
}

/// Where the rows of the result go, counted as the source's.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// From row to row.
    pub step: usize,
    /// From the first of `across` rows to the first of the next ones.
    pub down: usize,
}

/// A part of the matrix: panels that lie one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Panel after panel, each as long as all others.
    pub weights: &'a [f32],
    /// A number a lane of each panel.
    pub bias: &'a [f32],
    /// Columns that are there, of all lanes.
    pub columns: usize,
}

/// Row `row` of a lattice.
fn place(row: usize, across: usize, step: usize, down: usize) -> usize {
    row / across * down + row % across * step
}

/// Goes through a lattice row by row, without a division for each.
#[cfg(target_arch = "x86_64")]
struct Walk<'s> {
    source: &'s Source<'s>,
    goal: Goal,
    /// Where the line begins, in the source and in the goal, and the row of it.
    line: [usize; 2],
    row: usize,
}

#[cfg(target_arch = "x86_64")]
impl<'s> Walk<'s> {
    fn new(source: &'s Source<'s>, goal: Goal) -> Self {
        Walk { source, goal, line: [source.first, 0], row: 0 }
    }

    /// Where the next rows of the source and of the goal lie. All sums are in bounds where there is such a row.
    #[inline]
    fn next<const P: usize>(&mut self) -> ([usize; P], [usize; P]) {
        let (source, goal) = (self.source, self.goal);
        let (mut from, mut to) = ([0; P], [0; P]);
        for (from, to) in from.iter_mut().zip(&mut to) {
            *from = self.line[0].wrapping_add(self.row.wrapping_mul(source.step));
            *to = self.line[1].wrapping_add(self.row.wrapping_mul(goal.step));
            self.row += 1;
            if self.row == source.across {
                self.line = [self.line[0].wrapping_add(source.down), self.line[1].wrapping_add(goal.down)];
                self.row = 0;
            }
        }
        (from, to)
    }
}

/// `rows` rows times all panels of a part. The caller has checked every length.
pub fn multiply(isa: Isa, source: &Source<'_>, rows: usize, part: &Part<'_>, out: &mut [f32], goal: Goal) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "the processor was asked, and `Panels::multiply` checked that all reads and writes are in bounds"
        )]
        Isa::Avx512 => unsafe { avx512::multiply(source, rows, part, out, goal) },
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "the processor was asked, and `Panels::multiply` checked that all reads and writes are in bounds"
        )]
        Isa::Avx2 => unsafe { avx2::multiply(source, rows, part, out, goal) },
        Isa::Portable => portable(source, rows, part, out, goal),
    }
}

/// Two rows at a time by plain loops over 16 lanes.
fn portable(source: &Source<'_>, rows: usize, part: &Part<'_>, out: &mut [f32], goal: Goal) {
    const LANES: usize = 16;
    let length = source.lines * source.run * LANES;
    for (panel, bias) in part.bias.as_chunks::<LANES>().0.iter().enumerate() {
        let columns = LANES.min(part.columns - panel * LANES);
        let weights = &part.weights[panel * length..][..length];
        for row in (0..rows).step_by(2) {
            // A second row that is not there is the first once more.
            let pair = [row, (row + 1).min(rows - 1)];
            let starts = pair.map(|row| source.first + place(row, source.across, source.step, source.down));
            let mut sums = [*bias; 2];
            let mut lanes = weights.as_chunks::<LANES>().0.iter();
            for line in 0..source.lines {
                let [one, two] = starts.map(|start| &source.values[start + line * source.line..][..source.run]);
                for ((x, y), weights) in one.iter().zip(two).zip(&mut lanes) {
                    for lane in 0..LANES {
                        sums[0][lane] += x * weights[lane];
                        sums[1][lane] += y * weights[lane];
                    }
                }
            }
            for (row, sums) in pair.into_iter().zip(&sums) {
                let to = place(row, source.across, goal.step, goal.down) + panel * LANES;
                out[to..to + columns].copy_from_slice(&sums[..columns]);
            }
        }
    }
}

/// The same loop for each width of registers: `P` rows by `Q` panels of two registers, or one where a panel has few columns.
#[cfg(target_arch = "x86_64")]
macro_rules! vector_kernel {
    ($name:ident, $features:literal, $vector:ty, $width:literal, $rows:literal, [$($count:literal)*], $zero:ident, $load:ident, $repeat:ident, $fma:ident, $store:ident) => {
        #[expect(
            unsafe_code,
            reason = "vector instructions and unchecked reads, in bounds by the checks of `Panels::multiply`"
        )]
        mod $name {
            #[allow(clippy::wildcard_imports, reason = "the names differ from width to width")]
            use std::arch::x86_64::*;

            use super::{Goal, Part, Source, Walk};

            const LANES: usize = 2 * $width;

            /// # Safety
            ///
            /// The instructions are there, and the lengths fit as `Panels::multiply` checks.
            #[target_feature(enable = $features)]
            pub unsafe fn multiply(source: &Source<'_>, rows: usize, part: &Part<'_>, out: &mut [f32], goal: Goal) {
                let length = source.lines * source.run * LANES;
                let panels = part.bias.len() / LANES;
                // SAFETY: rows and panels are those that are there; the rest is as this function demands.
                unsafe {
                    if rows <= 2 {
                        // Few rows keep too few sums in flight, so several panels are taken at once.
                        let mut panel = 0;
                        while panel < panels {
                            let walk = &mut Walk::new(source, goal);
                            let group = if panel + 4 / rows <= panels { 4 / rows } else { 1 };
                            match (rows, group) {
                                (1, 4) => tile::<1, 4, 2>(source, walk, part, panel, length, out),
                                (2, 2) => tile::<2, 2, 2>(source, walk, part, panel, length, out),
                                (2, _) => tile::<2, 1, 2>(source, walk, part, panel, length, out),
                                _ => tile::<1, 1, 2>(source, walk, part, panel, length, out),
                            }
                            panel += group;
                        }
                        return;
                    }
                    for panel in 0..panels {
                        let narrow = part.columns - panel * LANES <= $width;
                        let walk = &mut Walk::new(source, goal);
                        let mut row = 0;
                        while row < rows {
                            let left = rows - row;
                            // What does not fill two tiles is cut in halves, for a tile of one row is slow.
                            let count = match left {
                                left if left == $rows || left >= 2 * $rows => $rows,
                                left if left > $rows => left.div_ceil(2),
                                left => left,
                            };
                            match (count, narrow) {
                                $(($count, false) => tile::<$count, 1, 2>(source, walk, part, panel, length, out),
                                ($count, true) => tile::<$count, 1, 1>(source, walk, part, panel, length, out),)*
                                _ => unreachable!("a tile of {count} rows"),
                            }
                            row += count;
                        }
                    }
                }
            }

            /// # Safety
            ///
            /// The next `P` rows and panels `panel..panel + Q` are there, the latter with more columns than `V - 1` registers hold.
            #[target_feature(enable = $features)]
            #[inline]
            #[allow(clippy::needless_range_loop, reason = "indices are what the compiler unrolls into registers")]
            unsafe fn tile<const P: usize, const Q: usize, const V: usize>(
                source: &Source<'_>,
                walk: &mut Walk<'_>,
                part: &Part<'_>,
                panel: usize,
                length: usize,
                out: &mut [f32],
            ) {
                // SAFETY: a row has `lines` stretches of `run` numbers in bounds, a panel `LANES` numbers for each of them.
                unsafe {
                    let mut bias: [[$vector; V]; Q] = [[$zero(); V]; Q];
                    for q in 0..Q {
                        for v in 0..V {
                            bias[q][v] = $load(part.bias.as_ptr().add((panel + q) * LANES + v * $width));
                        }
                    }
                    let mut sums: [[[$vector; V]; Q]; P] = [bias; P];
                    let (from, rows) = walk.next::<P>();
                    let mut starts = [source.values.as_ptr(); P];
                    for p in 0..P {
                        starts[p] = starts[p].add(from[p]);
                    }
                    let mut weight = part.weights.as_ptr().add(panel * length);
                    for _ in 0..source.lines {
                        for at in 0..source.run {
                            let mut weights: [[$vector; V]; Q] = [[$zero(); V]; Q];
                            for q in 0..Q {
                                for v in 0..V {
                                    weights[q][v] = $load(weight.add(q * length + v * $width));
                                }
                            }
                            for p in 0..P {
                                let x = $repeat(*starts[p].add(at));
                                for q in 0..Q {
                                    for v in 0..V {
                                        sums[p][q][v] = $fma(x, weights[q][v], sums[p][q][v]);
                                    }
                                }
                            }
                            weight = weight.add(LANES);
                        }
                        for start in &mut starts {
                            *start = start.wrapping_add(source.line);
                        }
                    }
                    // All loops over the sums are short and have constant bounds, or they would live in memory all the time.
                    let columns = part.columns - panel * LANES;
                    if columns >= (Q - 1) * LANES + V * $width {
                        for p in 0..P {
                            let to = out.as_mut_ptr().add(rows[p] + panel * LANES);
                            for q in 0..Q {
                                for v in 0..V {
                                    $store(to.add(q * LANES + v * $width), sums[p][q][v]);
                                }
                            }
                        }
                        return;
                    }
                    let mut all = [[[[0.0_f32; $width]; V]; Q]; P];
                    for p in 0..P {
                        for q in 0..Q {
                            for v in 0..V {
                                $store(all[p][q][v].as_mut_ptr(), sums[p][q][v]);
                            }
                        }
                    }
                    for (p, all) in all.iter().enumerate() {
                        let row = rows[p] + panel * LANES;
                        for (q, all) in all.iter().enumerate() {
                            let count = columns.saturating_sub(q * LANES).min(V * $width);
                            out[row + q * LANES..][..count].copy_from_slice(&all.as_flattened()[..count]);
                        }
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector_kernel!(
    avx512, "avx512f", __m512, 16, 8, [1 2 3 4 5 6 7 8],
    _mm512_setzero_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps
);
#[cfg(target_arch = "x86_64")]
vector_kernel!(
    avx2, "avx2,fma", __m256, 8, 6, [1 2 3 4 5 6],
    _mm256_setzero_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps
);
