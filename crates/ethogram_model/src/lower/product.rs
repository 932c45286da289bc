//! Layers with weights: linear and convolutional.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Unary, ValueId, Window};

pub const OPERATORS: &[(&str, Lower)] =
    &[("MatMul", matmul), ("Gemm", gemm), ("Conv", conv), ("ConvTranspose", conv_transpose)];

fn matmul(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (mut a, mut b) = (call.floats(0)?, call.floats(1)?);
    // A vector is a matrix of one row, or of one column, for as long as it takes.
    let (left, right) = (call.shape(a), call.shape(b));
    if left.len() == 1 {
        a = call.b.reshape(a, &[1, left[0]])?;
    }
    if right.len() == 1 {
        b = call.b.reshape(b, &[right[0], 1])?;
    }
    let mut y = call.b.matmul(a, b, false)?;
    let mut shape = call.shape(y);
    if right.len() == 1 {
        shape.pop();
    }
    if left.len() == 1 {
        let row = shape.len() - usize::from(right.len() != 1) - 1;
        shape.remove(row);
    }
    y = call.b.reshape(y, &shape)?;
    Ok(vec![y])
}

fn gemm(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (mut a, b) = (call.floats(0)?, call.floats(1)?);
    if call.shape(a).len() != 2 || call.shape(b).len() != 2 {
        return Err(call.b.wrong(format!(
            "shapes {:?} and {:?}, expected two axes each",
            call.shape(a),
            call.shape(b)
        )));
    }
    if call.attributes.int("transA", 0) != 0 {
        a = call.b.transpose(a, &[1, 0])?;
    }
    let mut y = call.b.matmul(a, b, call.attributes.int("transB", 0) != 0)?;
    let alpha = call.attributes.float("alpha", 1.0);
    if (alpha - 1.0).abs() > 0.0 {
        y = call.b.unary(Unary::Scale(alpha), y)?;
    }
    if call.optional(2).is_some() {
        let mut bias = call.floats(2)?;
        let beta = call.attributes.float("beta", 1.0);
        if (beta - 1.0).abs() > 0.0 {
            bias = call.b.unary(Unary::Scale(beta), bias)?;
        }
        y = call.b.add(y, bias)?;
    }
    Ok(vec![y])
}

/// How a convolution or pool moves over its input. Also used by pools.
pub(super) struct Frame {
    pub window: Window,
    /// Padding below and to the right.
    pub after: [usize; 2],
    /// Whether the input has one spatial axis, taken as the columns of one row.
    pub line: bool,
}

impl Call<'_> {
    /// The attributes of windows over an input `[B, C, W]` or `[B, C, H, W]`.
    pub(super) fn frame(&self, input: &[usize], kernel: &[usize]) -> Result<Frame> {
        let spatial = input.len().wrapping_sub(2);
        if !(1..=2).contains(&spatial) || kernel.len() != spatial {
            return Err(self.b.wrong(format!("windows of shape {kernel:?} over an input of shape {input:?}")));
        }
        let line = spatial == 1;
        let pair = |name: &str, default: usize| -> Result<[usize; 2]> {
            match self.attributes.sizes(name, self.b)?.as_deref() {
                None => Ok([default; 2]),
                Some(&[one]) if line => Ok([default, one]),
                Some(&[one, two]) if !line => Ok([one, two]),
                Some(other) => Err(self.b.wrong(format!("{name} {other:?} for {spatial} axes"))),
            }
        };
        let kernel = if line { [1, kernel[0]] } else { [kernel[0], kernel[1]] };
        let (stride, dilation) = (pair("strides", 1)?, pair("dilations", 1)?);
        let groups = usize::try_from(self.attributes.int("group", 1)).unwrap_or(0);
        let mut window = Window { kernel, stride, dilation, padding: [0; 2], groups };
        if kernel.contains(&0) || stride.contains(&0) || dilation.contains(&0) {
            return Err(self.b.wrong("a window, stride or dilation of 0"));
        }
        let mut after = [0; 2];
        match self.attributes.text("auto_pad", "NOTSET") {
            "VALID" => {}
            same @ ("SAME_UPPER" | "SAME_LOWER") => {
                for axis in usize::from(line)..2 {
                    let length = input[input.len() - 2 + axis];
                    let reach = length.div_ceil(stride[axis]).saturating_sub(1) * stride[axis] + window.extent(axis);
                    let total = reach.saturating_sub(length);
                    let (less, more) = (total / 2, total - total / 2);
                    (window.padding[axis], after[axis]) =
                        if same == "SAME_UPPER" { (less, more) } else { (more, less) };
                }
            }
            _ => match self.attributes.sizes("pads", self.b)?.as_deref() {
                None => {}
                Some(&[left, right]) if line => (window.padding[1], after[1]) = (left, right),
                Some(&[top, left, bottom, right]) if !line => (window.padding, after) = ([top, left], [bottom, right]),
                Some(other) => return Err(self.b.wrong(format!("pads {other:?} for {spatial} axes"))),
            },
        }
        Ok(Frame { window, after, line })
    }

    /// `[B, C, W]` as `[B, C, 1, W]`.
    pub(super) fn with_row(&mut self, x: ValueId, line: bool) -> Result<ValueId> {
        if !line {
            return Ok(x);
        }
        let mut shape = self.shape(x);
        shape.insert(2, 1);
        self.b.reshape(x, &shape)
    }

    /// The inverse of [`Call::with_row`].
    pub(super) fn without_row(&mut self, x: ValueId, line: bool) -> Result<ValueId> {
        if !line {
            return Ok(x);
        }
        let mut shape = self.shape(x);
        shape.remove(2);
        self.b.reshape(x, &shape)
    }

    fn with_bias(&mut self, y: ValueId, index: usize) -> Result<ValueId> {
        if self.optional(index).is_none() {
            return Ok(y);
        }
        let bias = self.floats(index)?;
        let mut shape = vec![1; self.shape(y).len()];
        shape[1] = self.shape(y)[1];
        let bias = self.b.reshape(bias, &shape)?;
        self.b.add(y, bias)
    }
}

fn conv(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (x, weight) = (call.floats(0)?, call.floats(1)?);
    let (input, kernel) = (call.shape(x), call.shape(weight));
    if input.len() == 5 {
        let y = super::volume::conv(call, x, weight)?;
        return Ok(vec![call.with_bias(y, 2)?]);
    }
    let frame = call.frame(&input, kernel.get(2..).unwrap_or_default())?;
    let x = call.with_row(x, frame.line)?;
    let weight = call.with_row(weight, frame.line)?;
    let y = call.b.conv(x, weight, frame.window, frame.after)?;
    let y = call.with_bias(y, 2)?;
    Ok(vec![call.without_row(y, frame.line)?])
}

fn conv_transpose(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let (y, weight) = (call.floats(0)?, call.floats(1)?);
    let (input, kernel) = (call.shape(y), call.shape(weight));
    if call.attributes.get("output_shape").is_some() || call.attributes.text("auto_pad", "NOTSET") != "NOTSET" {
        return Err(call.b.wrong("output_shape and auto_pad are not supported; give pads"));
    }
    let frame = call.frame(&input, kernel.get(2..).unwrap_or_default())?;
    let extra = match call.attributes.sizes("output_padding", call.b)?.as_deref() {
        None => [0; 2],
        Some(&[one]) if frame.line => [0, one],
        Some(&[one, two]) => [one, two],
        Some(other) => return Err(call.b.wrong(format!("output_padding {other:?}"))),
    };
    let y = call.with_row(y, frame.line)?;
    let weight = call.with_row(weight, frame.line)?;
    let small = call.shape(y);
    let mut to = [0; 2];
    for axis in 0..2 {
        let reach =
            small[2 + axis].saturating_sub(1) * frame.window.stride[axis] + frame.window.extent(axis) + extra[axis];
        let cut = frame.window.padding[axis] + frame.after[axis];
        to[axis] = reach.checked_sub(cut).ok_or_else(|| call.b.wrong("more padding than there is output"))?;
    }
    let x = call.b.conv_transpose(y, weight, frame.window, to)?;
    let x = call.with_bias(x, 2)?;
    Ok(vec![call.without_row(x, frame.line)?])
}
