//! Tiles of a picture taken to where a convolution is a product of numbers with numbers, and its results taken back.
//!
//! A convolution with windows of 3×3 and stride 1 is a product of polynomials; at [`POINTS`] points a side it takes one multiplication each, where 4
//! results a side with 3 weights each take 12. **Source**: Lavin & Gray (2015), arXiv:1509.09308, equation 8, F(4×4, 3×3). Theirs has the points
//! 0, ±1, ±2 and ∞; ours are 0, ±3/4, ±3/2 and ∞, all of whose coefficients are exact in binary and near enough to one another that rounding
//! errors are a quarter of theirs: twice those of the plain sum (the choice of points: Barabasz et al. 2018, arXiv:1803.10986).

use super::Isa;

/// Results along a side of a tile.
pub const SIDE: usize = 4;

/// Numbers along a side of the square that a tile is made of, and points along a side.
pub const POINTS: usize = 6;

// The points that are neither 0 nor infinite, ±A and ±B, and their powers.
const A: f32 = 0.75;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
const A3: f32 = A2 * A;
const B3: f32 = B2 * B;
const SUM: f32 = A2 + B2;
const PRODUCT: f32 = A2 * B2;

/// A picture `[H, W, C]`; beyond its edges it is zero.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'p> {
    pub values: &'p [f32],
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

/// Where the results of one tile go.
#[derive(Clone, Copy, Debug)]
pub struct Results {
    /// From line to line, in numbers.
    pub line: usize,
    /// Results that are there, down and across: fewer than [`SIDE`] at the edge.
    pub count: [usize; 2],
    pub channels: usize,
    /// Whether negative results become 0.
    pub relu: bool,
}

/// Weights of a 3×3 window at all pairs of points: G g Gᵀ.
pub fn weights_at(weights: [[f32; 3]; 3]) -> [[f32; POINTS]; POINTS] {
    let (a, b) = (f64::from(A), f64::from(B));
    let (of_a, of_b) = (2.0 * a * a * (a * a - b * b), 2.0 * b * b * (b * b - a * a));
    let at = |p: f64, norm: f64| [1.0 / norm, p / norm, p * p / norm];
    let g = [[1.0 / (a * a * b * b), 0.0, 0.0], at(a, of_a), at(-a, of_a), at(b, of_b), at(-b, of_b), [0.0, 0.0, 1.0]];
    let sum = |g: &[f64; 3], x: [f64; 3]| g[0] * x[0] + g[1] * x[1] + g[2] * x[2];
    let lines = weights.map(|line| g.map(|g| sum(&g, line.map(f64::from))));
    g.map(|g| std::array::from_fn(|across| sum(&g, [0, 1, 2].map(|y| lines[y][across])) as f32))
}

/// Channels that are taken at once; lists of channels are filled up to a multiple of it.
pub fn width(isa: Isa) -> usize {
    isa.lanes() / 2
}

/// Takes the square of [`POINTS`]² numbers of each channel from `corner` on (down, across; beyond the edges is fine) to the points: Bᵀ d B. Point `i`'s channels,
/// filled up with zeros, go to `to[i · stride..]`.
///
/// # Panics
///
/// When the picture or the goal is too short.
pub fn take(isa: Isa, picture: &Picture<'_>, corner: [isize; 2], to: &mut [f32], stride: usize) {
    assert_eq!(picture.values.len(), picture.height * picture.width * picture.channels, "the picture");
    let needed = (POINTS * POINTS - 1) * stride + picture.channels.next_multiple_of(width(isa));
    assert!(to.len() >= needed, "the points have room for {}, needed for {needed}", to.len());
    #[expect(unsafe_code, reason = "the processor was asked, and all lengths are checked above")]
    // SAFETY: as the reason says.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::take(picture, corner, to, stride),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::take(picture, corner, to, stride),
            Isa::Portable => portable::take(picture, corner, to, stride),
        }
    }
}

/// Takes products back to results: Aᵀ m A plus the bias. `from` and `bias` are filled up as [`take`] does. Whether all results of the first channels are finite: where a
/// number that comes in is not, one of them is not either.
///
/// # Panics
///
/// When the products, the bias or the goal is too short.
pub fn give(isa: Isa, from: &[f32], stride: usize, bias: &[f32], results: &Results, out: &mut [f32]) -> bool {
    let filled = results.channels.next_multiple_of(width(isa));
    let needed = (POINTS * POINTS - 1) * stride + filled;
    assert!(from.len() >= needed && bias.len() >= filled, "{} products and {} biases", from.len(), bias.len());
    let [rows, columns] = results.count;
    assert!((1..=SIDE).contains(&rows) && (1..=SIDE).contains(&columns), "{rows} by {columns} results of a tile");
    let end = (rows - 1) * results.line + columns * results.channels;
    assert!(out.len() >= end, "the output ends at {}, needed to {end}", out.len());
    #[expect(unsafe_code, reason = "the processor was asked, and all lengths are checked above")]
    // SAFETY: as the reason says.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::give(from, stride, bias, results, out),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::give(from, stride, bias, results, out),
            Isa::Portable => portable::give(from, stride, bias, results, out),
        }
    }
}

/// Both transforms for each width of registers. `$fma(x, y, z)` is x y + z, `$fnma(x, y, z)` is z − x y.
macro_rules! transforms {
    (
        $name:ident, [$($feature:meta)?], $vector:ty, $width:literal, [$($uses:tt)*],
        $zero:ident, $load:ident, $repeat:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $max:ident, $fma:ident, $fnma:ident
    ) => {
        #[expect(unsafe_code, reason = "vector instructions and unchecked reads, in bounds by the checks of `take` and `give`")]
        mod $name {
            #[allow(clippy::wildcard_imports, reason = "the names differ from width to width")]
            use $($uses)*;

            use super::{A, A2, A3, B, B2, B3, POINTS, PRODUCT, Picture, Results, SIDE, SUM};

            const WIDTH: usize = $width;

            /// Bᵀ of six numbers.
            #[inline]
            $(#[$feature])?
            fn to_points(x: [$vector; POINTS]) -> [$vector; POINTS] {
                let [sum, product, a, b, a2, b2] =
                    [$repeat(SUM), $repeat(PRODUCT), $repeat(A), $repeat(B), $repeat(A2), $repeat(B2)];
                let (even_a, odd_a) = ($fnma(b2, x[2], x[4]), $fnma(b2, x[1], x[3]));
                let (even_b, odd_b) = ($fnma(a2, x[2], x[4]), $fnma(a2, x[1], x[3]));
                [
                    $fma(product, x[0], $fnma(sum, x[2], x[4])),
                    $fma(a, odd_a, even_a),
                    $fnma(a, odd_a, even_a),
                    $fma(b, odd_b, even_b),
                    $fnma(b, odd_b, even_b),
                    $fma(product, x[1], $fnma(sum, x[3], x[5])),
                ]
            }

            /// Aᵀ of six numbers.
            #[inline]
            $(#[$feature])?
            fn from_points(m: [$vector; POINTS]) -> [$vector; SIDE] {
                let [a, b, a2, b2, a3, b3] =
                    [$repeat(A), $repeat(B), $repeat(A2), $repeat(B2), $repeat(A3), $repeat(B3)];
                let (even_a, odd_a) = ($add(m[1], m[2]), $sub(m[1], m[2]));
                let (even_b, odd_b) = ($add(m[3], m[4]), $sub(m[3], m[4]));
                [
                    $add(m[0], $add(even_a, even_b)),
                    $fma(a, odd_a, $mul(b, odd_b)),
                    $fma(a2, even_a, $mul(b2, even_b)),
                    $fma(a3, odd_a, $fma(b3, odd_b, m[5])),
                ]
            }

            /// # Safety
            ///
            /// The instructions are there, and the lengths fit as `super::take` checks.
            $(#[$feature])?
            pub unsafe fn take(picture: &Picture<'_>, corner: [isize; 2], to: &mut [f32], stride: usize) {
                let inside = |corner: isize, length: usize| {
                    let side = POINTS as isize;
                    let from = (-corner).clamp(0, side);
                    from as usize..(length as isize - corner).clamp(from, side) as usize
                };
                let (rows, columns) = (inside(corner[0], picture.height), inside(corner[1], picture.width));
                let channels = picture.channels;
                let (line, nothing) = (picture.width * channels, [0.0_f32; WIDTH]);
                let start = (corner[0] * picture.width as isize + corner[1]) * channels as isize;
                let from = picture.values.as_ptr().wrapping_offset(start);
                let mut first = 0;
                while first < channels {
                    // Not filled with zeros first, which would cost as much as one of the two transforms.
                    let mut room = std::mem::MaybeUninit::<[[$vector; POINTS]; POINTS]>::uninit();
                    let each = room.as_mut_ptr().cast::<[$vector; POINTS]>();
                    // SAFETY: rows and columns lie in the picture, channels below its own, and points in the goal. All lines of the room are written.
                    unsafe {
                        for row in 0..POINTS {
                            let mut x = [$zero(); POINTS];
                            let from = from.wrapping_add(first).wrapping_add(row.wrapping_mul(line));
                            let inside = rows.contains(&row);
                            if inside && channels - first < WIDTH {
                                for column in columns.clone() {
                                    let to = (&raw mut x[column]).cast::<f32>();
                                    for channel in 0..channels - first {
                                        to.add(channel).write(*from.wrapping_add(column * channels + channel));
                                    }
                                }
                            } else if inside {
                                for column in 0..POINTS {
                                    // A choice of addresses, for a choice of loads would be a branch.
                                    let place = from.wrapping_add(column.wrapping_mul(channels));
                                    x[column] = $load(if columns.contains(&column) { place } else { nothing.as_ptr() });
                                }
                            }
                            each.add(row).write(to_points(x));
                        }
                        let lines = room.assume_init_ref();
                        let mut to = to.as_mut_ptr().add(first);
                        let next = stride.wrapping_mul(POINTS);
                        for column in 0..POINTS {
                            let mut x = [$zero(); POINTS];
                            for row in 0..POINTS {
                                x[row] = lines[row][column];
                            }
                            let points = to_points(x);
                            let mut place = to;
                            for row in 0..POINTS {
                                $store(place, points[row]);
                                place = place.wrapping_add(next);
                            }
                            to = to.wrapping_add(stride);
                        }
                    }
                    first += WIDTH;
                }
            }

            /// # Safety
            ///
            /// The instructions are there, and the lengths fit as `super::give` checks.
            $(#[$feature])?
            pub unsafe fn give(from: &[f32], stride: usize, bias: &[f32], results: &Results, out: &mut [f32]) -> bool {
                // 0, or NaN once a result was not finite.
                let mut probe = $zero();
                let least = if results.relu { $zero() } else { $repeat(f32::NEG_INFINITY) };
                let mut first = 0;
                while first < results.channels {
                    // SAFETY: products and biases are filled up, and results are written as far as they are there.
                    unsafe {
                        let bias = $load(bias.as_ptr().add(first));
                        let mut lines = [[$zero(); POINTS]; SIDE];
                        let mut at = from.as_ptr().add(first);
                        let next = stride.wrapping_mul(POINTS);
                        for column in 0..POINTS {
                            let mut m = [$zero(); POINTS];
                            let mut place = at;
                            for row in 0..POINTS {
                                m[row] = $load(place);
                                place = place.wrapping_add(next);
                            }
                            let y = from_points(m);
                            for row in 0..SIDE {
                                lines[row][column] = y[row];
                            }
                            at = at.wrapping_add(stride);
                        }
                        let mut made = [[$zero(); SIDE]; SIDE];
                        for row in 0..SIDE {
                            let y = from_points(lines[row]);
                            for column in 0..SIDE {
                                made[row][column] = $add(y[column], bias);
                            }
                        }
                        let count = (results.channels - first).min(WIDTH);
                        if first == 0 {
                            probe = finite(&made, results.count);
                        }
                        let mut at = out.as_mut_ptr().add(first);
                        if results.count == [SIDE; 2] && count == WIDTH {
                            for row in 0..SIDE {
                                let mut to = at;
                                for column in 0..SIDE {
                                    // In this order NaN passes through.
                                    $store(to, $max(least, made[row][column]));
                                    to = to.wrapping_add(results.channels);
                                }
                                at = at.wrapping_add(results.line);
                            }
                        } else {
                            for line in &made[..results.count[0]] {
                                let mut to = at;
                                for y in &line[..results.count[1]] {
                                    let y = $max(least, *y);
                                    if count == WIDTH {
                                        $store(to, y);
                                    } else {
                                        let mut all = [0.0_f32; WIDTH];
                                        $store(all.as_mut_ptr(), y);
                                        for channel in 0..count {
                                            to.wrapping_add(channel).write(all[channel]);
                                        }
                                    }
                                    to = to.wrapping_add(results.channels);
                                }
                                at = at.wrapping_add(results.line);
                            }
                        }
                    }
                    first += WIDTH;
                }
                let mut all = [0.0_f32; WIDTH];
                // SAFETY: as many numbers as a register has.
                unsafe { $store(all.as_mut_ptr(), probe) };
                all.iter().all(|value| !value.is_nan())
            }

            /// 0, or NaN where one of the results that are there is not finite.
            #[inline]
            $(#[$feature])?
            fn finite(made: &[[$vector; SIDE]; SIDE], count: [usize; 2]) -> $vector {
                let mut probe = $zero();
                for row in 0..SIDE {
                    for column in 0..SIDE {
                        if row < count[0] && column < count[1] {
                            probe = $fma(made[row][column], $zero(), probe);
                        }
                    }
                }
                probe
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
transforms!(
    avx512, [target_feature(enable = "avx512f")], __m512, 16, [std::arch::x86_64::*],
    _mm512_setzero_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_max_ps,
    _mm512_fmadd_ps, _mm512_fnmadd_ps
);
#[cfg(target_arch = "x86_64")]
transforms!(
    avx2, [target_feature(enable = "avx2,fma")], __m256, 8, [std::arch::x86_64::*],
    _mm256_setzero_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_max_ps,
    _mm256_fmadd_ps, _mm256_fnmadd_ps
);
transforms!(
    portable, [], Eight, 8, [super::super::eight::*], zero, load, repeat, store, add, sub, mul, max, fma, fnma
);
