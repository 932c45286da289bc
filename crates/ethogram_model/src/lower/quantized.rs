//! Weights that are kept as whole numbers.
//!
//! Numbers that are rounded while the network runs (`QuantizeLinear` and those that go with it) are left out on purpose: where everything is rounded, every
//! derivative is 0, and an explanation would say that nothing matters.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::ValueId;
use crate::tensor::Dtype;

pub const OPERATORS: &[(&str, Lower)] = &[("DequantizeLinear", dequantize)];

/// `(x − zero point) · scale`, with one of each, or one for each entry along an axis.
fn dequantize(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    if call.attributes.int("block_size", 0) != 0 {
        return Err(call
            .b
            .wrong("block_size is not supported; expected a scale for everything or one an entry of an axis"));
    }
    let mut x = call.floats(0)?;
    let shape = call.shape(x);
    let scale = call.floats(1)?;
    let many = call.shape(scale).iter().product::<usize>() != 1;
    let along = if many { Some(call.axis(call.attributes.int("axis", 1), shape.len())?) } else { None };
    let laid = |call: &mut Call<'_>, id: ValueId| {
        let mut to = vec![1; shape.len()];
        if let Some(axis) = along {
            to[axis] = shape[axis];
        }
        call.b.reshape(id, &to)
    };
    if let Some(zero) = call.optional(2) {
        let zero = call.b.cast(zero, Dtype::F32)?;
        let zero = laid(call, zero)?;
        x = call.b.sub(x, zero)?;
    }
    let scale = laid(call, scale)?;
    Ok(vec![call.b.mul(x, scale)?])
}
