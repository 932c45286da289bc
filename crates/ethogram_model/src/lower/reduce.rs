//! Sums, means and the like over axes.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Reduce, Unary, ValueId};
use crate::tensor::Dtype;

pub const OPERATORS: &[(&str, Lower)] = &[
    ("ReduceSum", |call| plain(call, Reduce::Sum)),
    ("ReduceMean", |call| plain(call, Reduce::Mean)),
    ("ReduceMax", |call| plain(call, Reduce::Max)),
    ("ReduceMin", |call| plain(call, Reduce::Min)),
    ("ReduceProd", |call| plain(call, Reduce::Prod)),
    ("ReduceL1", |call| composed(call, |call, x| call.b.unary(Unary::Abs, x), None)),
    ("ReduceL2", |call| composed(call, |call, x| call.b.mul(x, x), Some(Unary::Sqrt))),
    ("ReduceSumSquare", |call| composed(call, |call, x| call.b.mul(x, x), None)),
    ("ReduceLogSum", |call| composed(call, |_, x| Ok(x), Some(Unary::Log))),
    ("ReduceLogSumExp", log_sum_exp),
    ("ArgMax", arg_max),
];

impl Call<'_> {
    /// The axes to reduce, and whether they stay; `None` when nothing is to be done.
    fn reduced(&self, x: ValueId) -> Result<Option<Vec<usize>>> {
        let rank = self.shape(x).len();
        let named = match self.attributes.ints("axes") {
            Some(axes) => Some(axes.to_vec()),
            None => self.integers(1)?,
        };
        match named {
            Some(axes) if !axes.is_empty() => Ok(Some(self.axes(&axes, rank)?)),
            _ if self.attributes.int("noop_with_empty_axes", 0) != 0 => Ok(None),
            _ => Ok(Some((0..rank).collect())),
        }
    }

    /// Takes reduced axes away unless they are to stay.
    fn kept(&mut self, y: ValueId, axes: &[usize]) -> Result<ValueId> {
        if self.attributes.int("keepdims", 1) != 0 {
            return Ok(y);
        }
        let shape = self.shape(y);
        let shape: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).collect();
        self.b.reshape(y, &shape)
    }
}

fn plain(call: &mut Call<'_>, reduce: Reduce) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let Some(axes) = call.reduced(x)? else { return Ok(vec![x]) };
    let y = call.b.reduce(reduce, x, &axes)?;
    Ok(vec![call.kept(y, &axes)?])
}

fn composed(
    call: &mut Call<'_>,
    before: fn(&mut Call<'_>, ValueId) -> Result<ValueId>,
    after: Option<Unary>,
) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let axes = call.reduced(x)?.unwrap_or_default();
    let inner = before(call, x)?;
    let mut y = call.b.reduce(Reduce::Sum, inner, &axes)?;
    if let Some(after) = after {
        y = call.b.unary(after, y)?;
    }
    Ok(vec![call.kept(y, &axes)?])
}

fn log_sum_exp(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let Some(axes) = call.reduced(x)? else { return Ok(vec![x]) };
    let most = call.b.reduce(Reduce::Max, x, &axes)?;
    let shifted = call.b.sub(x, most)?;
    let exp = call.b.unary(Unary::Exp, shifted)?;
    let sum = call.b.reduce(Reduce::Sum, exp, &axes)?;
    let log = call.b.unary(Unary::Log, sum)?;
    let y = call.b.add(log, most)?;
    Ok(vec![call.kept(y, &axes)?])
}

fn arg_max(call: &mut Call<'_>) -> Result<Vec<ValueId>> {
    if call.attributes.int("select_last_index", 0) != 0 {
        return Err(call.b.wrong("select_last_index is not supported"));
    }
    let x = call.floats(0)?;
    let axis = call.axis(call.attributes.int("axis", 0), call.shape(x).len())?;
    let y = call.b.arg_max(x, axis)?;
    debug_assert_eq!(call.b.dtype(y), Dtype::I64);
    Ok(vec![call.kept(y, &[axis])?])
}
