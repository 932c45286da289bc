//! Functions of one number over a stretch of numbers, as fast as the processor's widest registers.

#![allow(clippy::inline_always, reason = "the loops take the instruction set of the function they are inlined into")]

use super::Isa;
use crate::graph::Unary;
use crate::reference::apply_unary;

/// `f` of every number, in place. Exponentials, and what is made of them, are within 3 units in the last place.
pub fn apply(isa: Isa, unary: Unary, values: &mut [f32]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the processor was asked")]
        Isa::Avx512 => unsafe { apply_512(unary, values) },
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the processor was asked")]
        Isa::Avx2 => unsafe { apply_256(unary, values) },
        Isa::Portable => loops::<false>(unary, values),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn apply_512(unary: Unary, values: &mut [f32]) {
    loops::<true>(unary, values);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn apply_256(unary: Unary, values: &mut [f32]) {
    loops::<true>(unary, values);
}

/// Every row of `length` numbers becomes its softmax, or the logarithm of that. Logits of any size are fine: the largest is taken off first.
pub fn exponentials(isa: Isa, values: &mut [f32], length: usize, log: bool) {
    let mut room = vec![0.0; length];
    for row in values.chunks_exact_mut(length.max(1)) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|value| *value -= most);
        room.copy_from_slice(row);
        apply(isa, Unary::Exp, &mut room);
        let sum: f64 = room.iter().map(|&value| f64::from(value)).sum();
        if log {
            let log = sum.ln() as f32;
            row.iter_mut().for_each(|value| *value -= log);
        } else {
            row.iter_mut().zip(&room).for_each(|(value, exp)| *value = (f64::from(*exp) / sum) as f32);
        }
    }
}

/// Plain loops that the compiler turns into vector instructions where it is inlined. `FUSED`: a product and a sum are one instruction there.
#[inline(always)]
fn loops<const FUSED: bool>(unary: Unary, values: &mut [f32]) {
    match unary {
        Unary::Relu => values.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
        Unary::Step => values.iter_mut().for_each(|x| *x = if *x > 0.0 { 1.0 } else { 0.0 }),
        Unary::LeakyRelu(slope) => values.iter_mut().for_each(|x| *x = if *x < 0.0 { slope * *x } else { *x }),
        Unary::Elu(alpha) => values.iter_mut().for_each(|x| {
            let below = alpha * exp_minus_one(if *x > 0.0 { 0.0 } else { *x });
            *x = if *x > 0.0 { *x } else { below };
        }),
        Unary::Exp => values.iter_mut().for_each(|x| *x = exp(*x)),
        Unary::Sigmoid => values.iter_mut().for_each(|x| *x = 1.0 / (1.0 + exp(-*x))),
        Unary::Tanh if FUSED => values.iter_mut().for_each(|x| *x = tanh_fused(*x)),
        Unary::Tanh => values.iter_mut().for_each(|x| *x = tanh(*x)),
        Unary::Neg => values.iter_mut().for_each(|x| *x = -*x),
        Unary::Abs => values.iter_mut().for_each(|x| *x = x.abs()),
        Unary::Sqrt => values.iter_mut().for_each(|x| *x = x.sqrt()),
        Unary::Reciprocal => values.iter_mut().for_each(|x| *x = 1.0 / *x),
        Unary::Scale(scale) => values.iter_mut().for_each(|x| *x *= scale),
        Unary::Shift(offset) => values.iter_mut().for_each(|x| *x += offset),
        Unary::Within(low, high) => {
            values.iter_mut().for_each(|x| *x = if *x >= low && *x <= high { 1.0 } else { 0.0 });
        }
        // NaN passes through both comparisons.
        Unary::Clip(low, high) => values.iter_mut().for_each(|x| {
            let above = if *x < low { low } else { *x };
            *x = if above > high { high } else { above };
        }),
        other => values.iter_mut().for_each(|x| *x = apply_unary(other, *x)),
    }
}

/// eˣ. **Source**: Moshier's Cephes library, `expf`: 2ⁿ times a polynomial of the rest.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Beyond these the result is 0 or infinite; NaN passes through both comparisons.
    let cut = if x > 89.0 { 89.0 } else { x };
    let cut = if cut < -104.0 { -104.0 } else { cut };
    let (n, polynomial) = parts(cut);
    // Two steps, so that results below the smallest normal number come out too.
    let half = n >> 1;
    polynomial * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// n and e^(x − n ln 2).
#[inline(always)]
fn parts(x: f32) -> (i32, f32) {
    let (n, rest, polynomial) = reduced(x);
    (n, polynomial * rest * rest + rest + 1.0)
}

/// n, the rest r = x − n ln 2, and the polynomial p of e^r = 1 + r + p r².
#[inline(always)]
fn reduced(x: f32) -> (i32, f32, f32) {
    let (n, whole) = round(x * std::f32::consts::LOG2_E);
    // ln 2 in two parts, so that n times the first is exact.
    let rest = x - whole * 0.693_359_4;
    let rest = rest + whole * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * rest + 1.398_199_9e-3;
    p = p * rest + 8.333_452e-3;
    p = p * rest + 4.166_579_6e-2;
    p = p * rest + 1.666_666_6e-1;
    p = p * rest + 0.5;
    (n, rest, p)
}

/// eˣ − 1 for x ≤ 0, exact near 0 too.
#[inline(always)]
fn exp_minus_one(x: f32) -> f32 {
    let cut = if x < -30.0 { -30.0 } else { x };
    let (n, rest, p) = reduced(cut);
    let small = p * rest * rest + rest;
    let power = power_of_two(n);
    // (1 + small) 2ⁿ − 1, in an order that keeps small's digits.
    small * power + (power - 1.0)
}

/// tanh by e^(−2|x|) − 1, exact near 0 too.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let m = exp_minus_one(-2.0 * x.abs());
    let size = -m / (m + 2.0);
    if x.is_nan() { x } else { size.copysign(x) }
}

/// tanh as a quotient of polynomials, with half as many instructions. Without fused sums it would be off by more than it may be.
/// **Source**: Eigen, `generic_fast_tanh_float`, from 0.4.0 on.
#[inline(always)]
fn tanh_fused(x: f32) -> f32 {
    // Beyond these the quotient is 1 to the last digit; NaN passes through both comparisons.
    const MOST: f32 = 7.998_811_7;
    let cut = if x > MOST { MOST } else { x };
    let cut = if cut < -MOST { -MOST } else { cut };
    let square = cut * cut;
    let odd = [2.000_188e-13, -8.604_672e-11, 5.122_297e-8, 1.485_722_4e-5, 6.372_619_3e-4, 4.893_524_6e-3_f32];
    let even = [1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3_f32];
    let above = odd.into_iter().fold(-2.760_768_5e-16_f32, |sum, next| sum.mul_add(square, next));
    let below = even.into_iter().fold(1.198_258_4e-6_f32, |sum, next| sum.mul_add(square, next));
    cut * above / below
}

/// To the nearest whole number, as one and as a float, for numbers below 2²².
#[inline(always)]
fn round(x: f32) -> (i32, f32) {
    const MAGIC: f32 = 12_582_912.0;
    let shifted = x + MAGIC;
    // The whole number stands in the last bits. Neither a checked sum nor a checked cast, which keep loops from being vectors.
    (shifted.to_bits().wrapping_sub(MAGIC.to_bits()).cast_signed(), shifted - MAGIC)
}

/// 2ⁿ for n from −126 to 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(n.wrapping_add(127).cast_unsigned() << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_within_three_units_of_exact_ones() {
        let places: Vec<f32> =
            (-4_000..4_000).map(|at| at as f32 * 0.023).chain([0.0, -0.0, 1e-6, -1e-6, 1e-20]).collect();
        for isa in Isa::available() {
            for unary in [Unary::Exp, Unary::Tanh, Unary::Sigmoid, Unary::Elu(1.3), Unary::Relu, Unary::LeakyRelu(0.1)]
            {
                let mut found = places.clone();
                apply(isa, unary, &mut found);
                for (&x, &found) in places.iter().zip(&found) {
                    let wide = f64::from(x);
                    let exact = match unary {
                        Unary::Exp => wide.exp(),
                        Unary::Tanh => wide.tanh(),
                        Unary::Sigmoid => 1.0 / (1.0 + (-wide).exp()),
                        Unary::Elu(alpha) if wide <= 0.0 => f64::from(alpha) * wide.exp_m1(),
                        other => f64::from(apply_unary(other, x)),
                    } as f32;
                    if exact.is_infinite() || exact.abs() < 1e-37 {
                        assert!(
                            (found - exact).abs() < 1e-37 || found.total_cmp(&exact).is_eq(),
                            "{unary:?}({x}) is {found}, exact {exact}"
                        );
                        continue;
                    }
                    let unit = exact.abs() * f32::EPSILON;
                    assert!((found - exact).abs() <= 3.0 * unit, "{isa:?} {unary:?}({x}) is {found}, exact {exact}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for isa in Isa::available() {
            for unary in [Unary::Exp, Unary::Tanh, Unary::Sigmoid, Unary::Elu(1.0), Unary::Relu] {
                let mut values = [f32::NAN; 3];
                apply(isa, unary, &mut values);
                assert!(values.iter().all(|value| value.is_nan()), "{isa:?} {unary:?}: {values:?}");
            }
            let mut values = [f32::INFINITY, f32::NEG_INFINITY];
            apply(isa, Unary::Exp, &mut values);
            assert!(values[0] == f32::INFINITY && values[1].abs() < f32::MIN_POSITIVE, "{values:?}");
            let mut values = [f32::INFINITY, f32::NEG_INFINITY];
            apply(isa, Unary::Tanh, &mut values);
            assert!((values[0] - 1.0).abs() < f32::EPSILON && (values[1] + 1.0).abs() < f32::EPSILON, "{values:?}");
        }
    }
}
