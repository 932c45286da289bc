//! How much work an operation is, before any of it is done.

use super::Op;
use crate::tensor::elements;

/// Products of two numbers that an operation takes, about; operations without products count what they read and write.
pub fn products(op: &Op, inputs: &[&[usize]], shape: &[usize]) -> u64 {
    let count = |shape: &[usize]| elements(shape).map_or(u64::MAX, |count| count as u64);
    let longest = |axis_of: &[usize]| axis_of.last().map_or(1, |&length| length as u64);
    match (op, inputs) {
        (Op::MatMul { .. }, [a, _]) => count(shape).saturating_mul(longest(a)),
        (Op::Conv(_), [_, weight]) => count(shape).saturating_mul(count(&weight[1..])),
        (Op::ConvTranspose(_), [small, weight]) => count(small).saturating_mul(count(&weight[1..])),
        (Op::MaxPool(window) | Op::AveragePool { window, .. }, _) => {
            count(shape).saturating_mul((window.kernel[0] as u64).saturating_mul(window.kernel[1] as u64))
        }
        (Op::MaxPoolGrad(window) | Op::AveragePoolGrad { window, .. }, inputs) => {
            let small = inputs.last().map_or(0, |small| count(small));
            small.saturating_mul((window.kernel[0] as u64).saturating_mul(window.kernel[1] as u64))
        }
        _ => inputs.iter().map(|input| count(input)).fold(count(shape), u64::saturating_add),
    }
}
