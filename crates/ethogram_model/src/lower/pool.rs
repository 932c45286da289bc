//! Layers that look at windows without weights.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Reduce, ValueId};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("MaxPool", max_pool),
    ("AveragePool", average_pool),
    ("GlobalAveragePool", |call| global(call, Reduce::Mean)),
    ("GlobalMaxPool", |call| global(call, Reduce::Max)),
];

fn max_pool(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    if call.outputs > 1 {
        return Err(call.b.wrong("the indices are not given out"));
    }
    pool(call, |call, x, frame, ceil| call.b.max_pool(x, frame.window, frame.after, ceil))
}

fn average_pool(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let padding_counts = call.attributes.int("count_include_pad", 0) != 0;
    pool(call, |call, x, frame, ceil| call.b.average_pool(x, frame.window, frame.after, ceil, padding_counts))
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
