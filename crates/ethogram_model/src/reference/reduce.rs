//! One number of many.

use super::{floats, made};
use crate::graph::Reduce;
use crate::tensor::{Data, Tensor, strides};

/// For every element of the input, where it counts in the result, whose axes of length 1 were reduced.
fn targets(from: &[usize], axes: &[usize], to: &[usize]) -> Vec<usize> {
    let (own, other) = (strides(from), strides(to));
    (0..from.iter().product())
        .map(|index| {
            let at = |axis: usize| index / own[axis] % from[axis];
            (0..from.len()).filter(|axis| !axes.contains(axis)).map(|axis| at(axis) * other[axis]).sum()
        })
        .collect()
}

pub fn reduce(reduce: Reduce, x: &Tensor, axes: &[usize], shape: &[usize]) -> Result<Tensor, String> {
    let targets = targets(x.shape(), axes, shape);
    let count: usize = shape.iter().product();
    let each = axes.iter().map(|&axis| x.shape()[axis]).product::<usize>();
    match x.data() {
        Data::F32(values) => {
            let start = match reduce {
                Reduce::Sum | Reduce::Mean => 0.0,
                Reduce::Prod => 1.0,
                Reduce::Max => f64::NEG_INFINITY,
                Reduce::Min => f64::INFINITY,
            };
            let mut out = vec![start; count];
            for (&value, to) in values.iter().zip(targets) {
                let (value, sum) = (f64::from(value), &mut out[to]);
                match reduce {
                    Reduce::Sum | Reduce::Mean => *sum += value,
                    Reduce::Prod => *sum *= value,
                    Reduce::Max if value > *sum || value.is_nan() => *sum = value,
                    Reduce::Min if value < *sum || value.is_nan() => *sum = value,
                    Reduce::Max | Reduce::Min => {}
                }
            }
            let divisor = if reduce == Reduce::Mean { each as f64 } else { 1.0 };
            made(shape, out.into_iter().map(|sum| (sum / divisor) as f32).collect())
        }
        Data::I64(values) => {
            let mut out: Vec<Option<i64>> = vec![None; count];
            for (&value, to) in values.iter().zip(targets) {
                out[to] = Some(match (out[to], reduce) {
                    (None, _) => value,
                    (Some(sum), Reduce::Sum | Reduce::Mean) => sum.checked_add(value).ok_or("a sum beyond 64 bits")?,
                    (Some(product), Reduce::Prod) => product.checked_mul(value).ok_or("a product beyond 64 bits")?,
                    (Some(most), Reduce::Max) => most.max(value),
                    (Some(least), Reduce::Min) => least.min(value),
                });
            }
            let none = i64::from(reduce == Reduce::Prod);
            let divisor = if reduce == Reduce::Mean { each.max(1) as i64 } else { 1 };
            let out = out.into_iter().map(|value| value.unwrap_or(none) / divisor).collect();
            Tensor::i64(shape, out).map_err(|error| error.to_string())
        }
        Data::Bool(_) => Err("a reduction of conditions".to_owned()),
    }
}

/// Over the last axis. Logits of any size are fine: the largest is taken off first.
pub fn softmax(x: &Tensor, log: bool) -> Result<Tensor, String> {
    let values = floats(x)?;
    let length = x.shape().last().copied().unwrap_or(1).max(1);
    let mut out = Vec::with_capacity(values.len());
    for row in values.chunks(length) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|&x| f64::from(x - most).exp()).sum();
        out.extend(row.iter().map(|&x| {
            let shifted = f64::from(x - most);
            (if log { shifted - sum.ln() } else { shifted.exp() / sum }) as f32
        }));
    }
    made(x.shape(), out)
}

pub fn arg_max(x: &Tensor, axis: usize, shape: &[usize]) -> Result<Tensor, String> {
    let values = floats(x)?;
    let own = strides(x.shape());
    let mut best: Vec<Option<usize>> = vec![None; shape.iter().product()];
    for (index, to) in targets(x.shape(), &[axis], shape).into_iter().enumerate() {
        if best[to].is_none_or(|best| values[index] > values[best]) {
            best[to] = Some(index);
        }
    }
    let found = best.into_iter().map(|index| (index.unwrap_or(0) / own[axis] % x.shape()[axis]) as i64).collect();
    Tensor::i64(shape, found).map_err(|error| error.to_string())
}
