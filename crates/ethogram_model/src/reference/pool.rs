//! Windows without weights.

use super::{floats, made};
use crate::graph::Window;
use crate::tensor::Tensor;

/// Elements of the input in one window, in scan order, and how many lie in the padding.
fn window_of(window: &Window, input: &[usize], y: usize, x: usize) -> (Vec<usize>, usize) {
    let (mut inside, mut outside) = (Vec::new(), 0);
    for ky in 0..window.kernel[0] {
        for kx in 0..window.kernel[1] {
            let row = (y * window.stride[0] + ky * window.dilation[0]).checked_sub(window.padding[0]);
            let column = (x * window.stride[1] + kx * window.dilation[1]).checked_sub(window.padding[1]);
            match (row, column) {
                (Some(row), Some(column)) if row < input[2] && column < input[3] => {
                    inside.push(row * input[3] + column);
                }
                _ => outside += 1,
            }
        }
    }
    (inside, outside)
}

/// Calls back with each window: where its plane begins in the input, its elements, how many are padding, where its result goes.
fn windows(window: &Window, input: &[usize], output: &[usize], mut each: impl FnMut(usize, &[usize], usize, usize)) {
    for y in 0..output[2] {
        for x in 0..output[3] {
            let (inside, outside) = window_of(window, input, y, x);
            for plane in 0..output[0] * output[1] {
                let to = (plane * output[2] + y) * output[3] + x;
                each(plane * input[2] * input[3], &inside, outside, to);
            }
        }
    }
}

/// The first of the largest; a NaN counts as the largest, as in torch.
fn first_maximum(values: &[f32], plane: usize, inside: &[usize]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for &at in inside {
        let value = values[plane + at];
        if best.is_none_or(|best| value > values[plane + best] || (value.is_nan() && !values[plane + best].is_nan())) {
            best = Some(at);
        }
    }
    best
}

pub fn max_pool(x: &Tensor, window: &Window, shape: &[usize]) -> Result<Tensor, String> {
    let values = floats(x)?;
    let mut out = vec![f32::NEG_INFINITY; shape.iter().product()];
    windows(window, x.shape(), shape, |plane, inside, _, to| {
        if let Some(at) = first_maximum(values, plane, inside) {
            out[to] = values[plane + at];
        }
    });
    made(shape, out)
}

pub fn max_pool_grad(x: &Tensor, grad: &Tensor, window: &Window) -> Result<Tensor, String> {
    let (values, grads) = (floats(x)?, floats(grad)?);
    let mut out = vec![0.0; values.len()];
    windows(window, x.shape(), grad.shape(), |plane, inside, _, to| {
        if let Some(at) = first_maximum(values, plane, inside) {
            out[plane + at] += grads[to];
        }
    });
    made(x.shape(), out)
}

/// By how many elements a window's sum is divided.
fn divisor(inside: usize, outside: usize, padding_counts: bool) -> f32 {
    (inside + if padding_counts { outside } else { 0 }).max(1) as f32
}

pub fn average_pool(x: &Tensor, window: &Window, padding_counts: bool, shape: &[usize]) -> Result<Tensor, String> {
    let values = floats(x)?;
    let mut out = vec![0.0; shape.iter().product()];
    windows(window, x.shape(), shape, |plane, inside, outside, to| {
        let sum: f64 = inside.iter().map(|&at| f64::from(values[plane + at])).sum();
        out[to] = (sum / f64::from(divisor(inside.len(), outside, padding_counts))) as f32;
    });
    made(shape, out)
}

pub fn average_pool_grad(grad: &Tensor, window: &Window, padding_counts: bool, to: &[usize]) -> Result<Tensor, String> {
    let grads = floats(grad)?;
    let mut out = vec![0.0; to.iter().product()];
    windows(window, to, grad.shape(), |plane, inside, outside, from| {
        for &at in inside {
            out[plane + at] += grads[from] / divisor(inside.len(), outside, padding_counts);
        }
    });
    made(to, out)
}
