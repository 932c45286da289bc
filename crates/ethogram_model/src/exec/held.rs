//! Numbers while the network runs.

use crate::error::{Error, Result};
use crate::graph::Value;
use crate::tensor::{Data, Tensor};

/// In which order the numbers of a picture lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As the shape says.
    Plain,
    /// `[B, C, H, W]` with the channels last: `[B, H, W, C]`. What convolutions make and take.
    ChannelsLast,
}

/// A value that was computed or given.
#[derive(Debug)]
pub enum Held {
    /// Floats.
    Floats {
        /// In the layout's order.
        values: Vec<f32>,
        /// Their order.
        layout: Layout,
    },
    /// Integers and conditions.
    Other(Tensor),
}

impl Held {
    pub fn from_tensor(tensor: Tensor) -> Self {
        match tensor.dtype() {
            crate::tensor::Dtype::F32 => match tensor.into_data() {
                Data::F32(values) => Held::Floats { values, layout: Layout::Plain },
                _ => Held::Floats { values: Vec::new(), layout: Layout::Plain },
            },
            _ => Held::Other(tensor),
        }
    }

    /// As a tensor in the order of its shape.
    pub fn to_tensor(&self, value: &Value) -> Result<Tensor> {
        match self {
            Held::Other(tensor) => Ok(tensor.clone()),
            Held::Floats { values, layout: Layout::Plain } => Tensor::f32(&value.shape, values.clone()),
            Held::Floats { values, layout: Layout::ChannelsLast } => {
                Tensor::f32(&value.shape, channels_second(values, &value.shape))
            }
        }
    }

    /// The same for what nobody needs any more.
    pub fn into_tensor(self, value: &Value) -> Result<Tensor> {
        match self {
            Held::Floats { values, layout: Layout::Plain } => Tensor::f32(&value.shape, values),
            Held::Other(tensor) => Ok(tensor),
            held @ Held::Floats { .. } => held.to_tensor(value),
        }
    }

    /// The floats and their order.
    pub fn floats(&self) -> Result<(&[f32], Layout)> {
        match self {
            Held::Floats { values, layout } => Ok((values, *layout)),
            Held::Other(tensor) => {
                Err(Error::Inconsistent(format!("{} where floats were expected", tensor.describe())))
            }
        }
    }
}

/// `[B, C, H, W]` to `[B, H, W, C]`.
pub fn channels_last(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    turn(values, shape, Layout::ChannelsLast, &mut out);
    out
}

/// `[B, H, W, C]` to `[B, C, H, W]`.
pub fn channels_second(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    turn(values, shape, Layout::Plain, &mut out);
    out
}

/// Pictures of a shape `[B, C, H, W]` from the other order to this one.
pub fn turn(values: &[f32], shape: &[usize], to: Layout, out: &mut [f32]) {
    let (channels, plane) = (shape[1], shape[2] * shape[3]);
    let (rows, columns) = if to == Layout::ChannelsLast { (channels, plane) } else { (plane, channels) };
    if rows == 1 || columns == 1 {
        return out.copy_from_slice(values);
    }
    // Each stretch of `rows × columns` numbers is transposed.
    let each = (rows * columns).max(1);
    for (from, to) in values.chunks_exact(each).zip(out.chunks_exact_mut(each)) {
        match (rows, columns) {
            (3, _) => interleave::<3>(from, to),
            (4, _) => interleave::<4>(from, to),
            (_, 3) => separate::<3>(from, to),
            (_, 4) => separate::<4>(from, to),
            _ => in_squares(from, to, rows, columns),
        }
    }
}

/// Few planes to one of groups.
fn interleave<const C: usize>(from: &[f32], to: &mut [f32]) {
    let length = from.len() / C;
    let planes: [&[f32]; C] = std::array::from_fn(|plane| &from[plane * length..][..length]);
    for (index, group) in to.as_chunks_mut::<C>().0.iter_mut().enumerate() {
        *group = std::array::from_fn(|plane| planes[plane][index]);
    }
}

/// Groups to few planes.
fn separate<const C: usize>(from: &[f32], to: &mut [f32]) {
    let length = from.len() / C;
    for (plane, to) in to.chunks_exact_mut(length.max(1)).enumerate() {
        to.iter_mut().zip(from.as_chunks::<C>().0).for_each(|(to, group)| *to = group[plane]);
    }
}

/// Square by square, so that both sides stay in the cache.
fn in_squares(from: &[f32], to: &mut [f32], rows: usize, columns: usize) {
    const SIDE: usize = 8;
    for row in (0..rows).step_by(SIDE) {
        for column in (0..columns).step_by(SIDE) {
            if row + SIDE <= rows && column + SIDE <= columns {
                let lines: [[f32; SIDE]; SIDE] = std::array::from_fn(|offset| {
                    let start = (row + offset) * columns + column;
                    std::array::from_fn(|at| from[start + at])
                });
                #[expect(clippy::needless_range_loop, reason = "a column of the square, which no iterator goes along")]
                for at in 0..SIDE {
                    let start = (column + at) * rows + row;
                    let line: [f32; SIDE] = std::array::from_fn(|offset| lines[offset][at]);
                    to[start..start + SIDE].copy_from_slice(&line);
                }
            } else {
                for row in row..(row + SIDE).min(rows) {
                    for column in column..(column + SIDE).min(columns) {
                        to[column * rows + row] = from[row * columns + column];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn layouts_turn_back(batch in 1_usize..3, channels in 1_usize..20, height in 1_usize..6, width in 1_usize..7) {
            let shape = [batch, channels, height, width];
            let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|at| at as f32).collect();
            let last = channels_last(&values, &shape);
            let at = |b: usize, c: usize, pixel: usize| last[(b * height * width + pixel) * channels + c];
            let first = (0..values.len()).map(|index| {
                let (plane, pixel) = (index / (height * width), index % (height * width));
                at(plane / channels, plane % channels, pixel)
            });
            prop_assert!(first.eq(values.iter().copied()));
            prop_assert_eq!(channels_second(&last, &shape), values);
        }
    }
}
