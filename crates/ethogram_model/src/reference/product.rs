//! Products of matrices, and convolutions. Sums are taken in `f64`.

use super::elementwise::repeating_strides;
use super::{floats, made};
use crate::graph::Window;
use crate::tensor::Tensor;

pub fn matmul(a: &Tensor, b: &Tensor, transposed: bool, shape: &[usize]) -> Result<Tensor, String> {
    let (x, y) = (floats(a)?, floats(b)?);
    let (rank, a_shape, b_shape) = (shape.len(), a.shape(), b.shape());
    let (m, n, k) = (shape[rank - 2], shape[rank - 1], a_shape[a_shape.len() - 1]);
    let batch = &shape[..rank - 2];
    let from_a = repeating_strides(&a_shape[..a_shape.len() - 2], batch);
    let from_b = repeating_strides(&b_shape[..b_shape.len() - 2], batch);
    let mut out = vec![0.0; shape.iter().product()];
    let mut at = vec![0; batch.len()];
    for index in 0..batch.iter().product::<usize>() {
        let mut rest = index;
        for axis in (0..batch.len()).rev() {
            at[axis] = rest % batch[axis];
            rest /= batch[axis];
        }
        let first = |steps: &[usize]| at.iter().zip(steps).map(|(at, step)| at * step).sum::<usize>();
        let (a0, b0, c0) = (first(&from_a) * m * k, first(&from_b) * k * n, index * m * n);
        for row in 0..m {
            for column in 0..n {
                let mut sum = 0.0_f64;
                for inner in 0..k {
                    let other = if transposed { column * k + inner } else { inner * n + column };
                    sum += f64::from(x[a0 + row * k + inner]) * f64::from(y[b0 + other]);
                }
                out[c0 + row * n + column] = sum as f32;
            }
        }
    }
    made(shape, out)
}

/// Every pair of an element of the larger side and one of the smaller that a window joins, with the weight between them.
/// `large` is `[B, C, H, W]`, `small` is `[B, O, H', W']`.
fn joins(
    large: &[usize],
    small: &[usize],
    weight: &[usize],
    window: &Window,
    mut each: impl FnMut(usize, usize, usize),
) {
    let (per_group, kernels) = (weight[1], weight[0] / window.groups);
    for b in 0..small[0] {
        for o in 0..small[1] {
            let group = o / kernels;
            for (y, x) in (0..small[2]).flat_map(|y| (0..small[3]).map(move |x| (y, x))) {
                let to = ((b * small[1] + o) * small[2] + y) * small[3] + x;
                for c in 0..per_group {
                    for (ky, kx) in (0..weight[2]).flat_map(|ky| (0..weight[3]).map(move |kx| (ky, kx))) {
                        let row = (y * window.stride[0] + ky * window.dilation[0]).checked_sub(window.padding[0]);
                        let column = (x * window.stride[1] + kx * window.dilation[1]).checked_sub(window.padding[1]);
                        let (Some(row), Some(column)) = (row, column) else { continue };
                        if row < large[2] && column < large[3] {
                            let channel = group * per_group + c;
                            let from = ((b * large[1] + channel) * large[2] + row) * large[3] + column;
                            each(from, to, ((o * per_group + c) * weight[2] + ky) * weight[3] + kx);
                        }
                    }
                }
            }
        }
    }
}

pub fn conv(x: &Tensor, weight: &Tensor, window: &Window, shape: &[usize]) -> Result<Tensor, String> {
    let (values, weights) = (floats(x)?, floats(weight)?);
    let mut out = vec![0.0_f64; shape.iter().product()];
    joins(x.shape(), shape, weight.shape(), window, |from, to, at| {
        out[to] += f64::from(values[from]) * f64::from(weights[at]);
    });
    made(shape, out.into_iter().map(|sum| sum as f32).collect())
}

pub fn conv_transpose(y: &Tensor, weight: &Tensor, window: &Window, shape: &[usize]) -> Result<Tensor, String> {
    let (values, weights) = (floats(y)?, floats(weight)?);
    let mut out = vec![0.0_f64; shape.iter().product()];
    joins(shape, y.shape(), weight.shape(), window, |to, from, at| {
        out[to] += f64::from(values[from]) * f64::from(weights[at]);
    });
    made(shape, out.into_iter().map(|sum| sum as f32).collect())
}
