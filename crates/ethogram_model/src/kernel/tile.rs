//! A few rows times one panel: the loop in which nearly all time is spent.
//!
//! A row of the source is not one stretch of memory but `lines` stretches of `run` numbers, `line` apart: that is a window of a picture
//! with its channels last, so a convolution is this product without any copying.

use super::Isa;

/// Where the rows of the left matrix lie.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// All numbers.
    pub values: &'a [f32],
    /// Where the first row begins.
    pub first: usize,
    /// From row to row.
    pub step: usize,
    /// From stretch to stretch of one row.
    pub line: usize,
    /// Stretches of a row.
    pub lines: usize,
    /// Numbers of a stretch.
    pub run: usize,
}

/// `rows` rows times one panel. The caller has checked every length.
#[expect(clippy::too_many_arguments, reason = "one call of the inner loop")]
pub fn rows(
    isa: Isa,
    source: &Source<'_>,
    rows: usize,
    weights: &[f32],
    bias: &[f32],
    out: &mut [f32],
    out_step: usize,
    columns: usize,
) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "the processor was asked, and `Panels::multiply` checked that all reads and writes are in bounds"
        )]
        Isa::Avx512 => unsafe { x86::rows_512(source, rows, weights, bias, out, out_step, columns) },
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "the processor was asked, and `Panels::multiply` checked that all reads and writes are in bounds"
        )]
        Isa::Avx2 => unsafe { x86::rows_256(source, rows, weights, bias, out, out_step, columns) },
        Isa::Portable => portable(source, rows, weights, bias, out, out_step, columns),
    }
}

/// Two rows at a time by plain loops over 16 lanes.
fn portable(
    source: &Source<'_>,
    rows: usize,
    weights: &[f32],
    bias: &[f32],
    out: &mut [f32],
    out_step: usize,
    columns: usize,
) {
    const LANES: usize = 16;
    let mut row = 0;
    while row < rows {
        let count = (rows - row).min(2);
        let mut sums = [[0.0_f32; LANES]; 2];
        for sums in &mut sums {
            sums.copy_from_slice(&bias[..LANES]);
        }
        let start = source.first + row * source.step;
        // A second row that is not there is the first once more.
        let second = start + (count - 1) * source.step;
        let mut panel = weights.as_chunks::<LANES>().0.iter();
        for line in 0..source.lines {
            let at = line * source.line;
            let (one, two) = (&source.values[start + at..][..source.run], &source.values[second + at..][..source.run]);
            for ((x, y), weights) in one.iter().zip(two).zip(&mut panel) {
                for lane in 0..LANES {
                    sums[0][lane] += x * weights[lane];
                    sums[1][lane] += y * weights[lane];
                }
            }
        }
        for (index, sums) in sums.iter().enumerate().take(count) {
            out[(row + index) * out_step..][..columns].copy_from_slice(&sums[..columns]);
        }
        row += count;
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector instructions and unchecked reads, in bounds by the checks of `Panels::multiply`"
)]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_storeu_ps, _mm512_set1_ps, _mm512_setzero_ps,
    };

    use super::Source;

    /// # Safety
    ///
    /// AVX-512F is there, and the lengths fit as `Panels::multiply` checks; panels are 32 wide.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn rows_512(
        source: &Source<'_>,
        rows: usize,
        weights: &[f32],
        bias: &[f32],
        out: &mut [f32],
        out_step: usize,
        columns: usize,
    ) {
        let mut row = 0;
        // SAFETY: as this function demands.
        unsafe {
            while row + 12 <= rows {
                tile_512::<12>(source, row, weights, bias, out, out_step, columns);
                row += 12;
            }
            while row + 4 <= rows {
                tile_512::<4>(source, row, weights, bias, out, out_step, columns);
                row += 4;
            }
            while row < rows {
                tile_512::<1>(source, row, weights, bias, out, out_step, columns);
                row += 1;
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn tile_512<const P: usize>(
        source: &Source<'_>,
        row: usize,
        weights: &[f32],
        bias: &[f32],
        out: &mut [f32],
        out_step: usize,
        columns: usize,
    ) {
        // SAFETY: rows `row..row + P` are there; a panel has 32 numbers for each number of a row, and the bias has 32.
        unsafe {
            let narrow = columns <= 16;
            let mut sums: [[__m512; 2]; P] = [[_mm512_setzero_ps(); 2]; P];
            let bias = [_mm512_loadu_ps(bias.as_ptr()), _mm512_loadu_ps(bias.as_ptr().add(16))];
            sums.fill(bias);
            let mut weight = weights.as_ptr();
            let start = source.values.as_ptr().add(source.first + row * source.step);
            for line in 0..source.lines {
                let mut x = start.add(line * source.line);
                if narrow {
                    for _ in 0..source.run {
                        let first = _mm512_loadu_ps(weight);
                        for (p, sums) in sums.iter_mut().enumerate() {
                            sums[0] = _mm512_fmadd_ps(_mm512_set1_ps(*x.add(p * source.step)), first, sums[0]);
                        }
                        weight = weight.add(32);
                        x = x.add(1);
                    }
                } else {
                    for _ in 0..source.run {
                        let (first, second) = (_mm512_loadu_ps(weight), _mm512_loadu_ps(weight.add(16)));
                        for (p, sums) in sums.iter_mut().enumerate() {
                            let x = _mm512_set1_ps(*x.add(p * source.step));
                            sums[0] = _mm512_fmadd_ps(x, first, sums[0]);
                            sums[1] = _mm512_fmadd_ps(x, second, sums[1]);
                        }
                        weight = weight.add(32);
                        x = x.add(1);
                    }
                }
            }
            let mask = |columns: usize| if columns >= 16 { u16::MAX } else { (1_u16 << columns) - 1 };
            for (p, sums) in sums.iter().enumerate() {
                let to = out.as_mut_ptr().add((row + p) * out_step);
                _mm512_mask_storeu_ps(to, mask(columns), sums[0]);
                if columns > 16 {
                    _mm512_mask_storeu_ps(to.add(16), mask(columns - 16), sums[1]);
                }
            }
        }
    }

    /// # Safety
    ///
    /// AVX2 and FMA are there, and the lengths fit as `Panels::multiply` checks; panels are 16 wide.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn rows_256(
        source: &Source<'_>,
        rows: usize,
        weights: &[f32],
        bias: &[f32],
        out: &mut [f32],
        out_step: usize,
        columns: usize,
    ) {
        let mut row = 0;
        // SAFETY: as this function demands.
        unsafe {
            while row + 6 <= rows {
                tile_256::<6>(source, row, weights, bias, out, out_step, columns);
                row += 6;
            }
            while row < rows {
                tile_256::<1>(source, row, weights, bias, out, out_step, columns);
                row += 1;
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn tile_256<const P: usize>(
        source: &Source<'_>,
        row: usize,
        weights: &[f32],
        bias: &[f32],
        out: &mut [f32],
        out_step: usize,
        columns: usize,
    ) {
        // SAFETY: rows `row..row + P` are there; a panel has 16 numbers for each number of a row, and the bias has 16.
        unsafe {
            let mut sums: [[__m256; 2]; P] = [[_mm256_setzero_ps(); 2]; P];
            let bias = [_mm256_loadu_ps(bias.as_ptr()), _mm256_loadu_ps(bias.as_ptr().add(8))];
            sums.fill(bias);
            let mut weight = weights.as_ptr();
            let start = source.values.as_ptr().add(source.first + row * source.step);
            for line in 0..source.lines {
                let mut x = start.add(line * source.line);
                for _ in 0..source.run {
                    let (first, second) = (_mm256_loadu_ps(weight), _mm256_loadu_ps(weight.add(8)));
                    for (p, sums) in sums.iter_mut().enumerate() {
                        let x = _mm256_broadcast_ss(&*x.add(p * source.step));
                        sums[0] = _mm256_fmadd_ps(x, first, sums[0]);
                        sums[1] = _mm256_fmadd_ps(x, second, sums[1]);
                    }
                    weight = weight.add(16);
                    x = x.add(1);
                }
            }
            for (p, sums) in sums.iter().enumerate() {
                if columns == 16 {
                    let to = out.as_mut_ptr().add((row + p) * out_step);
                    _mm256_storeu_ps(to, sums[0]);
                    _mm256_storeu_ps(to.add(8), sums[1]);
                } else {
                    let mut all = [0.0_f32; 16];
                    _mm256_storeu_ps(all.as_mut_ptr(), sums[0]);
                    _mm256_storeu_ps(all.as_mut_ptr().add(8), sums[1]);
                    out[(row + p) * out_step..][..columns].copy_from_slice(&all[..columns]);
                }
            }
        }
    }
}
