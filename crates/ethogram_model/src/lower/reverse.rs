//! Sequences turned round.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::ValueId;

pub const OPERATORS: &[(&str, Lower)] = &[("ReverseSequence", reverse_sequence)];

/// The first entries of each row along the axis of time, as many as the row's length says, in the opposite order.
fn reverse_sequence(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let shape = call.shape(x);
    let time = call.axis(call.attributes.int("time_axis", 0), shape.len())?;
    let batch = call.axis(call.attributes.int("batch_axis", 1), shape.len())?;
    let lengths = call.integers(1)?.unwrap_or_default();
    let lengths = call.lengths(&lengths)?;
    if lengths.len() != shape[batch] || time == batch || lengths.iter().any(|&length| length > shape[time]) {
        return Err(call.b.wrong(format!("lengths {lengths:?} of axis {time} of shape {shape:?}")));
    }
    // Rows of one length go together.
    let mut parts = Vec::new();
    let mut start = 0;
    for run in lengths.chunk_by(|a, b| a == b) {
        let rows = call.b.slice_axis(x, batch, start, run.len())?;
        parts.push(turned(call, rows, time, run[0])?);
        start += run.len();
    }
    Ok(vec![call.b.concat(&parts, batch)?])
}

/// The first `length` entries along an axis in the opposite order, the others as they are.
fn turned(call: &mut Call<'_>, x: ValueId, axis: usize, length: usize) -> Result<ValueId> {
    let shape = call.shape(x);
    if length < 2 {
        return Ok(x);
    }
    let (mut starts, mut steps, mut lengths) = (vec![0; shape.len()], vec![1; shape.len()], shape.clone());
    (starts[axis], steps[axis], lengths[axis]) = (length - 1, -1, length);
    let front = call.b.slice(x, &starts, &steps, &lengths)?;
    if length == shape[axis] {
        return Ok(front);
    }
    let rest = call.b.slice_axis(x, axis, length, shape[axis] - length)?;
    call.b.concat(&[front, rest], axis)
}
