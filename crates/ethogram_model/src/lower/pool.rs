//! Layers that look at windows without weights.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Reduce, ValueId, Window};
use crate::tensor::Tensor;

pub const OPERATORS: &[(&str, Lower)] = &[
    ("MaxPool", max_pool),
    ("AveragePool", average_pool),
    ("GlobalAveragePool", |call| global(call, Reduce::Mean)),
    ("GlobalMaxPool", |call| global(call, Reduce::Max)),
];

fn max_pool(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    if let Some((x, kernel)) = volume(call)? {
        return Ok(vec![super::volume::max_pool(call, x, &kernel)?]);
    }
    pool(call, |call, x, frame, ceil| call.b.max_pool(x, frame.window, frame.after, ceil))
}

fn average_pool(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let padding_counts = call.attributes.int("count_include_pad", 0) != 0;
    if let Some((x, kernel)) = volume(call)? {
        return Ok(vec![super::volume::average_pool(call, x, &kernel, padding_counts)?]);
    }
    pool(call, |call, x, frame, ceil| {
        let (window, after, from) = (frame.window.clone(), frame.after, call.shape(x));
        let y = call.b.average_pool(x, frame.window, after, ceil, padding_counts)?;
        if ceil && padding_counts { without_beyond(call, y, &from, &window, after) } else { Ok(y) }
    })
}

/// Padding counts, but not what a last window has beyond it.
fn without_beyond(
    call: &mut Call<'_>,
    y: ValueId,
    from: &[usize],
    window: &Window,
    after: [usize; 2],
) -> Result<ValueId> {
    let shape = call.shape(y);
    let &[.., height, width] = shape.as_slice() else { return Ok(y) };
    let counted = |axis: usize, at: usize| {
        let end = from[2 + axis] + window.padding[axis] + after[axis];
        let places = (0..window.kernel[axis]).map(|place| at * window.stride[axis] + place * window.dilation[axis]);
        places.filter(|&place| place < end).count().max(1)
    };
    let all = window.kernel[0] * window.kernel[1];
    let factors: Vec<f32> = (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(row, column)| all as f32 / (counted(0, row) * counted(1, column)) as f32)
        .collect();
    #[expect(clippy::float_cmp, reason = "a whole number over itself")]
    if factors.iter().all(|&factor| factor == 1.0) {
        return Ok(y);
    }
    let factors = call.b.constant(Tensor::f32(&[height, width], factors)?)?;
    call.b.mul(y, factors)
}

/// An input of three spatial axes, and the shape of its windows.
fn volume(call: &mut Call<'_>) -> Result<Option<(ValueId, Vec<usize>)>> {
    let x = call.floats(0)?;
    let kernel = call.attributes.sizes("kernel_shape", call.b)?;
    Ok(kernel.filter(|_| call.shape(x).len() == 5).map(|kernel| (x, kernel)))
}

fn pool(
    call: &mut Call<'_>,
    with: impl FnOnce(&mut Call<'_>, ValueId, super::product::Frame, bool) -> Result<ValueId>,
) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let kernel = call.attributes.sizes("kernel_shape", call.b)?.ok_or_else(|| call.b.wrong("no kernel_shape"))?;
    let frame = call.frame(&call.shape(x), &kernel)?;
    let line = frame.line;
    let ceil = call.attributes.int("ceil_mode", 0) != 0;
    let x = call.with_row(x, line)?;
    let y = with(call, x, frame, ceil)?;
    Ok(vec![call.without_row(y, line)?])
}

fn global(call: &mut Call<'_>, reduce: Reduce) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let axes: Vec<usize> = (2..call.shape(x).len()).collect();
    Ok(vec![call.b.reduce(reduce, x, &axes)?])
}
