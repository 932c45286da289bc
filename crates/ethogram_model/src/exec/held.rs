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
    let (channels, plane) = (shape[1], shape[2] * shape[3]);
    turned(values, channels, plane)
}

/// `[B, H, W, C]` to `[B, C, H, W]`.
pub fn channels_second(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let (channels, plane) = (shape[1], shape[2] * shape[3]);
    turned(values, plane, channels)
}

/// Each stretch of `rows × columns` numbers transposed.
fn turned(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    if rows == 1 || columns == 1 {
        return values.to_vec();
    }
    let mut out = vec![0.0; values.len()];
    for (from, to) in values.chunks_exact(rows * columns).zip(out.chunks_exact_mut(rows * columns)) {
        // Small squares, so that both sides stay in the cache.
        for first in (0..columns).step_by(16) {
            for row in 0..rows {
                let stretch = &from[row * columns + first..][..16.min(columns - first)];
                for (offset, value) in stretch.iter().enumerate() {
                    to[(first + offset) * rows + row] = *value;
                }
            }
        }
    }
    out
}
