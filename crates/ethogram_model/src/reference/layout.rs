//! The same numbers elsewhere.

use super::elementwise::repeating_strides;
use super::{floats, integers, made};
use crate::tensor::{Data, Tensor, strides};

/// A tensor of the numbers that lie at these places of another.
fn picked(x: &Tensor, places: &[usize], shape: &[usize]) -> Result<Tensor, String> {
    let data = match x.data() {
        Data::F32(values) => Data::F32(places.iter().map(|&at| values[at]).collect()),
        Data::I64(values) => Data::I64(places.iter().map(|&at| values[at]).collect()),
        Data::Bool(values) => Data::Bool(places.iter().map(|&at| values[at]).collect()),
    };
    Tensor::new(shape.to_vec(), data).map_err(|error| error.to_string())
}

/// `start + Σ at[axis] × step[axis]` for every index of a shape.
fn lattice(shape: &[usize], start: usize, steps: &[isize]) -> Vec<usize> {
    let own = strides(shape);
    (0..shape.iter().product())
        .map(|index: usize| {
            let offset: isize =
                (0..shape.len()).map(|axis| (index / own[axis] % shape[axis]) as isize * steps[axis]).sum();
            start.wrapping_add_signed(offset)
        })
        .collect()
}

fn signed(steps: &[usize]) -> Vec<isize> {
    steps.iter().map(|&step| step as isize).collect()
}

pub fn transpose(x: &Tensor, axes: &[usize], shape: &[usize]) -> Result<Tensor, String> {
    let own = strides(x.shape());
    let steps: Vec<usize> = axes.iter().map(|&axis| own[axis]).collect();
    picked(x, &lattice(shape, 0, &signed(&steps)), shape)
}

pub fn broadcast(x: &Tensor, shape: &[usize]) -> Result<Tensor, String> {
    picked(x, &lattice(shape, 0, &signed(&repeating_strides(x.shape(), shape))), shape)
}

/// Where the elements of a part lie in the whole.
fn part(whole: &[usize], starts: &[usize], steps: &[isize], shape: &[usize]) -> Vec<usize> {
    let own = strides(whole);
    let start = starts.iter().zip(&own).map(|(start, step)| start * step).sum();
    let steps: Vec<isize> = steps.iter().zip(&own).map(|(step, own)| step * *own as isize).collect();
    lattice(shape, start, &steps)
}

pub fn slice(x: &Tensor, starts: &[usize], steps: &[isize], shape: &[usize]) -> Result<Tensor, String> {
    picked(x, &part(x.shape(), starts, steps, shape), shape)
}

pub fn place(x: &Tensor, starts: &[usize], steps: &[isize], fill: f32, shape: &[usize]) -> Result<Tensor, String> {
    let mut out = vec![fill; shape.iter().product()];
    for (&value, at) in floats(x)?.iter().zip(part(shape, starts, steps, x.shape())) {
        out[at] = value;
    }
    made(shape, out)
}

pub fn concat(parts: &[&Tensor], axis: usize, shape: &[usize]) -> Result<Tensor, String> {
    let outer: usize = shape[..axis].iter().product();
    fn join<'t, T: Copy + 't>(outer: usize, parts: &[&'t [T]]) -> Vec<T> {
        let mut out = Vec::new();
        for row in 0..outer {
            for values in parts {
                let length = values.len() / outer;
                out.extend_from_slice(&values[row * length..][..length]);
            }
        }
        out
    }
    let mixed = || "tensors of different types".to_owned();
    let data = match parts.first().map(|part| part.data()) {
        Some(Data::F32(_)) => Data::F32(join(
            outer,
            &parts.iter().map(|part| part.as_f32()).collect::<Option<Vec<_>>>().ok_or_else(mixed)?,
        )),
        Some(Data::I64(_)) => Data::I64(join(
            outer,
            &parts.iter().map(|part| part.as_i64()).collect::<Option<Vec<_>>>().ok_or_else(mixed)?,
        )),
        Some(Data::Bool(_)) => Data::Bool(join(
            outer,
            &parts.iter().map(|part| part.as_bool()).collect::<Option<Vec<_>>>().ok_or_else(mixed)?,
        )),
        None => return Err("nothing to join".to_owned()),
    };
    Tensor::new(shape.to_vec(), data).map_err(|error| error.to_string())
}

/// Indices from 0 on; an error names one outside the axis.
fn rows(indices: &Tensor, length: usize) -> Result<Vec<usize>, String> {
    integers(indices)?
        .iter()
        .map(|&index| {
            let row = if index < 0 { index + length as i64 } else { index };
            usize::try_from(row)
                .ok()
                .filter(|&row| row < length)
                .ok_or_else(|| format!("index {index} of an axis of length {length}"))
        })
        .collect()
}

pub fn gather(x: &Tensor, indices: &Tensor, axis: usize, shape: &[usize]) -> Result<Tensor, String> {
    let length = x.shape()[axis];
    let inner: usize = x.shape()[axis + 1..].iter().product();
    let outer: usize = x.shape()[..axis].iter().product();
    let rows = rows(indices, length)?;
    let mut places = Vec::with_capacity(shape.iter().product());
    for outer in 0..outer {
        for row in &rows {
            let first = (outer * length + row) * inner;
            places.extend(first..first + inner);
        }
    }
    picked(x, &places, shape)
}

pub fn scatter_add(y: &Tensor, indices: &Tensor, axis: usize, shape: &[usize]) -> Result<Tensor, String> {
    let length = shape[axis];
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let rows = rows(indices, length)?;
    let values = floats(y)?;
    let mut out = vec![0.0; shape.iter().product()];
    let mut from = 0;
    for outer in 0..outer {
        for row in &rows {
            let to = &mut out[(outer * length + row) * inner..][..inner];
            to.iter_mut().zip(&values[from..]).for_each(|(sum, value)| *sum += value);
            from += inner;
        }
    }
    made(shape, out)
}
