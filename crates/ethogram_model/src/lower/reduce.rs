//! Sums, means and the like over axes.

use super::{Call, Lower};
use crate::error::Result;
use crate::graph::{Binary, Compare, Reduce, Unary, ValueId};
use crate::tensor::{Dtype, Tensor};

pub const OPERATORS: &[(&str, Lower)] = &[
    ("ReduceSum", |call| plain(call, Reduce::Sum)),
    ("ReduceMean", |call| plain(call, Reduce::Mean)),
    ("ReduceMax", |call| plain(call, Reduce::Max)),
    ("ReduceMin", |call| plain(call, Reduce::Min)),
    ("ReduceProd", |call| plain(call, Reduce::Prod)),
    ("ReduceL1", |call| sum_of(call, size)),
    ("ReduceL2", |call| of_floats(call, length)),
    ("ReduceSumSquare", |call| sum_of(call, |call, x| call.b.mul(x, x))),
    ("ReduceLogSum", |call| of_floats(call, log_sum)),
    ("ReduceLogSumExp", |call| of_floats(call, log_sum_exp)),
    ("ArgMax", |call| arg_extreme(call, false)),
    ("ArgMin", |call| arg_extreme(call, true)),
];

/// Longest axis whose product is written factor by factor; that of a longer one has no derivative.
const FACTORS_MAX: usize = 64;

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

    /// `√x` of a sum of squares, whose slope at 0 is 0, as torch has it for lengths.
    pub(super) fn root(&mut self, x: ValueId) -> Result<ValueId> {
        let (zero, one) = (self.b.scalar(0.0)?, self.b.scalar(1.0)?);
        let none = self.b.compare(Compare::Equal, x, zero)?;
        let some = self.b.select(none, one, x)?;
        let root = self.b.unary(Unary::Sqrt, some)?;
        self.b.select(none, zero, root)
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
    // Of conditions, the largest is whether any holds, and the smallest whether all do.
    let dtype = call.b.dtype(x);
    let extreme = matches!(reduce, Reduce::Max | Reduce::Min);
    let x = if dtype == Dtype::Bool && extreme { call.b.cast(x, Dtype::I64)? } else { x };
    let short = axes.iter().all(|&axis| (1..=FACTORS_MAX).contains(&call.b.shape(x)[axis]));
    let y = if reduce == Reduce::Prod && dtype == Dtype::F32 && short {
        product(call, x, &axes)?
    } else {
        call.b.reduce(reduce, x, &axes)?
    };
    let y = call.b.cast(y, dtype)?;
    Ok(vec![call.kept(y, &axes)?])
}

/// Factor by factor, so that the derivative is right where some of them are 0.
fn product(call: &mut Call<'_>, x: ValueId, axes: &[usize]) -> Result<ValueId> {
    let mut y = x;
    for &axis in axes {
        let mut all = call.b.slice_axis(y, axis, 0, 1)?;
        for at in 1..call.b.shape(y)[axis] {
            let factor = call.b.slice_axis(y, axis, at, 1)?;
            all = call.b.mul(all, factor)?;
        }
        y = all;
    }
    Ok(y)
}

/// Sums of sizes or squares. Integers stay integers.
fn sum_of(call: &mut Call<'_>, each: fn(&mut Call<'_>, ValueId) -> Result<ValueId>) -> Result<Vec<ValueId>> {
    let x = call.input(0)?;
    let axes = call.reduced(x)?.unwrap_or_default();
    let inner = each(call, x)?;
    let y = call.b.reduce(Reduce::Sum, inner, &axes)?;
    Ok(vec![call.kept(y, &axes)?])
}

fn size(call: &mut Call<'_>, x: ValueId) -> Result<ValueId> {
    if call.b.dtype(x) == Dtype::F32 {
        return call.b.unary(Unary::Abs, x);
    }
    let zero = call.b.constant(Tensor::i64(&[], vec![0])?)?;
    let negative = call.b.sub(zero, x)?;
    call.b.binary(Binary::Max, x, negative)
}

/// Functions of floats; of integers, the result is cut toward zero.
fn of_floats(
    call: &mut Call<'_>,
    function: fn(&mut Call<'_>, ValueId, &[usize]) -> Result<ValueId>,
) -> Result<Vec<ValueId>> {
    let given = call.input(0)?;
    let dtype = call.b.dtype(given);
    let x = call.floats(0)?;
    let axes = call.reduced(x)?.unwrap_or_default();
    let y = function(call, x, &axes)?;
    let y = call.b.cast(y, dtype)?;
    Ok(vec![call.kept(y, &axes)?])
}

fn length(call: &mut Call<'_>, x: ValueId, axes: &[usize]) -> Result<ValueId> {
    let square = call.b.mul(x, x)?;
    let sum = call.b.reduce(Reduce::Sum, square, axes)?;
    call.root(sum)
}

fn log_sum(call: &mut Call<'_>, x: ValueId, axes: &[usize]) -> Result<ValueId> {
    let sum = call.b.reduce(Reduce::Sum, x, axes)?;
    call.b.unary(Unary::Log, sum)
}

/// The largest is taken off first.
fn log_sum_exp(call: &mut Call<'_>, x: ValueId, axes: &[usize]) -> Result<ValueId> {
    let most = call.b.reduce(Reduce::Max, x, axes)?;
    let shifted = call.b.sub(x, most)?;
    let exp = call.b.unary(Unary::Exp, shifted)?;
    let sum = call.b.reduce(Reduce::Sum, exp, axes)?;
    let log = call.b.unary(Unary::Log, sum)?;
    call.b.add(log, most)
}

fn arg_extreme(call: &mut Call<'_>, smallest: bool) -> Result<Vec<ValueId>> {
    let x = call.floats(0)?;
    let x = if smallest { call.b.unary(Unary::Neg, x)? } else { x };
    let shape = call.shape(x);
    let axis = call.axis(call.attributes.int("axis", 0), shape.len())?;
    let y = if call.attributes.int("select_last_index", 0) == 0 || shape[axis] == 0 {
        call.b.arg_max(x, axis)?
    } else {
        // The first from the other end.
        let (mut starts, mut steps) = (vec![0; shape.len()], vec![1; shape.len()]);
        (starts[axis], steps[axis]) = (shape[axis] - 1, -1);
        let turned = call.b.slice(x, &starts, &steps, &shape)?;
        let from_end = call.b.arg_max(turned, axis)?;
        let last = call.b.constant(Tensor::i64(&[], vec![shape[axis] as i64 - 1])?)?;
        call.b.sub(last, from_end)?
    };
    Ok(vec![call.kept(y, &[axis])?])
}
