//! Windows over three axes: one for each layer of their depth, of two axes, together.

use super::Call;
use crate::error::Result;
use crate::graph::{Binary, Unary, ValueId, Window};
use crate::tensor::Tensor;

/// How windows lie along one axis.
#[derive(Clone, Copy)]
struct Line {
    length: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
    /// How many windows there are.
    count: usize,
}

impl Line {
    /// How many entries of a window are those of the input, or of its padding too.
    fn counted(&self, at: usize, padding_counts: bool) -> usize {
        let whole = if padding_counts {
            0..self.before + self.length + self.after
        } else {
            self.before..self.before + self.length
        };
        let places = (0..self.kernel).map(|place| at * self.stride + place * self.dilation);
        places.filter(|place| whole.contains(place)).count()
    }
}

/// Of an input `[B, C, D, H, W]`: the windows along each axis.
fn lines(call: &Call<'_>, input: &[usize], kernel: &[usize]) -> Result<[Line; 3]> {
    let (&[_, _, depth, height, width], &[layers, rows, columns]) = (input, kernel) else {
        return Err(call.b.wrong(format!("windows of shape {kernel:?} over an input of shape {input:?}")));
    };
    let automatic = call.attributes.text("auto_pad", "NOTSET");
    if !matches!(automatic, "NOTSET" | "VALID") {
        return Err(call.b.wrong(format!("auto_pad {automatic:?} is not supported for three axes; give pads")));
    }
    let settings = |name: &str, count: usize, default: usize| -> Result<Vec<usize>> {
        match call.attributes.sizes(name, call.b)? {
            None => Ok(vec![default; count]),
            Some(values) if values.len() == count => Ok(values),
            Some(values) => Err(call.b.wrong(format!("{name} {values:?} for 3 axes"))),
        }
    };
    let (strides, dilations, pads) =
        (settings("strides", 3, 1)?, settings("dilations", 3, 1)?, settings("pads", 6, 0)?);
    let ceil = call.attributes.int("ceil_mode", 0) != 0;
    let line = |axis: usize, length: usize, kernel: usize| -> Result<Line> {
        let (stride, dilation, before, after) = (strides[axis], dilations[axis], pads[axis], pads[3 + axis]);
        if kernel == 0 || stride == 0 || dilation == 0 {
            return Err(call.b.wrong("a window, stride or dilation of 0"));
        }
        let extent = (kernel - 1).saturating_mul(dilation).saturating_add(1);
        let Some(room) = length.saturating_add(before).saturating_add(after).checked_sub(extent) else {
            return Err(call.b.wrong(format!("a window of {extent} on a length of {length}")));
        };
        let mut count = room / stride + 1;
        // A last window may stick out at the end, but must begin within the input or the padding before it.
        if ceil && !room.is_multiple_of(stride) {
            count += usize::from(count * stride < length + before);
        }
        Ok(Line { length, kernel, stride, dilation, before, after, count })
    };
    Ok([line(0, depth, layers)?, line(1, height, rows)?, line(2, width, columns)?])
}

/// One value a layer of the windows' depth, of `with` for that part of the input as pictures `[B · D', C, H, W]`, joined by `join`.
fn layer_by_layer(
    call: &mut Call<'_>,
    x: ValueId,
    [line, rows, columns]: [Line; 3],
    (fill, join): (f32, Binary),
    with: &mut dyn FnMut(&mut Call<'_>, ValueId, usize) -> Result<ValueId>,
) -> Result<ValueId> {
    let shape = call.shape(x);
    let reach = |line: &Line| (line.count - 1) * line.stride + (line.kernel - 1) * line.dilation + 1;
    // What lies beyond the padding, of a last window that sticks out, is filled too.
    let to: Vec<usize> = [line, rows, columns].iter().map(|line| reach(line).max(line.before + line.length)).collect();
    let to = [&shape[..2], &to].concat();
    let x = call.b.place(x, &[0, 0, line.before, rows.before, columns.before], &[1; 5], &to, fill)?;
    let mut all = None;
    for layer in 0..line.kernel {
        let starts = [0, 0, layer * line.dilation, 0, 0];
        let mut lengths = to.clone();
        lengths[2] = line.count;
        let step = if line.count > 1 { line.stride as isize } else { 1 };
        let part = call.b.slice(x, &starts, &[1, 1, step, 1, 1], &lengths)?;
        let part = call.b.transpose(part, &[0, 2, 1, 3, 4])?;
        let part = call.b.reshape(part, &[to[0] * line.count, to[1], to[3], to[4]])?;
        let part = with(call, part, layer)?;
        all = Some(match all {
            None => part,
            Some(all) => call.b.binary(join, all, part)?,
        });
    }
    let Some(all) = all else { return Err(call.b.wrong("a window of 0")) };
    let found = call.shape(all);
    let y = call.b.reshape(all, &[to[0], line.count, found[1], found[2], found[3]])?;
    call.b.transpose(y, &[0, 2, 1, 3, 4])
}

fn window([_, rows, columns]: &[Line; 3], groups: usize) -> Window {
    Window {
        kernel: [rows.kernel, columns.kernel],
        stride: [rows.stride, columns.stride],
        dilation: [rows.dilation, columns.dilation],
        padding: [0; 2],
        groups,
    }
}

/// A convolution of `[B, C, D, H, W]`, without its bias.
pub(super) fn conv(call: &mut Call<'_>, x: ValueId, weight: ValueId) -> Result<ValueId> {
    let kernel = call.shape(weight);
    let lines = lines(call, &call.shape(x), kernel.get(2..).unwrap_or_default())?;
    let groups = usize::try_from(call.attributes.int("group", 1)).unwrap_or(0);
    let window = window(&lines, groups);
    layer_by_layer(call, x, lines, (0.0, Binary::Add), &mut |call, part, layer| {
        let own = call.b.slice_axis(weight, 2, layer, 1)?;
        let own = call.b.reshape(own, &[kernel[0], kernel[1], kernel[3], kernel[4]])?;
        call.b.conv(part, own, window.clone(), [0; 2])
    })
}

/// The largest of each window of `[B, C, D, H, W]`.
pub(super) fn max_pool(call: &mut Call<'_>, x: ValueId, kernel: &[usize]) -> Result<ValueId> {
    let lines = lines(call, &call.shape(x), kernel)?;
    let window = window(&lines, 1);
    layer_by_layer(call, x, lines, (f32::NEG_INFINITY, Binary::Max), &mut |call, part, _| {
        call.b.max_pool(part, window.clone(), [0; 2], false)
    })
}

/// The mean of each window of `[B, C, D, H, W]`.
pub(super) fn average_pool(call: &mut Call<'_>, x: ValueId, kernel: &[usize], padding_counts: bool) -> Result<ValueId> {
    let lines = lines(call, &call.shape(x), kernel)?;
    let window = window(&lines, 1);
    let y = layer_by_layer(call, x, lines, (0.0, Binary::Add), &mut |call, part, _| {
        call.b.average_pool(part, window.clone(), [0; 2], false, true)
    })?;
    let layer = lines[1].kernel * lines[2].kernel;
    let counted = |axis: usize| (0..lines[axis].count).map(move |at| lines[axis].counted(at, padding_counts).max(1));
    let mut factors = Vec::new();
    for deep in counted(0) {
        for down in counted(1) {
            factors.extend(counted(2).map(|across| layer as f32 / (deep * down * across) as f32));
        }
    }
    if let Some(&first) = factors.first()
        && factors.iter().all(|factor| factor.to_bits() == first.to_bits())
    {
        return call.b.unary(Unary::Scale(first), y);
    }
    let factors = call.b.constant(Tensor::f32(&lines.map(|line| line.count), factors)?)?;
    call.b.mul(y, factors)
}
