//! Loops over pairs of numbers, compiled once for each width of registers.

#![allow(clippy::inline_always, reason = "the loops take the instruction set of the function they are inlined into")]

use super::Isa;
use crate::graph::Binary;
use crate::reference::apply_binary;

/// `to = f(to, with)` for each pair; both are equally long.
pub fn combine(isa: Isa, binary: Binary, to: &mut [f32], with: &[f32]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the processor was asked")]
        Isa::Avx512 => unsafe { combine_512(binary, to, with) },
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the processor was asked")]
        Isa::Avx2 => unsafe { combine_256(binary, to, with) },
        Isa::Portable => pairs(binary, to, with),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn combine_512(binary: Binary, to: &mut [f32], with: &[f32]) {
    pairs(binary, to, with);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn combine_256(binary: Binary, to: &mut [f32], with: &[f32]) {
    pairs(binary, to, with);
}

/// The common four without a call in their loops.
#[inline(always)]
fn pairs(binary: Binary, to: &mut [f32], with: &[f32]) {
    let pairs = to.iter_mut().zip(with);
    match binary {
        Binary::Add => pairs.for_each(|(x, y)| *x += y),
        Binary::Sub => pairs.for_each(|(x, y)| *x -= y),
        Binary::Mul => pairs.for_each(|(x, y)| *x *= y),
        Binary::Div => pairs.for_each(|(x, y)| *x /= y),
        other => pairs.for_each(|(x, y)| *x = apply_binary(other, *x, *y)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_equal_plain_ones(x in proptest::collection::vec(-9.0_f32..9.0, 1..70)) {
            let with: Vec<f32> = x.iter().map(|x| x * 0.7 + 1.0).collect();
            for binary in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Pow] {
                for isa in Isa::available() {
                    let mut found = x.clone();
                    combine(isa, binary, &mut found, &with);
                    for ((found, x), y) in found.iter().zip(&x).zip(&with) {
                        let expected = apply_binary(binary, *x, *y);
                        prop_assert!(found.to_bits() == expected.to_bits() || expected.is_nan() && found.is_nan());
                    }
                }
            }
        }
    }
}
